//! Machines made of loom's threads and atomics.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::Ordering::{self, Relaxed};

use kcore::event::Events;
use kcore::machine::{AtomicFlag, Cpu, CpuId, Sched, Sleep, TaskId};
use kcore::sync::{AtomicWord, LockedWord, Update};
use loom::sync::atomic::{AtomicU8, AtomicUsize, fence};
use loom::thread::{self, Thread};

use crate::more::LoomWord;

/// loom's flag.
///
/// loom orders the stores to a location only where one happens before the other. A swap that finds the flag
/// set stores what is there already, and loom then believes that this store may come after the holder's
/// `store(false)`, although the swap has read what the holder stored before: the flag would stay set for
/// ever. So a swap that changes nothing is modelled as what it amounts to, a load of the newest value: a
/// compare-and-exchange that fails.
pub(crate) struct LoomFlag(AtomicU8);

/// What no flag ever is.
const NEVER: u8 = 2;

impl LoomFlag {
    /// The newest value, where [`load`](AtomicFlag::load) may return an older one.
    fn newest(&self, order: Ordering) -> bool {
        let newest = self.0.compare_exchange(NEVER, NEVER, order, order);
        newest.expect_err("a flag is 0 or 1") == 1
    }
}

impl AtomicFlag for LoomFlag {
    fn new(set: bool) -> Self {
        LoomFlag(AtomicU8::new(set.into()))
    }
    fn swap(&self, set: bool, order: Ordering) -> bool {
        match self.0.compare_exchange((!set).into(), set.into(), order, order) {
            Ok(was) | Err(was) => was == 1,
        }
    }
    fn load(&self, order: Ordering) -> bool {
        self.0.load(order) == 1
    }
    fn store(&self, set: bool, order: Ordering) {
        self.0.store(set.into(), order);
    }
}

/// A flag with a mistake.
pub(crate) struct Wrong<Mistake> {
    flag: LoomFlag,
    _mistake: PhantomData<Mistake>,
}

/// Which mistake; each one changes one operation.
pub(crate) trait Mistake: Send + Sync + 'static {
    fn swap(flag: &LoomFlag, set: bool, order: Ordering) -> bool {
        flag.swap(set, order)
    }
    fn store(flag: &LoomFlag, set: bool, order: Ordering) {
        flag.store(set, order);
    }
    fn load(flag: &LoomFlag, order: Ordering) -> bool {
        flag.load(order)
    }
}

impl<K: Mistake> AtomicFlag for Wrong<K> {
    fn new(set: bool) -> Self {
        Wrong { flag: LoomFlag::new(set), _mistake: PhantomData }
    }
    fn swap(&self, set: bool, order: Ordering) -> bool {
        K::swap(&self.flag, set, order)
    }
    fn load(&self, order: Ordering) -> bool {
        K::load(&self.flag, order)
    }
    fn store(&self, set: bool, order: Ordering) {
        K::store(&self.flag, set, order);
    }
}

/// The lock is taken without `Acquire`.
pub(crate) struct NoAcquire;

impl Mistake for NoAcquire {
    fn swap(flag: &LoomFlag, set: bool, _order: Ordering) -> bool {
        flag.swap(set, Relaxed)
    }
}

/// The lock is given back without `Release`.
pub(crate) struct NoRelease;

impl Mistake for NoRelease {
    fn store(flag: &LoomFlag, set: bool, _order: Ordering) {
        flag.store(set, Relaxed);
    }
}

/// A load, then a store, where one test-and-set should be.
pub(crate) struct LoadThenStore;

impl Mistake for LoadThenStore {
    fn swap(flag: &LoomFlag, set: bool, _order: Ordering) -> bool {
        let was = flag.load(Ordering::Acquire);
        flag.store(set, Relaxed);
        was
    }
}

/// A sleeper reads that it was granted without `Acquire`.
pub(crate) struct NoAcquireOfGrant;

impl Mistake for NoAcquireOfGrant {
    fn load(flag: &LoomFlag, _order: Ordering) -> bool {
        flag.load(Relaxed)
    }
}

/// A flag that wakes the tasks that spin on it.
pub(crate) struct Ringing(LoomFlag);

impl AtomicFlag for Ringing {
    fn new(set: bool) -> Self {
        Ringing(LoomFlag::new(set))
    }
    fn swap(&self, set: bool, order: Ordering) -> bool {
        self.0.swap(set, order)
    }
    /// A task that looked at an old value would sleep through the bell.
    fn load(&self, order: Ordering) -> bool {
        let was = self.0.newest(order);
        with_me(|me| me.spins = was);
        was
    }
    fn store(&self, set: bool, order: Ordering) {
        self.0.store(set, order);
        ring();
    }
}

/// A word that wakes the tasks that spin on it. A task that has looked at it waits, if it waits at all, for
/// another value; and if `LOADS`, so does one that has loaded it.
pub(crate) struct RingingWord<const LOADS: bool = false>(AtomicUsize);

impl<const LOADS: bool> AtomicWord for RingingWord<LOADS> {
    fn new(value: usize) -> Self {
        RingingWord(AtomicUsize::new(value))
    }
    fn load(&self, order: Ordering) -> usize {
        let newest = self.0.compare_exchange(usize::MAX, usize::MAX, order, order);
        with_me(|me| me.spins |= LOADS);
        newest.unwrap_or_else(|newest| newest)
    }
    fn look(&self) -> usize {
        let newest = self.load(Relaxed);
        with_me(|me| me.spins = true);
        newest
    }
    fn store(&self, value: usize, order: Ordering) {
        self.0.store(value, order);
        ring();
    }
    fn fence(order: Ordering) {
        fence(order);
    }
}

