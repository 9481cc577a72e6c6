//! Stacks, each with an unmapped guard below it.
//!
//! They come from one region that only grows; the stack of a task that has ended is kept for the next task.

use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Release},
};

use crate::arch::paging::{self, OutOfFrames};
use crate::arch::percpu;
use crate::layout;
use crate::machine::SpinLock;
use crate::mm::frames;
use crate::param::{FAULT_STACK, MAX_CPUS, MAX_TASKS, TASK_STACK};

const PAGE: u64 = 4096;

/// The end of the region in use; what is mapped below it stays mapped.
static END: AtomicU64 = AtomicU64::new(layout::STACKS);

/// Serialises growing, and with it all changes of page tables after boot (I2).
static GROW: SpinLock<()> = SpinLock::new(());

/// Tops of fault stacks that were mapped before their CPU was started.
static FAULT_STACKS: SpinLock<heapless::Vec<u64, { 2 * MAX_CPUS }>> = SpinLock::new(heapless::Vec::new());

/// Tops of stacks that tasks have left. There are never more than there are tasks.
static KEPT: SpinLock<heapless::Vec<u64, MAX_TASKS>> = SpinLock::new(heapless::Vec::new());

/// A stack for a task: one that another has left, or else a new one; returns its top.
pub fn task_stack() -> Result<u64, OutOfFrames> {
    let kept = KEPT.lock_irqsave().pop();
    kept.map_or_else(|| grow(TASK_STACK as u64), Ok)
}

/// Keeps a stack from [`task_stack`], which nobody uses any more, for the next task.
pub fn keep(top: u64) {
    KEPT.lock_irqsave().push(top).expect("no task has two stacks");
}

/// Gives the first CPU stacks of its own for double faults and NMIs.
pub fn init_first_cpu() -> Result<(), OutOfFrames> {
    percpu::set_fault_stacks(grow(FAULT_STACK as u64)?, grow(FAULT_STACK as u64)?);
    Ok(())
}

/// Maps two fault stacks for a CPU that is about to start.
pub fn reserve_fault_stacks() -> Result<(), OutOfFrames> {
    for _ in 0..2 {
        let top = grow(FAULT_STACK as u64)?;
        FAULT_STACKS.lock().push(top).map_err(|_| OutOfFrames)?;
    }
    Ok(())
}

/// One of the reserved fault stacks; returns its top.
pub fn fault_stack() -> Option<u64> {
    FAULT_STACKS.lock().pop()
}

/// Whether `size` bytes at `address` lie in the region of stacks, in a mapped page.
pub fn contains(address: u64, size: u64) -> bool {
    let region = layout::STACKS..END.load(Acquire);
    region.contains(&address) && region.contains(&(address + size - 1)) && paging::is_mapped(address)
}

/// Whether `address` lies in a guard: in the region of stacks or at the first CPU's stack, and not mapped.
pub fn is_guard(address: u64) -> bool {
    let boot = layout::bsp_stack();
    let in_region = (layout::STACKS..END.load(Acquire)).contains(&address);
    (boot.start..boot.start + PAGE).contains(&address) || in_region && !paging::is_mapped(address)
}

fn grow(size: u64) -> Result<u64, OutOfFrames> {
    let _grow = GROW.lock_irqsave();
    let bottom = END.load(Acquire) + PAGE;
    for page in (bottom..bottom + size).step_by(PAGE as usize) {
        let frame = frames::allocate().ok_or(OutOfFrames)?;
        paging::map_data(page, frame)?;
    }
    // Pairs with the Acquire in `contains`: a page below END is mapped or a guard.
    END.store(bottom + size, Release);
    Ok(bottom + size)
}
