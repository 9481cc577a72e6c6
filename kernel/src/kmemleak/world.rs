//! The world stands still: every other CPU waits in an interrupt handler, with all its registers saved.
//!
//! ```text
//! CPU 0: stop                              CPU 1
//!   SCANNER = 1, send the interrupt          pushes its registers, FRAME = where they are
//!   all have a FRAME: search                 ... halts ...
//!   SCANNER = 0, wake them                   FRAME = 0, goes on
//! ```
//!
//! A CPU with interrupts on takes an ordinary one, and halts in its handler: the host's cores are left to the
//! search. The interrupts of the scheduler still come there; their handlers move numbers of tasks, and no
//! address of the heap. A CPU with interrupts off is sent a non-maskable one, which comes all the same; it
//! spins, since nothing could wake it.

use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::arch::smp::Patience;
use crate::arch::traps::TrapFrame;
use crate::arch::{cpu, percpu, smp};
use crate::param::MAX_CPUS;
use crate::{context, task};

/// How long a CPU may take to stop: its host's thread may have to wait for a core.
const PATIENCE_CYCLES: u64 = 6_000_000_000;
/// How long it may take to an ordinary interrupt.
const POLITE_CYCLES: u64 = 4_000_000;

/// The number of the CPU for which the others stand still, and one; 0 when they run.
static SCANNER: AtomicU32 = AtomicU32::new(0);

struct Place {
    /// Where the registers of a CPU that stands still are; 0 while it runs.
    frame: AtomicU64,
    /// Whether it was doing nothing: the idle loop has no address of the heap, only what handlers have left
    /// in registers.
    idle: AtomicBool,
    /// Whether it is in the handler of the ordinary interrupt, which does not count as doing something.
    halts: AtomicBool,
}

static PLACES: [Place; MAX_CPUS] = [const {
    Place { frame: AtomicU64::new(0), idle: AtomicBool::new(false), halts: AtomicBool::new(false) }
}; MAX_CPUS];

/// A CPU that did not stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent(pub u32);

/// Proof that no other CPU runs.
#[derive(Debug)]
pub struct Still {
    this: u32,
}

/// Stops the other CPUs, calls `f`, and lets them go on.
///
/// The caller has interrupts off and holds a lock that every caller of this takes (the heap's): what that
/// lock guards is then whole, wherever the others were stopped. `f` takes no other lock, for another CPU may
/// hold it.
pub fn stop<R>(f: impl FnOnce(&Still) -> R) -> Result<R, Silent> {
    assert!(!cpu::irq_are_on(), "whoever stops the world keeps its CPU");
    let still = Still { this: percpu::this_cpu() };
    let (mut polite, mut patience) = (Patience::new(POLITE_CYCLES), Patience::new(PATIENCE_CYCLES));
    // Those that have not yet noticed that the last stop is over.
    if let Some(silent) = still.others().find(|&number| !becomes(number, false, &mut patience)) {
        return Err(Silent(silent));
    }
    SCANNER.store(still.this + 1, Release);
    still.others().for_each(smp::ask_to_stand);
    for number in still.others().filter(|&number| !becomes(number, true, &mut polite)) {
        smp::interrupt_unmasked(number);
    }
    let silent = still.others().find(|&number| !becomes(number, true, &mut patience));
    let result = match silent {
        None => Ok(f(&still)),
        Some(number) => Err(Silent(number)),
    };
    SCANNER.store(0, Release);
    still.others().for_each(smp::kick);
    result
}

/// Waits until CPU `number` `stands` still, or does so no more. False if that is not in time.
fn becomes(number: u32, stands: bool, patience: &mut Patience) -> bool {
    // Pairs with the Releases in `stand`: what the CPU did before is visible to the caller.
    while (PLACES[number as usize].frame.load(Acquire) != 0) != stands {
        if patience.is_over() {
            return false;
        }
    }
    true
}

impl Still {
    fn others(&self) -> impl Iterator<Item = u32> + use<> {
        let this = self.this;
        (0..smp::cpus()).filter(move |&number| number != this)
    }

    /// The registers of each of the other CPUs that was doing something.
    pub fn frames(&self) -> impl Iterator<Item = &TrapFrame> {
        self.others().filter(|&number| !PLACES[number as usize].idle.load(Relaxed)).map(|number| {
            let frame = PLACES[number as usize].frame.load(Relaxed);
            // SAFETY: the CPU has put the address of its handler's argument there, and does not return from
            // the handler before the world moves again, which it does when `self` is gone.
            unsafe { &*core::ptr::with_exposed_provenance::<TrapFrame>(frame as usize) }
        })
    }
}

/// Whether another CPU wants this CPU to stand still.
fn is_wanted(this: u32) -> bool {
    let scanner = SCANNER.load(Acquire);
    scanner != 0 && scanner != this + 1
}

/// Stands still for as long as the scanner wants that; `wait` is called again and again. `handlers` are under
/// way if no other one was interrupted.
fn stand_still(frame: &TrapFrame, handlers: u32, wait: impl Fn()) {
    let this = percpu::this_cpu();
    let Place { frame: place, idle, .. } = &PLACES[this as usize];
    // One that stands still already is in two handlers at once: the inner one has nothing to do.
    if place.load(Relaxed) != 0 || !is_wanted(this) {
        return;
    }
    idle.store(runs_idle_loop(this, frame) && context::handlers() == handlers, Relaxed);
    // Pairs with the Acquire in `becomes`.
    place.store(core::ptr::from_ref(frame).expose_provenance() as u64, Release);
    while is_wanted(this) {
        wait();
    }
    place.store(0, Release);
}

/// Whether this CPU, interrupted at `frame`, is on the stack of its idle task. Which task it says it runs is
/// not asked: in the middle of a switch the next one does already, and the stack is that of the task that
/// leaves.
fn runs_idle_loop(this: u32, frame: &TrapFrame) -> bool {
    let idle = task::table::find(task::queue::idle_of(this));
    idle.is_some_and(|idle| idle.has_on_its_stack(frame.rsp))
}

/// The handler of the ordinary interrupt: halts. Interrupts are off but while it halts.
pub(crate) fn halt(frame: &TrapFrame) {
    let halts = &PLACES[percpu::this_cpu() as usize].halts;
    halts.store(true, Relaxed);
    stand_still(frame, 1, || {
        // The CPU that ends the stop sends an interrupt afterwards, which ends the halt also when it comes
        // before.
        cpu::irq_on_and_halt();
        cpu::irq_save();
    });
    halts.store(false, Relaxed);
}

/// The CPU is at the instruction of `frame`, where a case keeps it, and no handler is under way: it stands
/// still there while the scanner wants that.
pub(crate) fn stand_at(frame: &TrapFrame) {
    stand_still(frame, 0, cpu::pause);
}

/// A non-maskable interrupt: spins, if it came for that.
pub(crate) fn stand(frame: &TrapFrame) {
    let halts = &PLACES[percpu::this_cpu() as usize].halts;
    stand_still(frame, u32::from(halts.load(Relaxed)), cpu::pause);
}