impl<const LOADS: bool> LockedWord for RingingWord<LOADS> {
    fn change(&self, how: Update, operand: usize, order: Ordering) -> usize {
        let old = LoomWord::changed(&self.0, how, operand, order);
        ring();
        old
    }
    fn replace(&self, old: usize, new: usize, order: Ordering) -> bool {
        let is_there = self.0.compare_exchange(old, new, order, Relaxed).is_ok();
        if is_there {
            ring();
        }
        is_there
    }
}

/// There is something new to see.
fn ring() {
    TASKS.with_borrow_mut(|tasks| {
        for task in tasks.iter_mut().filter(|task| task.spins) {
            task.spins = false;
            task.thread.unpark();
        }
    });
}

/// A machine whose tasks do not run until they are woken: a wake-up that is lost is a deadlock. A task that
/// spins does not run until there is something new to see, so any number of tasks may.
///
/// loom lets a wake-up order the memory of the two tasks, so an order that a primitive lacks may stay unseen
/// here: that is for [`Dozing`].
pub(crate) struct Parking;

/// [`Parking`], but a task looks twice before it sleeps.
pub(crate) struct Looking;

/// [`Parking`], but no task is ever woken.
pub(crate) struct Coma;

/// A machine on which a sleep ends for no reason again and again, as [`Sched::block`] may: to wake does
/// nothing and orders nothing, so all order comes from the primitive. For two tasks: three could spin round
/// each other for ever.
pub(crate) struct Dozing<F = LoomFlag, W = LoomWord>(PhantomData<(F, W)>);

/// A thread of this execution.
struct Task {
    thread: Thread,
    /// The flag that it looked at last was set, and no flag has changed since.
    spins: bool,
}

thread_local! {
    /// Those that were asked for their number. loom runs all threads of an execution on one of the host's.
    static TASKS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
    /// Every task of this execution has a signal.
    static SIGNALLED: Cell<bool> = const { Cell::new(false) };
    static EXECUTIONS: Cell<u64> = const { Cell::new(0) };
}

/// Forgets the last execution's threads and counts executions.
pub(crate) fn begin() {
    TASKS.with_borrow_mut(Vec::clear);
    SIGNALLED.set(false);
    EXECUTIONS.set(EXECUTIONS.get() + 1);
}

/// How many executions have begun on this thread since this was asked last.
pub(crate) fn executions() -> u64 {
    EXECUTIONS.take()
}

fn number() -> usize {
    let thread = thread::current();
    TASKS.with_borrow_mut(|tasks| {
        let known = tasks.iter().position(|task| task.thread.id() == thread.id());
        known.unwrap_or_else(|| {
            tasks.push(Task { thread, spins: false });
            tasks.len() - 1
        })
    })
}

fn with_me(change: impl FnOnce(&mut Task)) {
    let me = number();
    TASKS.with_borrow_mut(|tasks| change(&mut tasks[me]));
}

fn park_while_spinning() {
    let me = number();
    while TASKS.with_borrow(|tasks| tasks[me].spins) {
        thread::park();
    }
}

/// For a task that looks, but does not wait for a change.
fn let_others_run() {
    let me = number();
    if TASKS.with_borrow(|tasks| tasks[me].spins) {
        park_while_spinning();
    } else {
        thread::yield_now();
    }
}

fn unpark(task: TaskId) {
    let thread = TASKS.with_borrow(|tasks| tasks[task.0 as usize].thread.clone());
    thread.unpark();
}

/// Sends every task a signal, for good, and wakes them all.
pub(crate) fn interrupt_all() {
    SIGNALLED.set(true);
    let threads: Vec<_> = TASKS.with_borrow(|tasks| tasks.iter().map(|task| task.thread.clone()).collect());
    threads.into_iter().for_each(|thread| thread.unpark());
}

fn nobody(_task: TaskId) {}

/// A machine, in all that does not differ.
macro_rules! machine {
    ([$($generic:tt)*] $machine:ty, $flag:ty, $word:ty, looks: $looks:expr, relax: $relax:path, block: $block:path, wake: $wake:path) => {
        impl<$($generic)*> Events for $machine {}

        impl<$($generic)*> Cpu for $machine {
            type Flag = $flag;
            type Word = $word;
            fn cpu() -> CpuId {
                CpuId(number() as u32)
            }
            fn irq_save() -> bool {
                true
            }
            fn irq_restore(_were_on: bool) {}
            fn relax() {
                $relax();
            }
            fn cycles() -> u64 {
                0
            }
        }

        impl<$($generic)*> Sched for $machine {
            const LOOKS: u32 = $looks;
            fn task() -> TaskId {
                TaskId(number() as u32)
            }
            fn block() {
                $block();
            }
            /// The clock of this machine stands: no deadline ever comes.
            fn block_until(_deadline: u64) {
                $block();
            }
            fn interrupted(sleep: Sleep) -> bool {
                sleep == Sleep::Interruptible && SIGNALLED.get()
            }
            fn wake(task: TaskId) {
                $wake(task);
            }
            fn yield_now() {
                thread::yield_now();
            }
        }
    };
}

machine!([] Parking, Ringing, RingingWord, looks: 0, relax: park_while_spinning, block: thread::park, wake: unpark);
machine!([] Looking, Ringing, RingingWord, looks: 2, relax: let_others_run, block: thread::park, wake: unpark);
machine!([] Coma, Ringing, RingingWord, looks: 0, relax: park_while_spinning, block: thread::park, wake: nobody);
machine!([F: AtomicFlag + 'static, W: LockedWord + 'static] Dozing<F, W>, F, W, looks: 0, relax: thread::yield_now, block: thread::yield_now, wake: nobody);
