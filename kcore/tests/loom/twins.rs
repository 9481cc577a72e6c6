//! The twins: primitives with one mistake each. loom must object to every one.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};

use kcore::class;
use kcore::machine::{AtomicFlag, Sched, TaskId};
use kcore::sync::{Completion, Semaphore, SpinLock};

use crate::bodies::{Event, Section, admits_two, excludes, model, objects, publishes, wakes_two};
use crate::machine::{Coma, Dozing, LoadThenStore, NoAcquire, NoAcquireOfGrant, NoRelease, Parking, Wrong};

/// What loom says when two accesses to a payload are not ordered.
pub(crate) const UNORDERED: &str = "Causality violation";
/// What loom says when all tasks sleep.
pub(crate) const ASLEEP: &str = "deadlock";

// Mistakes in the flag below the right primitive.

type Spin<Mistake> = SpinLock<(), Dozing<Wrong<Mistake>>>;

#[test]
fn lock_without_acquire() {
    objects(UNORDERED, || excludes::<Spin<NoAcquire>>(2, 1));
}

#[test]
fn unlock_without_release() {
    objects(UNORDERED, || excludes::<Spin<NoRelease>>(2, 1));
}

#[test]
fn load_then_store() {
    objects(UNORDERED, || excludes::<Spin<LoadThenStore>>(2, 1));
}

#[test]
fn semaphore_without_acquire() {
    objects(UNORDERED, || excludes::<Semaphore<Dozing<Wrong<NoAcquire>>>>(2, 1));
}

#[test]
fn semaphore_without_release() {
    objects(UNORDERED, || excludes::<Semaphore<Dozing<Wrong<NoRelease>>>>(2, 1));
}

#[test]
fn semaphore_granted_without_acquire() {
    objects(UNORDERED, || excludes::<Semaphore<Dozing<Wrong<NoAcquireOfGrant>>>>(2, 1));
}

/// The semaphore rests on that order, the completion does not: its waiter takes the inner lock once more.
#[test]
fn completion_granted_without_acquire() {
    model(4, publishes::<Completion<Dozing<Wrong<NoAcquireOfGrant>>>>);
}

#[test]
fn nobody_is_woken() {
    objects(ASLEEP, || excludes::<Semaphore<Coma>>(2, 1));
    objects(ASLEEP, publishes::<Completion<Coma>>);
}

/// Leaves before its last store.
struct LeavesEarly(SpinLock<(), Dozing>);

impl Section for LeavesEarly {
    fn new(_units: usize) -> Self {
        LeavesEarly(SpinLock::from_flag(AtomicFlag::new(false), class!("test"), ()))
    }
    fn within(&self, body: impl FnOnce()) {
        drop(self.0.lock());
        body();
    }
}

#[test]
fn unlock_before_the_store() {
    objects(UNORDERED, || excludes::<LeavesEarly>(2, 1));
}

// Mistakes in the primitive above the right flag.

/// What may be wrong with [`Plain`].
trait Blunder: Send + Sync + 'static {
    /// The lock is given back between the test of the count and the way into the queue.
    const LOSES_WAKE_UPS: bool = false;
    /// `up` hands over, and increments, too.
    const GIVES_TWICE: bool = false;
    /// `up` is for those that wait already.
    const FORGETS: bool = false;
    /// A waiter that is awake believes that it was granted.
    const BELIEVES: bool = false;
}

/// Nothing is.
struct None;
impl Blunder for None {}

struct LosesWakeUps;
impl Blunder for LosesWakeUps {
    const LOSES_WAKE_UPS: bool = true;
}

struct GivesTwice;
impl Blunder for GivesTwice {
    const GIVES_TWICE: bool = true;
}

struct Forgets;
impl Blunder for Forgets {
    const FORGETS: bool = true;
}

struct Believes;
impl Blunder for Believes {
    const BELIEVES: bool = true;
}

/// The plainest semaphore there is, which may be wrong.
struct Plain<M: Sched, B> {
    state: SpinLock<State<M>, M>,
    _blunder: PhantomData<B>,
}

struct State<M: Sched> {
    count: usize,
    queue: VecDeque<Arc<Sleeper<M>>>,
}

struct Sleeper<M: Sched> {
    task: TaskId,
    granted: M::Flag,
}

impl<M: Sched, B: Blunder> Plain<M, B> {
    fn with(count: usize) -> Self {
        let state = State { count, queue: VecDeque::new() };
        Plain {
            state: SpinLock::from_flag(M::Flag::new(false), class!("test"), state),
            _blunder: PhantomData,
        }
    }

    fn down(&self) {
        let mut state = self.state.lock();
        if state.count > 0 {
            state.count -= 1;
            return;
        }
        if B::LOSES_WAKE_UPS {
            drop(state);
            state = self.state.lock();
        }
        let me = Arc::new(Sleeper { task: M::task(), granted: M::Flag::new(false) });
        state.queue.push_back(me.clone());
        drop(state);
        while !me.granted.load(Acquire) {
            M::block();
            if B::BELIEVES {
                break;
            }
        }
    }

    fn up(&self) {
        let mut state = self.state.lock();
        let first = state.queue.pop_front();
        if (first.is_none() && !B::FORGETS) || B::GIVES_TWICE {
            state.count += 1;
        }
        drop(state);
        if let Some(first) = first {
            first.granted.store(true, Release);
            M::wake(first.task);
        }
    }
}

impl<M: Sched + 'static, B: Blunder> Section for Plain<M, B> {
    fn new(units: usize) -> Self {
        Plain::with(units)
    }
    fn within(&self, body: impl FnOnce()) {
        self.down();
        body();
        self.up();
    }
}

impl<M: Sched + 'static, B: Blunder> Event for Plain<M, B> {
    fn new() -> Self {
        Plain::with(0)
    }
    fn wait(&self) {
        self.down();
    }
    fn complete(&self) {
        self.up();
    }
}

#[test]
fn without_a_blunder_it_is_right() {
    model(2, || excludes::<Plain<Parking, None>>(2, 1));
    model(2, || excludes::<Plain<Dozing, None>>(2, 1));
    model(2, publishes::<Plain<Parking, None>>);
    model(2, wakes_two::<Plain<Parking, None>>);
    model(1, || admits_two::<Plain<Parking, None>>(2));
}

#[test]
fn lost_wake_up() {
    objects(ASLEEP, || excludes::<Plain<Parking, LosesWakeUps>>(2, 1));
    objects(ASLEEP, publishes::<Plain<Parking, LosesWakeUps>>);
    objects(ASLEEP, wakes_two::<Plain<Parking, LosesWakeUps>>);
}

#[test]
fn up_that_increments_and_hands_over() {
    objects(UNORDERED, || excludes::<Plain<Parking, GivesTwice>>(3, 1));
    objects("three in a room for two", || admits_two::<Plain<Parking, GivesTwice>>(2));
}

#[test]
fn completion_that_forgets() {
    objects(ASLEEP, publishes::<Plain<Parking, Forgets>>);
    objects(ASLEEP, wakes_two::<Plain<Parking, Forgets>>);
}

#[test]
fn sleeper_that_believes_its_first_awakening() {
    objects(UNORDERED, || excludes::<Plain<Dozing, Believes>>(2, 1));
    objects(UNORDERED, publishes::<Plain<Dozing, Believes>>);
}
