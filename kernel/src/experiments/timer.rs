//! R8: an object is freed while the handler of its timer runs.

use core::ptr::NonNull;
use core::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::event::{Events, Op, Site};
use kcore::experiment::Refusal;
use kcore::experiment::stage::Told;
use kcore::machine::{Cpu, Kind, Memory};
use kcore::settings::Form;
use kcore::shared::probe;

use crate::arch::smp;
use crate::irq::{Timer, under_way};
use crate::machine::Kernel;
use crate::observe::{explorer, participant};

use super::Stage;

/// The timer has expired, and its handler has begun: point `expired`.
static EXPIRED: Site = Site::new("expired");
/// The owner of the timer has deleted it: point `deleted`.
static DELETED: Site = Site::new("deleted");

/// An object.
static OBJECT: Site = Site::new("object");

/// Bytes of an object.
const SIZE: usize = 256;
/// What the handler writes into it: no poison.
const VISITED: u64 = 1;

static TIMER: Timer = Timer::new(expire);
/// The handler has begun.
static BEGUN: AtomicBool = AtomicBool::new(false);
/// The handler need not wait any more.
static GO_ON: AtomicBool = AtomicBool::new(false);
/// The handler has ended.
static ENDED: AtomicBool = AtomicBool::new(false);

/// One round: the first task owns `quanta` objects, one after the other. (The others own nothing: there is
/// one timer.)
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    // The clock of the timer's CPU: if the timer is armed, it expires.
    participant::interrupt_by(|| _ = TIMER.is_pending());
    stage.heap_round(&|who, told| {
        if who == 0 {
            (0..resolved.quanta).for_each(|_| live_and_die(resolved.lock, told));
        }
    })
}

/// The life of an object. The timer is armed on the second CPU, if there is one, for now.
fn live_and_die(lock: Form, told: &Told) {
    let Ok(object) = Kernel::allocate(Kind::Quantum, SIZE) else { return told.refused() };
    [&BEGUN, &GO_ON, &ENDED].into_iter().for_each(|flag| flag.store(false, Relaxed));
    TIMER.add_on(1 % smp::cpus(), Kernel::cycles(), object.expose_provenance().get());
    wait_for(&BEGUN);
    probe::<Kernel>(&EXPIRED);
    match lock {
        Form::Synchronous => {
            GO_ON.store(true, Release);
            TIMER.delete_sync();
            probe::<Kernel>(&DELETED);
            free(object);
        }
        _ => {
            TIMER.delete();
            probe::<Kernel>(&DELETED);
            free(object);
            GO_ON.store(true, Release);
        }
    }
    wait_for(&ENDED);
}

fn free(object: NonNull<u8>) {
    // SAFETY: there is no reference into the object, and it was not freed before. The handler may keep a
    // pointer to it: it stays mapped, in quarantine, until the round is over, and the handler has ended
    // before.
    let freed = unsafe { Kernel::free(object) };
    debug_assert!(freed.is_ok(), "a live block was refused");
}

/// Where all orders are made, none is waited for.
fn wait_for(flag: &AtomicBool) {
    while !explorer::is_open() && !flag.load(Acquire) {
        Kernel::spinning();
        Kernel::relax();
    }
}

/// The timer's handler. It takes its time: until the owner has done what it does without waiting for the
/// handler. On top of the owner it cannot.
fn expire(object: usize) {
    BEGUN.store(true, Release);
    if smp::cpus() > 1 {
        wait_for(&GO_ON);
    }
    under_way::touches(&OBJECT, Op::Put(VISITED as usize), object, size_of_val(&VISITED));
    let visits = core::ptr::with_exposed_provenance_mut::<u64>(object);
    // SAFETY: the block is aligned to 16 and mapped until the round is over, after the end of this handler,
    // and all of its bytes are accessed atomically, by the heap too.
    unsafe { AtomicU64::from_ptr(visits) }.store(VISITED, Relaxed);
    ENDED.store(true, Release);
}
