//! Who listens, and where events arrive.

use core::sync::atomic::{AtomicU8, AtomicU16, Ordering::Relaxed};

use kcore::event::{Access, Event, Events, Kinds, Op, Outcome, TaskStep, Ticket, What};
use kcore::machine::Cpu;
use kcore::place::Place;

use super::{log, participant, run};
use crate::atomic_fn::AtomicFn;
use crate::machine::Kernel;
use crate::symbols::sites;
use crate::task;

bitflags::bitflags! {
    /// Who listens.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub(super) struct Listeners: u8 {
        /// A probe mode is active.
        const PROBE = 1;
        /// Stores are logged, with the locks they happen under.
        const TRACE = 2;
        /// The wait-for graph is kept.
        const WATCH = 4;
        /// It is kept what each task holds, and said when one sleeps with what it must not.
        const HELD = 8;
        /// An interrupt comes at certain points.
        const FIRE = 16;
        /// A plan orders all steps of tasks, and not only those at points.
        const STEPS = 32;
        /// A function of another room hears of what it wants.
        const EAR = 64;
        /// The accesses of drivers in C are held against what these have.
        const DRIVERS = 128;
    }
}

impl Listeners {
    /// What they want to hear of.
    fn wanted(self) -> Kinds {
        let of = |listener, kinds| if self.contains(listener) { kinds } else { Kinds::empty() };
        of(Listeners::PROBE, Kinds::POINTS_AND_LOCKS)
            | of(
                Listeners::TRACE,
                Kinds::STORES | Kinds::RUNS | Kinds::BLOCKS | Kinds::OUTCOMES | Kinds::LOCKS,
            )
            | of(Listeners::WATCH, Kinds::LOADS | Kinds::STORES | Kinds::LOCKS | Kinds::TASKS)
            | of(Listeners::HELD, Kinds::LOCKS | Kinds::TASKS)
            | of(Listeners::STEPS, Kinds::UNSTEERED | Kinds::UNITS | Kinds::RUNS | Kinds::BLOCKS)
            | of(Listeners::DRIVERS, Kinds::CHECKS)
            | of(Listeners::EAR, Kinds::from_bits_retain(HEARS.load(Relaxed)))
    }
}

/// Who listens: the bits of [`Listeners`].
static LISTENERS: AtomicU8 = AtomicU8::new(0);
/// What they want: the bits of [`Kinds`].
pub(crate) static WANTED: AtomicU16 = AtomicU16::new(0);

/// A function that is called with each event of the kinds in `HEARS`: also in handlers, and of the
/// scheduler's steps with a run queue locked.
static EAR: AtomicFn<fn(&Event)> = AtomicFn::none();
static HEARS: AtomicU16 = AtomicU16::new(0);

/// `ear` hears of all events of these kinds from now on.
pub fn hear(kinds: Kinds, ear: fn(&Event)) {
    EAR.set(ear);
    HEARS.store(kinds.bits(), Relaxed);
    listen(Listeners::all(), Listeners::EAR);
}

/// It hears of none any more.
pub fn hear_no_more() {
    listen(!Listeners::EAR, Listeners::empty());
    EAR.clear();
}

/// The accesses of drivers in C are held against what these have from now on, or no more.
pub fn check_drivers(on: bool) {
    listen(!Listeners::DRIVERS, if on { Listeners::DRIVERS } else { Listeners::empty() });
}

/// Whether one of `any` listens.
pub(super) fn listens(any: Listeners) -> bool {
    Listeners::from_bits_retain(LISTENERS.load(Relaxed)).intersects(any)
}

/// From now on those of `leave` listen who did so before, and those of `join`. One task at a time changes
/// that.
pub(super) fn listen(leave: Listeners, join: Listeners) {
    let listeners = Listeners::from_bits_retain(LISTENERS.load(Relaxed)).intersection(leave).union(join);
    LISTENERS.store(listeners.bits(), Relaxed);
    WANTED.store(listeners.wanted().bits(), Relaxed);
}

impl Events for Kernel {
    #[inline]
    fn wanted() -> Kinds {
        Kinds::from_bits_retain(WANTED.load(Relaxed))
    }

    /// A participant may wait here until the plan lets it go on.
    #[cold]
    fn tell(what: What, at: Place) -> Ticket {
        let at = sites::of_driver(at);
        if let Some(ear) = EAR.get() {
            ear(&Event { actor: participant::actor(), cpu: Kernel::cpu(), at, what });
        }
        match &what {
            What::Access(Access { op: Op::Clear, .. }) | What::Block(_) | What::Units(..) => {
                if listens(Listeners::STEPS) {
                    participant::point(&what, at);
                }
            }
            What::Access(_) => participant::point(&what, at),
            What::Lock(step, lock) => participant::lock(&what, *step, lock, at),
            What::Task(TaskStep::MaySleep) if run::is_watched() && run::is_of_run() => {
                participant::tell(&what, at, None);
            }
            What::Task(TaskStep::MaySleep) if listens(Listeners::HELD) => participant::may_sleep(&what, at),
            What::Task(_) | What::Irq(_) => {}
        }
        let is_traced = listens(Listeners::TRACE) && (!run::is_under_way() || run::is_of_run());
        if is_traced { log::note(&what, at) } else { Ticket::default() }
    }

    fn told(ticket: Ticket, outcome: Outcome) {
        log::finish(ticket, outcome);
    }

    #[inline]
    fn spinning() {
        task::doom::check();
        if listens(Listeners::EAR) {
            Self::tell(What::Task(TaskStep::Spins), Place::caller());
        }
    }
}
