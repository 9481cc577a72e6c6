//! Specimens: what a spinlock compiles to, under names by which a disassembler finds it.
//!
//! In a kernel for one CPU no locked instruction may remain in them, and nothing of the lock but its value:
//! the tests of the workspace look at the instructions, the assertion below at the size.

use crate::machine::SpinLock;

const _: () =
    assert!(cfg!(feature = "smp") || size_of::<SpinLock<()>>() == 0, "a lock for one CPU has no word");

/// `spin_lock`, a change of the value, `spin_unlock`.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn specimen_lock(lock: &SpinLock<u64>) -> u64 {
    let mut value = lock.lock();
    *value += 1;
    *value
}

/// `spin_lock_bh`, a change of the value, `spin_unlock_bh`.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn specimen_lock_bh(lock: &SpinLock<u64>) -> u64 {
    let mut value = lock.lock_bh();
    *value += 1;
    *value
}

/// `spin_lock_irqsave`, a change of the value, `spin_unlock_irqrestore`.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn specimen_lock_irqsave(lock: &SpinLock<u64>) -> u64 {
    let mut value = lock.lock_irqsave();
    *value += 1;
    *value
}

/// The linker leaves out what no code calls; `boot/kernel.ld` keeps this section and so the functions.
#[used]
#[unsafe(link_section = ".specimens")]
static SPECIMENS: [extern "C" fn(&SpinLock<u64>) -> u64; 3] =
    [specimen_lock, specimen_lock_bh, specimen_lock_irqsave];
