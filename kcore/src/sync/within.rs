//! The primitives from within: their inner words are steps, and no lock is taken in one.

use core::marker::PhantomData;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::event::{Access, Events, Kinds, Op, Outcome, Ticket, What};
use crate::machine::{AtomicFlag, Context, Cpu, CpuId, Sched, Sleep, TaskId};
use crate::place::Place;
use crate::shared::{full_fence, touching};
use crate::sync::{AtomicWord, INNER_WORD, LockedWord, Update};

/// The machine `M`, for primitives whose words are [`Told`].
#[derive(Clone, Copy, Debug)]
pub struct Inside<M>(PhantomData<fn() -> M>);

/// A word whose every use is a step: a flag, or a number.
#[derive(Debug)]
pub struct Told<M>(AtomicUsize, PhantomData<fn() -> M>);

/// What ends a wait besides what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A signal.
    Signal,
    /// A deadline that is past.
    Deadline,
}

/// A machine that tells of what ends waits.
pub trait Ends: Sched {
    /// Whether it has come to the running task, which looks for it: a step.
    #[track_caller]
    fn has_come(what: Ending) -> bool;
    /// It comes to `task`, in a step, and wakes it.
    #[track_caller]
    fn comes(what: Ending, task: TaskId);
}

impl<M: Events> Told<M> {
    #[track_caller]
    fn tell(&self, op: Op) {
        touching::<M, _>(&INNER_WORD, op, &self.0);
    }

    #[track_caller]
    fn look(&self, order: Ordering) -> usize {
        self.tell(Op::Look);
        let address = core::ptr::from_ref(&self.0).addr();
        M::forwarded(address).unwrap_or_else(|| self.0.load(order))
    }

    /// A plain store, whatever it orders; but for one that orders all.
    #[track_caller]
    fn put(&self, value: usize, order: Ordering) {
        let (op, address) = (Op::Put(value), core::ptr::from_ref(&self.0).addr());
        let access = Access { site: &INNER_WORD, op, address, size: size_of::<usize>() };
        if order == Ordering::SeqCst {
            self.tell(Op::Update);
        } else if M::buffers(&access, Place::caller()) {
            return;
        } else {
            self.tell(op);
        }
        self.0.store(value, order);
    }
}

impl<M: Events> AtomicFlag for Told<M> {
    fn new(set: bool) -> Self {
        Told(AtomicUsize::new(set.into()), PhantomData)
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

impl<M: Events> AtomicWord for Told<M> {
    fn new(value: usize) -> Self {
        Told(AtomicUsize::new(value), PhantomData)
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
            full_fence::<M>();
        }
    }
}

impl<M: Events> LockedWord for Told<M> {
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

impl<M: Ends> Inside<M> {
    /// Sends `task` a signal: what it sleeps in ends, if it may.
    #[track_caller]
    pub fn signal(task: TaskId) {
        M::comes(Ending::Signal, task);
    }

    /// The deadline of what `task` waits for is past.
    #[track_caller]
    pub fn pass_deadline(task: TaskId) {
        M::comes(Ending::Deadline, task);
    }
}

impl<M: Events> Events for Inside<M> {
    const EXPLORES: bool = true;

    fn wanted() -> Kinds {
        M::wanted()
    }

    fn tell(what: What, at: Place) -> Ticket {
        match what {
            // What a lock does is seen in its words.
            What::Units(..) => Ticket::default(),
            what => M::tell(what, at),
        }
    }

    fn told(ticket: Ticket, outcome: Outcome) {
        M::told(ticket, outcome);
    }

    fn buffers(store: &Access, at: Place) -> bool {
        M::buffers(store, at)
    }

    fn forwarded(address: usize) -> Option<usize> {
        M::forwarded(address)
    }

    fn drains(at: Place) {
        M::drains(at);
    }

    fn unexplored(what: &'static str) {
        M::unexplored(what);
    }
}

impl<M: Cpu> Cpu for Inside<M> {
    type Flag = Told<M>;
    type Word = Told<M>;

    fn cpu() -> CpuId {
        M::cpu()
    }

    fn irq_save() -> bool {
        M::irq_save()
    }

    fn irq_restore(were_on: bool) {
        M::irq_restore(were_on);
    }

    #[track_caller]
    fn relax() {
        M::relax();
    }

    fn cycles() -> u64 {
        M::cycles()
    }

    fn preempt_disable() {
        M::preempt_disable();
    }

    fn preempt_enable() {
        M::preempt_enable();
    }

    fn bh_disable() {
        M::bh_disable();
    }

    fn bh_enable() {
        M::bh_enable();
    }

    fn context() -> Context {
        M::context()
    }
}

impl<M: Ends> Sched for Inside<M> {
    /// How long a task looks before it sleeps is no matter of the order of steps.
    const LOOKS: u32 = 0;

    fn task() -> TaskId {
        M::task()
    }

    #[track_caller]
    fn block() {
        M::block();
    }

    #[track_caller]
    fn block_until(deadline: u64) {
        M::block_until(deadline);
    }

    /// The clock stands, but for what [`Inside::pass_deadline`] does.
    #[track_caller]
    fn is_past(_deadline: u64) -> bool {
        M::has_come(Ending::Deadline)
    }

    #[track_caller]
    fn interrupted(_sleep: Sleep) -> bool {
        M::has_come(Ending::Signal)
    }

    #[track_caller]
    fn wake(task: TaskId) {
        M::wake(task);
    }

    fn yield_now() {
        M::yield_now();
    }
}
