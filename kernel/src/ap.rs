//! Starting the application processors: the other CPUs.

use core::mem::offset_of;
use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Relaxed, Release},
};

use crate::arch::apic;
use crate::arch::paging::{self, OutOfFrames};
use crate::arch::smp::Patience;
use crate::arch::smp::cpus;
use crate::arch::{cpu, percpu, smp, traps};
use crate::context;
use crate::frames::{self, LowFrame};
use crate::layout;
use crate::mm::stacks;
use crate::param::{AP_LAST_PATIENCE_CYCLES, AP_PATIENCE_CYCLES, MAX_CPUS};
use crate::task::spawn::IdleStack;

/// What the trampoline loads, in the last 64 bytes of its page (`boot/ap.s`).
#[repr(C)]
struct Handoff {
    page_tables: AtomicU64,
    stack: AtomicU64,
    entry: AtomicU64,
    cpu: AtomicU64,
    page: AtomicU64,
    /// Not 0 once a CPU goes on with this, which says so before it uses anything of it, or [`start`] has
    /// given it up.
    taken: AtomicU32,
    unused: [AtomicU32; 5],
}

const _: () = assert!(size_of::<Handoff>() == 64, "ap.s finds it 64 bytes before the end of its page");
const _: () = assert!(offset_of!(Handoff, cpu) == 24, "HANDOFF_CPU of ap.s");
const _: () = assert!(offset_of!(Handoff, page) == 32, "HANDOFF_BASE of ap.s");
const _: () = assert!(offset_of!(Handoff, taken) == 40, "HANDOFF_TAKEN of ap.s");

/// Starts the CPUs with these APIC ids, one after the other, each on the stack that `stack_of` gives for its
/// number, in `entry` with its number. `silent` hears of each that does not report itself within
/// [`AP_PATIENCE_CYCLES`]. `mute` names one that is not sent its start-up, so that the wait can be seen.
pub fn start(
    apic_ids: &[u32],
    mute: Option<u32>,
    stack_of: impl Fn(u32) -> Result<IdleStack, OutOfFrames>,
    entry: extern "C" fn(u32) -> !,
    mut silent: impl FnMut(u32),
) -> Result<(), OutOfFrames> {
    let Some(page) = frames::low_frame() else {
        apic_ids.iter().for_each(|&apic_id| silent(apic_id));
        return Ok(());
    };
    paging::map_trampoline(&page)?;
    copy_trampoline(&page);
    let handoff = handoff(&page);
    let mut prepared = (0, 0);
    for (index, &apic_id) in apic_ids.iter().enumerate() {
        let number = cpus();
        if number as usize == MAX_CPUS {
            break;
        }
        // A CPU that was given up has not used the stack that it would have had: the next one gets its number
        // and that.
        if prepared.0 != number {
            prepared = (number, stack_of(number)?.top());
        }
        handoff.offer(&page, prepared.1, entry, number);
        let muted = !apic::reaches(apic_id) || mute == Some(index as u32 + 1);
        if !wake_up(apic_id, &page, number, muted, handoff) {
            silent(apic_id);
        }
    }
    paging::unmap_trampoline(&page);
    Ok(())
}

/// INIT, start-up, start-up (SDM vol. 3A, 9.4.4.1), then a bounded wait. The 10 ms after INIT are for CPUs
/// before the P6 family, which could not run 64-bit code.
fn wake_up(apic_id: u32, page: &LowFrame, number: u32, muted: bool, handoff: &Handoff) -> bool {
    // SAFETY: the trampoline is in the page, and its hand-off offers this CPU a stack of its own.
    let start_up = || unsafe { smp::start_up(apic_id, page) };
    if !muted {
        smp::reset(apic_id);
        start_up();
    }
    if comes(number, AP_PATIENCE_CYCLES / 20) {
        return true;
    }
    if !muted {
        start_up();
    }
    if comes(number, AP_PATIENCE_CYCLES) {
        return true;
    }
    if handoff.withdraw() {
        smp::reset(apic_id);
        return false;
    }
    // One that has taken the offer is about to report itself, however slow its host is.
    assert!(comes(number, AP_LAST_PATIENCE_CYCLES), "CPU {number} began and did not arrive");
    true
}

/// Waits until CPU `number` runs, but for no longer than `cycles`.
fn comes(number: u32, cycles: u64) -> bool {
    let mut patience = Patience::new(cycles);
    while cpus() <= number {
        if patience.is_over() {
            return false;
        }
    }
    true
}

/// The first thing a started CPU does in `entry`: its tables, its APIC, and its report.
///
/// # Safety
/// Called once on each started CPU, with its number.
pub unsafe fn arrive(number: u32) {
    cpu::enable_features();
    let double_fault = stacks::fault_stack().expect("reserved before the CPU was started");
    let nmi = stacks::fault_stack().expect("reserved before the CPU was started");
    // SAFETY: the caller calls this once per CPU.
    unsafe { percpu::install(number, context::IDLE, double_fault, nmi) };
    traps::load();
    apic::enable();
    smp::report(number);
}

fn copy_trampoline(page: &LowFrame) {
    let code = layout::trampoline();
    let from = core::ptr::with_exposed_provenance::<u8>(code.start as usize);
    let to = frames::pointer::<u8>(page.address());
    // SAFETY: the trampoline lies in rodata; the page is a free frame of ours; `ap.s` is far shorter than a
    // page.
    unsafe { core::ptr::copy_nonoverlapping(from, to, (code.end - code.start) as usize) };
}

/// The hand-off in the trampoline's page. It stays for ever: a CPU that comes late, after all, sees there
/// that no CPU waits for it.
fn handoff(page: &LowFrame) -> &'static Handoff {
    let handoff = frames::pointer::<Handoff>(page.address() + 4096 - size_of::<Handoff>() as u64);
    // SAFETY: the end of a frame that is used for nothing else, aligned to 64, mapped for ever; atomics may
    // hold any bits, and the CPUs that use it on their way (`ap.s`) are no exception to their rules.
    unsafe { &*handoff }
}

impl Handoff {
    /// Offers `stack` and `number` to the next CPU that comes. It is called while the last offer is taken.
    fn offer(&self, page: &LowFrame, stack: u64, entry: extern "C" fn(u32) -> !, number: u32) {
        self.page_tables.store(paging::root(), Relaxed);
        self.stack.store(stack, Relaxed);
        self.entry.store(entry as usize as u64, Relaxed);
        self.cpu.store(number.into(), Relaxed);
        self.page.store(page.address(), Relaxed);
        // Pairs with the XCHG of `ap.s`: the CPU that takes the offer finds all of it.
        self.taken.store(0, Release);
    }

    /// Takes the offer back. False if a CPU took it before.
    fn withdraw(&self) -> bool {
        self.taken.swap(1, Relaxed) == 0
    }
}
