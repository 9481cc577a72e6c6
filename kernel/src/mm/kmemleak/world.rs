//! The world stands still: every other CPU waits in the handler of a non-maskable interrupt, which comes also where
//! interrupts are off, with all its registers saved.
//!
//! ```text
//! CPU 0: stop                              CPU 1
//!   SCANNER = 1, send the interrupt          pushes its registers, FRAME = where they are
//!   all have a FRAME: search                 ... PAUSE ...
//!   SCANNER = 0                              FRAME = 0, goes on
//! ```

use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::arch::traps::TrapFrame;
use crate::arch::{cpu, percpu, smp};
use crate::param::MAX_CPUS;

/// How long a CPU may take to stop: its host's thread may have to wait for a core.
const PATIENCE_CYCLES: u64 = 6_000_000_000;

/// The number of the CPU for which the others stand still, and one; 0 when they run.
static SCANNER: AtomicU32 = AtomicU32::new(0);

struct Place {
    /// Where the registers of a CPU that stands still are; 0 while it runs.
    frame: AtomicU64,
    /// Interrupts that were sent, less those that came: one may come when the world moves again already.
    sent: AtomicU32,
}

static PLACES: [Place; MAX_CPUS] =
    [const { Place { frame: AtomicU64::new(0), sent: AtomicU32::new(0) } }; MAX_CPUS];

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
/// The caller has interrupts off and holds a lock that everybody takes who calls this (the heap's): what that lock guards
/// is then whole, wherever the others were stopped. `f` takes no other lock, for another CPU may hold it.
pub fn stop<R>(f: impl FnOnce(&Still) -> R) -> Result<R, Silent> {
    assert!(!cpu::irq_are_on(), "whoever stops the world keeps its CPU");
    let still = Still { this: percpu::this_cpu() };
    let began = cpu::cycles();
    let in_time = || cpu::cycles() - began < PATIENCE_CYCLES;
    // Those that have not yet noticed that the last stop is over.
    if let Some(silent) = still.others().find(|number| !becomes(*number, |frame| frame == 0, &in_time)) {
        return Err(Silent(silent));
    }
    SCANNER.store(still.this + 1, Release);
    for number in still.others() {
        PLACES[number as usize].sent.fetch_add(1, Relaxed);
        smp::interrupt_unmasked(number);
    }
    let silent = still.others().find(|number| !becomes(*number, |frame| frame != 0, &in_time));
    let result = match silent {
        None => Ok(f(&still)),
        Some(number) => Err(Silent(number)),
    };
    SCANNER.store(0, Release);
    result
}

/// Waits until the frame of CPU `number` is as `wanted`. False if it does not become so in time.
fn becomes(number: u32, wanted: impl Fn(u64) -> bool, in_time: &impl Fn() -> bool) -> bool {
    // Pairs with the Releases in `stand`: what the CPU did before is visible to the caller.
    while !wanted(PLACES[number as usize].frame.load(Acquire)) {
        if !in_time() {
            return false;
        }
        cpu::pause();
    }
    true
}

impl Still {
    fn others(&self) -> impl Iterator<Item = u32> + use<> {
        let this = self.this;
        (0..smp::cpus()).filter(move |&number| number != this)
    }

    /// The registers of each of the other CPUs.
    pub fn frames(&self) -> impl Iterator<Item = &TrapFrame> {
        self.others().map(|number| {
            let frame = PLACES[number as usize].frame.load(Relaxed);
            // SAFETY: the CPU has put the address of its handler's argument there, and does not return from the handler
            // before the world moves again, which it does when `self` is gone.
            unsafe { &*core::ptr::with_exposed_provenance::<TrapFrame>(frame as usize) }
        })
    }
}

/// A non-maskable interrupt: stands still if somebody wants that. False if nobody has sent it.
pub(crate) fn stand(frame: &TrapFrame) -> bool {
    let this = percpu::this_cpu();
    let place = &PLACES[this as usize];
    let sent = place.sent.try_update(Relaxed, Relaxed, |sent| sent.checked_sub(1)).is_ok();
    let is_wanted = || !matches!(SCANNER.load(Acquire), 0) && SCANNER.load(Relaxed) != this + 1;
    if !is_wanted() {
        return sent;
    }
    // Pairs with the Acquire in `becomes`.
    place.frame.store(core::ptr::from_ref(frame).expose_provenance() as u64, Release);
    while is_wanted() {
        cpu::pause();
    }
    place.frame.store(0, Release);
    true
}
