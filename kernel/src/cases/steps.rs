//! A CPU that stops at a chosen instruction of the context switch: in single steps, so that the switch itself
//! knows nothing of it.
//!
//! ```text
//! case, CPU 0                      a task of CPU n
//!   choose(n, place)
//!                                    begin: this CPU was chosen, a debug exception after each instruction
//!                                    ... the running task has changed, and so many instructions later: AT = 1, waits
//!   stands()
//!   a search
//!   go_on: AT = 0                    goes on, at full speed
//! ```

use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::arch::traps::TrapFrame;
use crate::arch::{cpu, percpu};
use crate::kmemleak::world;
use crate::task;

/// Where a CPU stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// In the how-manieth switch: after so many changes of the running task.
    pub switch: u32,
    /// So many instructions after the one that has changed it.
    pub instruction: u32,
    /// Whether a search finds the CPU in its debug exception, by a non-maskable interrupt; else as if at the
    /// instruction.
    pub by_nmi: bool,
}

/// A CPU that has stopped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stood {
    /// The instruction that it is about to execute.
    pub at: u64,
    /// Whether the task on whose stack it is is the one that it says it runs.
    pub runs_owner: bool,
    /// Whether all registers are clear that a function may change, but for the two that have the arguments of
    /// the switch.
    pub is_clear: bool,
}

/// The CPU that is to step from its next [`begin`] on, and one; 0 for none.
static CHOSEN: AtomicU32 = AtomicU32::new(0);
/// Where it stops: what [`Place`] says.
static SWITCH: AtomicU32 = AtomicU32::new(0);
static INSTRUCTION: AtomicU32 = AtomicU32::new(0);
static BY_NMI: AtomicBool = AtomicBool::new(false);

/// The CPU that steps, and one. What follows is written by it alone.
static STEPS: AtomicU32 = AtomicU32::new(0);
/// The running task at the last step.
static TASK: AtomicU32 = AtomicU32::new(0);
/// How often that has changed.
static CHANGES: AtomicU32 = AtomicU32::new(0);
/// Steps since then.
static SINCE: AtomicU32 = AtomicU32::new(0);
/// Whether it stands on the stack of the task that it says it runs.
static RUNS_OWNER: AtomicBool = AtomicBool::new(false);
/// Whether the registers are clear there that a function may change.
static IS_CLEAR: AtomicBool = AtomicBool::new(false);
/// The instruction at which it stands; 0 while it stands at none.
static AT: AtomicU64 = AtomicU64::new(0);

/// CPU `cpu` is to stop at `place`.
pub(super) fn choose(cpu: u32, place: Place) {
    SWITCH.store(place.switch, Relaxed);
    INSTRUCTION.store(place.instruction, Relaxed);
    BY_NMI.store(place.by_nmi, Relaxed);
    // Pairs with the Acquire in `begin`.
    CHOSEN.store(cpu + 1, Release);
}

/// Waits until it does.
pub(super) fn stands() -> Stood {
    loop {
        // Pairs with the Release in `stand`.
        match AT.load(Acquire) {
            0 => task::yield_now(),
            at => {
                let (runs_owner, is_clear) = (RUNS_OWNER.load(Relaxed), IS_CLEAR.load(Relaxed));
                return Stood { at, runs_owner, is_clear };
            }
        }
    }
}

/// It goes on.
pub(super) fn go_on() {
    AT.store(0, Release);
}

/// The calling task is about to give its CPU away: the CPU begins to step, if it was chosen.
#[inline(always)]
pub(super) fn begin() {
    let this = percpu::this_cpu() + 1;
    if CHOSEN.load(Relaxed) == this && CHOSEN.swap(0, Acquire) == this {
        TASK.store(task::current().0, Relaxed);
        CHANGES.store(0, Relaxed);
        SINCE.store(0, Relaxed);
        STEPS.store(this, Relaxed);
        cpu::begin_single_steps();
    }
}

/// The debug exception of a single step. Takes no lock: the switch has some.
pub(crate) fn stepped(frame: &mut TrapFrame) {
    // One that is over may have been left in the flags of a task that lost its CPU.
    let steps = STEPS.load(Relaxed) == percpu::this_cpu() + 1;
    let stands = steps && is_there();
    frame.single_steps(steps && !stands);
    if stands {
        STEPS.store(0, Relaxed);
        stand(frame);
    }
}

/// Counts a step. Whether the CPU has come to where it stops, or past it.
fn is_there() -> bool {
    let task = task::current().0;
    if TASK.swap(task, Relaxed) != task {
        CHANGES.store(CHANGES.load(Relaxed) + 1, Relaxed);
        SINCE.store(0, Relaxed);
    } else {
        SINCE.store(SINCE.load(Relaxed) + 1, Relaxed);
    }
    let place = (CHANGES.load(Relaxed), SINCE.load(Relaxed));
    place >= (SWITCH.load(Relaxed), INSTRUCTION.load(Relaxed))
}

fn stand(frame: &TrapFrame) {
    RUNS_OWNER.store(task::table::owner_of(frame.rsp) == Some(task::current()), Relaxed);
    let TrapFrame { rax, rcx, rdx, r8, r9, r10, r11, .. } = frame;
    IS_CLEAR.store([rax, rcx, rdx, r8, r9, r10, r11].iter().all(|register| **register == 0), Relaxed);
    AT.store(frame.rip, Release);
    while AT.load(Acquire) != 0 {
        if !BY_NMI.load(Relaxed) {
            world::stand_at(frame);
        }
        cpu::pause();
    }
}
