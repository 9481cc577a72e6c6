//! Starting the other CPUs, and asking them to do something.

use core::sync::atomic::{
    AtomicU32, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::layout;
use crate::mm::{frames, stacks};
use crate::param::{AP_PATIENCE_CYCLES, MAX_CPUS};

use super::apic::{self, Ipi};
use super::paging::{self, OutOfFrames};
use super::traps::{self, vector};
use super::{cpu, percpu};

/// What the trampoline loads, in the last 64 bytes of its page (`boot/ap.s`).
#[repr(C)]
struct Handoff {
    page_tables: u64,
    stack: u64,
    entry: u64,
    cpu: u64,
    page: u64,
    unused: [u64; 3],
}

const _: () = assert!(size_of::<Handoff>() == 64, "ap.s finds it 64 bytes before the end of its page");
const _: () = assert!(core::mem::offset_of!(Handoff, cpu) == 24, "HANDOFF_CPU of ap.s");
const _: () = assert!(core::mem::offset_of!(Handoff, page) == 32, "HANDOFF_BASE of ap.s");

/// CPUs that run. They are numbered without gaps: one that does not answer gets no number.
static RUNNING: AtomicU32 = AtomicU32::new(1);

/// How many CPUs run.
pub fn cpus() -> u32 {
    RUNNING.load(Acquire)
}

/// Starts the CPUs with these APIC ids, one after the other, each on the stack that `stack_of` gives for its number, in
/// `entry` with its number. `silent` hears of each that does not report itself within [`AP_PATIENCE_CYCLES`].
/// `mute` names one that is not sent its start-up, so that the wait can be seen.
pub fn start(
    apic_ids: &[u32],
    mute: Option<u32>,
    stack_of: impl Fn(u32) -> Result<u64, OutOfFrames>,
    entry: extern "C" fn(u32) -> !,
    mut silent: impl FnMut(u32),
) -> Result<(), OutOfFrames> {
    let Some(page) = frames::low_frame() else {
        apic_ids.iter().for_each(|&apic_id| silent(apic_id));
        return Ok(());
    };
    paging::map_trampoline(page)?;
    copy_trampoline(page);
    for (index, &apic_id) in apic_ids.iter().enumerate() {
        let number = cpus();
        if number as usize == MAX_CPUS {
            break;
        }
        let stack = stack_of(number)?;
        write_handoff(
            page,
            Handoff {
                page_tables: paging::root(),
                stack,
                entry: entry as usize as u64,
                cpu: u64::from(number),
                page,
                unused: [0; 3],
            },
        );
        let muted = mute == Some(index as u32 + 1);
        if !wake_up(apic_id, page, number, muted) {
            // It may still come, late, with the number that the next one gets: reset it for good.
            apic::send(apic_id, Ipi::Init);
            silent(apic_id);
        }
    }
    paging::unmap_trampoline(page);
    Ok(())
}

/// INIT, start-up, start-up (SDM vol. 3A, 9.4.4.1), then a bounded wait. The 10 ms after INIT are for CPUs before the
/// P6 family, which could not run 64-bit code.
fn wake_up(apic_id: u32, page: u64, number: u32, muted: bool) -> bool {
    let start_up = Ipi::StartUp((page >> 12) as u8);
    if !muted {
        apic::send(apic_id, Ipi::Init);
        apic::send(apic_id, start_up);
    }
    let began = cpu::cycles();
    let mut second_sent = muted;
    loop {
        if cpus() > number {
            return true;
        }
        let waited = cpu::cycles() - began;
        if waited > AP_PATIENCE_CYCLES / 20 && !second_sent {
            apic::send(apic_id, start_up);
            second_sent = true;
        }
        if waited > AP_PATIENCE_CYCLES {
            return false;
        }
        cpu::pause();
    }
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
    unsafe { percpu::install(number, double_fault, nmi) };
    traps::load();
    apic::enable();
    // Pairs with the Acquire in `cpus`: whoever counts this CPU sees its APIC id.
    RUNNING.store(number + 1, Release);
}

fn copy_trampoline(page: u64) {
    let code = layout::trampoline();
    let from = core::ptr::with_exposed_provenance::<u8>(code.start as usize);
    let to = frames::pointer::<u8>(page);
    // SAFETY: the trampoline lies in rodata; the page is a free frame of ours; `ap.s` is far shorter than a page.
    unsafe { core::ptr::copy_nonoverlapping(from, to, (code.end - code.start) as usize) };
}

fn write_handoff(page: u64, handoff: Handoff) {
    let to = frames::pointer::<Handoff>(page + 4096 - size_of::<Handoff>() as u64);
    // SAFETY: the end of the trampoline's page; the CPU that reads it has not been started.
    unsafe { to.write_volatile(handoff) };
}

/// Wakes CPU `number` from `hlt`.
pub fn kick(number: u32) {
    apic::send(percpu::apic_id(number), Ipi::Fixed(vector::WAKE));
}

/// Stops every other CPU for ever, whatever it does: the end of the machine.
pub fn stop_others() {
    let this = percpu::this_cpu();
    for number in (0..cpus()).filter(|&number| number != this) {
        apic::send(percpu::apic_id(number), Ipi::Nmi);
    }
}

/// The function of the call under way, and how many CPUs have not answered.
static CALL: AtomicUsize = AtomicUsize::new(0);
static UNANSWERED: AtomicU32 = AtomicU32::new(0);

/// Calls `function` on every other CPU, in its interrupt handler, and waits until all have done it. One caller at a
/// time, with interrupts on.
pub fn call_others(function: fn()) {
    let this = percpu::this_cpu();
    CALL.store(function as usize, Relaxed);
    UNANSWERED.store(cpus() - 1, Release);
    for number in (0..cpus()).filter(|&number| number != this) {
        apic::send(percpu::apic_id(number), Ipi::Fixed(vector::CALL));
    }
    while UNANSWERED.load(Acquire) != 0 {
        cpu::pause();
    }
}

/// The answer to [`call_others`], in the handler of its interrupt.
pub(super) fn answer_call() {
    // SAFETY: `call_others` stored a `fn()` there before it sent the interrupt, and keeps it until all have answered.
    let function = unsafe { core::mem::transmute::<usize, fn()>(CALL.load(Relaxed)) };
    function();
    UNANSWERED.fetch_sub(1, Release);
}
