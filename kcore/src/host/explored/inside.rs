//! The primitives from within: their inner words are steps, and no lock is taken in one.

use core::sync::atomic::{AtomicUsize, Ordering};

use super::machine::{Explored, here, step_at};
use super::region::outside;
use super::world::NAMELESS;
use crate::event::{Access, Events, Kinds, Op, Outcome, Ticket, What};
use crate::explore::{Act, Object, Of};
use crate::machine::{AtomicFlag, Cpu, CpuId, Sched, Sleep, TaskId};
use crate::place::Place;
use crate::sync::{AtomicWord, INNER_WORD, LockedWord, Update};

/// The machine of the thread that explores, for primitives whose words are [`Told`].
#[derive(Clone, Copy, Debug)]
pub struct Inside;

/// The first name of what may happen to a task, and by how much these differ.
const EVENTS: u64 = NAMELESS + (1 << 41);
const EVENT: u64 = 8;

/// A word whose every use is a step: a flag, or a number.
#[derive(Debug)]
pub struct Told(AtomicUsize);

impl Told {
    #[track_caller]
    fn tell(&self, op: Op) {
        Explored::tell(What::Access(self.access(op)), Place::caller());
    }

    fn access(&self, op: Op) -> Access {
        Access { site: &INNER_WORD, op, address: self.address(), size: size_of::<usize>() }
    }

    fn address(&self) -> usize {
        core::ptr::from_ref(&self.0).expose_provenance()
    }

    #[track_caller]
    fn look(&self, order: Ordering) -> usize {
        self.tell(Op::Look);
        Explored::forwarded(self.address()).unwrap_or_else(|| self.0.load(order))
    }

    /// A plain store, whatever it orders; but for one that orders all.
    #[track_caller]
    fn put(&self, value: usize, order: Ordering) {
        if order == Ordering::SeqCst {
            self.tell(Op::Update);
        } else if Explored::buffers(&self.access(Op::Put(value)), Place::caller()) {
            return;
        } else {
            self.tell(Op::Put(value));
        }
        self.0.store(value, order);
    }
}

impl AtomicFlag for Told {
    fn new(set: bool) -> Self {
        Told(AtomicUsize::new(set.into()))
    }

    #[track_caller]
    fn swap(&self, set: bool, order: Ordering) -> bool {
        self.tell(Op::Update);
        self.0.swap(set.into(), order) != 0
    }

    #[track_caller]
    fn load(&self, order: Ordering) -> bool {
        self.look(order) != 0
    }

    #[track_caller]
    fn store(&self, set: bool, order: Ordering) {
        self.put(set.into(), order);
    }
}

impl AtomicWord for Told {
    fn new(value: usize) -> Self {
        Told(AtomicUsize::new(value))
    }

    #[track_caller]
    fn load(&self, order: Ordering) -> usize {
        self.look(order)
    }

    #[track_caller]
    fn store(&self, value: usize, order: Ordering) {
        self.put(value, order);
    }

    /// On x86 all but the full one are no instruction.
    #[track_caller]
    fn fence(order: Ordering) {
        if order == Ordering::SeqCst {
            Explored::drains(Place::caller());
        }
    }
}

impl LockedWord for Told {
    #[track_caller]
    fn change(&self, how: Update, operand: usize, order: Ordering) -> usize {
        self.tell(Op::Update);
        self.0.change(how, operand, order)
    }

    #[track_caller]
    fn replace(&self, old: usize, new: usize, order: Ordering) -> bool {
        self.tell(Op::Update);
        self.0.replace(old, new, order)
    }
}

impl Inside {
    /// Sends `task` a signal: what it sleeps in ends, if it may.
    #[track_caller]
    pub fn signal(task: TaskId) {
        happens(task, Of::Signal(task));
    }

    /// The deadline of what `task` waits for is past.
    #[track_caller]
    pub fn pass_deadline(task: TaskId) {
        happens(task, Of::Deadline(task));
    }
}

/// Whether it has happened to the running task.
#[track_caller]
fn has_happened(what: Of) -> bool {
    let object = object_of(what);
    step_at(object, EVENT, Act::Load, what, Place::caller());
    here(|world| world.happened.contains(&object))
}

/// It happens to a task, and wakes it.
#[track_caller]
fn happens(task: TaskId, what: Of) {
    let object = object_of(what);
    step_at(object, EVENT, Act::Update, what, Place::caller());
    outside(|| here(|world| world.happened.push(object)));
    Inside::wake(task);
}

/// What a signal or a deadline is called.
fn object_of(what: Of) -> Object {
    match what {
        Of::Signal(task) => Object(EVENTS + 2 * EVENT * u64::from(task.0)),
        Of::Deadline(task) => Object(EVENTS + 2 * EVENT * u64::from(task.0) + EVENT),
        _ => unreachable!("only these happen"),
    }
}

impl Events for Inside {
    const EXPLORES: bool = true;

    fn wanted() -> Kinds {
        Explored::wanted()
    }

    fn tell(what: What, at: Place) -> Ticket {
        match what {
            // What a lock does is seen in its words.
            What::Units(..) => Ticket::default(),
            what => Explored::tell(what, at),
        }
    }

    fn told(ticket: Ticket, outcome: Outcome) {
        Explored::told(ticket, outcome);
    }

    fn buffers(store: &Access, at: Place) -> bool {
        Explored::buffers(store, at)
    }

    fn forwarded(address: usize) -> Option<usize> {
        Explored::forwarded(address)
    }

    fn drains(at: Place) {
        Explored::drains(at);
    }

    fn unexplored(what: &'static str) {
        Explored::unexplored(what);
    }
}

impl Cpu for Inside {
    type Flag = Told;
    type Word = Told;

    fn cpu() -> CpuId {
        Explored::cpu()
    }

    fn irq_save() -> bool {
        true
    }

    fn irq_restore(_were_on: bool) {}

    #[track_caller]
    fn relax() {
        Explored::relax();
    }

    fn cycles() -> u64 {
        0
    }
}

impl Sched for Inside {
    const LOOKS: u32 = Explored::LOOKS;

    fn task() -> TaskId {
        Explored::task()
    }

    #[track_caller]
    fn block() {
        Explored::block();
    }

    fn block_until(deadline: u64) {
        Explored::block_until(deadline);
    }

    /// The clock stands, but for what [`Inside::pass_deadline`] does.
    #[track_caller]
    fn is_past(_deadline: u64) -> bool {
        has_happened(Of::Deadline(Explored::task()))
    }

    #[track_caller]
    fn interrupted(_sleep: Sleep) -> bool {
        has_happened(Of::Signal(Explored::task()))
    }

    #[track_caller]
    fn wake(task: TaskId) {
        Explored::wake(task);
    }

    fn yield_now() {}
}
