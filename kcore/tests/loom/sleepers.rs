//! Sleepers that give up, wait queues and mutexes: each with its twins.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use kcore::class;
use kcore::dev::PollTable;
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::machine::{AtomicFlag, Sched, Sleep, TaskId};
use kcore::sync::{Completion, RawMutex, RwSemaphore, Semaphore, SpinLock, WaitQueue};

use crate::bodies::{Payload, Section, each, excludes, model, objects, spawn};
use crate::machine::{
    Coma, Dozing, LoadThenStore, Looking, LoomFlag, NoAcquire, NoRelease, Parking, Ringing, interrupt_all,
};
use crate::more::{Weak, rwlock::shares};

const UNORDERED: &str = "Causality violation";
const ASLEEP: &str = "deadlock";

// A wait that is interrupted while it is granted.

/// Something with units, and waits that a signal ends.
trait Interruptible: Send + Sync + 'static {
    fn new() -> Self;
    fn take_interruptible(&self) -> Result<(), Errno>;
    fn give(&self);
    /// Units that are free, and tasks in the queue.
    fn rest(&self) -> (usize, usize);
}

impl<M: Sched + 'static> Interruptible for Semaphore<M> {
    fn new() -> Self {
        Semaphore::from_flag(AtomicFlag::new(false), Class::EVENT, 0)
    }
    fn take_interruptible(&self) -> Result<(), Errno> {
        self.down_interruptible()
    }
    fn give(&self) {
        self.up();
    }
    fn rest(&self) -> (usize, usize) {
        (self.count(), self.waiters())
    }
}

impl<M: Sched + 'static> Interruptible for Completion<M> {
    fn new() -> Self {
        Completion::from_flag(AtomicFlag::new(false), Class::EVENT, 0)
    }
    fn take_interruptible(&self) -> Result<(), Errno> {
        self.wait_interruptible()
    }
    fn give(&self) {
        self.complete();
    }
    fn rest(&self) -> (usize, usize) {
        (usize::from(self.is_done()), self.waiters())
    }
}

/// One unit, `tasks` that want it, and a signal for all. The unit is taken once, or it is still there; none
/// stays in the queue.
fn loses_no_unit<I: Interruptible>(tasks: usize) {
    let shared = Arc::new((I::new(), std::sync::atomic::AtomicUsize::new(0)));
    let mut tasks = each(tasks, &shared, |(units, taken)| {
        if units.take_interruptible().is_ok() {
            taken.fetch_add(1, Relaxed);
        }
    });
    tasks.push(spawn(&shared, |(units, _)| units.give()));
    tasks.push(spawn(&shared, |_| interrupt_all()));
    tasks.into_iter().for_each(|task| task.join().unwrap());
    let (units, taken) = &*shared;
    let (free, waiters) = units.rest();
    assert_eq!(waiters, 0, "somebody who left is in the queue");
    assert_eq!(free + taken.load(Relaxed), 1, "a unit is lost, or doubled");
}

#[test]
fn interrupted_waits_lose_no_unit() {
    model(3, || loses_no_unit::<Semaphore<Parking>>(1));
    model(2, || loses_no_unit::<Semaphore<Parking>>(2));
    model(3, || loses_no_unit::<Completion<Parking>>(1));
}

/// How [`Hasty`] gives up.
trait Haste: Send + Sync + 'static {
    /// It does not look whether it was granted meanwhile.
    const LOOKS: bool = true;
    /// It leaves its node behind.
    const LEAVES: bool = true;
}

struct None;
impl Haste for None {}

struct DoesNotLook;
impl Haste for DoesNotLook {
    const LOOKS: bool = false;
}

struct StaysInQueue;
impl Haste for StaysInQueue {
    const LEAVES: bool = false;
}

/// A semaphore whose sleepers may be too hasty.
struct Hasty<H> {
    state: SpinLock<(usize, Vec<Arc<Sleeper>>), Parking>,
    _haste: PhantomData<H>,
}

struct Sleeper {
    task: TaskId,
    granted: <Parking as kcore::machine::Cpu>::Flag,
}

impl<H: Haste> Interruptible for Hasty<H> {
    fn new() -> Self {
        let state = SpinLock::from_flag(AtomicFlag::new(false), class!("test"), (0, Vec::new()));
        Hasty { state, _haste: PhantomData }
    }

    fn take_interruptible(&self) -> Result<(), Errno> {
        let mut state = self.state.lock();
        if state.0 > 0 {
            state.0 -= 1;
            return Ok(());
        }
        let me = Arc::new(Sleeper { task: Parking::task(), granted: AtomicFlag::new(false) });
        state.1.push(me.clone());
        drop(state);
        while !me.granted.load(Acquire) {
            if Parking::interrupted(Sleep::Interruptible) {
                return self.give_up(&me);
            }
            Parking::block();
        }
        Ok(())
    }

    fn give(&self) {
        let mut state = self.state.lock();
        if state.1.is_empty() {
            state.0 += 1;
            return;
        }
        let first = state.1.remove(0);
        first.granted.store(true, Release);
        drop(state);
        Parking::wake(first.task);
    }

    fn rest(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.0, state.1.len())
    }
}

impl<H: Haste> Hasty<H> {
    fn give_up(&self, me: &Arc<Sleeper>) -> Result<(), Errno> {
        let mut state = self.state.lock();
        let at = state.1.iter().position(|other| Arc::ptr_eq(other, me));
        match at {
            Option::None if H::LOOKS => return Ok(()),
            Some(at) if H::LEAVES => drop(state.1.remove(at)),
            _ => {}
        }
        Err(Errno::EINTR)
    }
}

#[test]
fn without_haste_it_is_right() {
    model(3, || loses_no_unit::<Hasty<None>>(1));
}

#[test]
fn gives_up_without_a_look() {
    objects("a unit is lost, or doubled", || loses_no_unit::<Hasty<DoesNotLook>>(1));
}

#[test]
fn gives_up_and_stays_in_the_queue() {
    objects("a unit is lost, or doubled", || loses_no_unit::<Hasty<StaysInQueue>>(1));
}

// A condition and a queue.

trait Queue: Send + Sync + 'static {
    fn new() -> Self;
    fn wait_event(&self, condition: impl FnMut() -> bool);
    fn wake_up(&self);
}

impl<M: Sched + 'static> Queue for WaitQueue<M> {
    fn new() -> Self {
        WaitQueue::from_flag(AtomicFlag::new(false), Class::EVENT)
    }
    fn wait_event(&self, condition: impl FnMut() -> bool) {
        WaitQueue::wait_event(self, condition);
    }
    fn wake_up(&self) {
        WaitQueue::wake_up(self);
    }
}

/// Of waiters, each to be woken by itself.
struct Exclusive(WaitQueue<Parking>);

impl Queue for Exclusive {
    fn new() -> Self {
        Exclusive(Queue::new())
    }
    fn wait_event(&self, condition: impl FnMut() -> bool) {
        self.0.wait_event_exclusive(condition);
    }
    fn wake_up(&self) {
        self.0.wake_up();
    }
}

/// What the waker did before it made the condition true is seen by the one that waited for that.
fn wakes<Q: Queue>() {
    let shared = Arc::new((Q::new(), LoomFlag::new(false), Payload::default()));
    let tasks = [
        spawn(&shared, |(queue, ready, payload)| {
            queue.wait_event(|| ready.load(Acquire));
            assert_eq!(payload.get(), 1);
        }),
        spawn(&shared, |(queue, ready, payload)| {
            payload.increment();
            ready.store(true, Release);
            queue.wake_up();
        }),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

/// Two items, brought one by one, for two waiters of which each takes one: both get theirs.
fn wakes_each<Q: Queue>() {
    let items = SpinLock::<usize, Parking>::from_flag(AtomicFlag::new(false), class!("test"), 0);
    let shared = Arc::new((Q::new(), items));
    let mut tasks = each(2, &shared, |(queue, items)| {
        queue.wait_event(|| {
            let mut items = items.lock();
            let any = *items > 0;
            *items -= usize::from(any);
            any
        });
    });
    tasks.push(spawn(&shared, |(queue, items)| {
        for _ in 0..2 {
            *items.lock() += 1;
            queue.wake_up();
        }
    }));
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(*shared.1.lock(), 0, "an item is left");
}

/// To test the condition takes a sleep, for an event that comes together with the wake-up: one kept wake-up
/// for two. Of the tests it is the one with the number `sleeps`, the first that is made in the queue.
fn wakes_what_sleeps<Q: Queue>(sleeps: usize) {
    let event = <Completion<Parking> as Interruptible>::new();
    let shared = Arc::new((Q::new(), LoomFlag::new(false), event));
    let tasks = [
        spawn(&shared, move |(queue, ready, event)| {
            let tests = std::cell::Cell::new(0);
            queue.wait_event(|| {
                let is_ready = ready.load(Acquire);
                tests.set(tests.get() + 1);
                if tests.get() == sleeps {
                    event.wait();
                }
                is_ready
            });
        }),
        spawn(&shared, |(queue, ready, event)| {
            ready.store(true, Release);
            queue.wake_up();
            event.complete();
        }),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

#[test]
fn wait_event_remembers_what_its_condition_used_up() {
    model(3, || wakes_what_sleeps::<WaitQueue<Parking>>(2));
    model(3, || wakes_what_sleeps::<Exclusive>(2));
}

/// It knows nothing of a wake-up but what the machine has kept.
#[test]
fn plain_queue_forgets_what_its_condition_used_up() {
    objects(ASLEEP, || wakes_what_sleeps::<PlainQueue<None>>(1));
}

#[test]
fn wait_event_loses_no_wake_up() {
    model(4, wakes::<WaitQueue<Parking>>);
    model(3, wakes::<WaitQueue<Dozing>>);
    model(4, wakes::<Exclusive>);
}

#[test]
fn wait_event_wakes_each() {
    model(2, wakes_each::<WaitQueue<Parking>>);
    model(2, wakes_each::<Exclusive>);
}

#[test]
fn nobody_is_woken() {
    objects(ASLEEP, wakes::<WaitQueue<Coma>>);
    objects(ASLEEP, || excludes::<RawMutex<Coma>>(2, 1));
}

/// What may be wrong with [`PlainQueue`].
trait Blunder: Send + Sync + 'static {
    /// It tests before it is in the queue, and not again.
    const TESTS_FIRST: bool = false;
    /// It believes that it was woken because the condition is true.
    const BELIEVES: bool = false;
}

impl Blunder for None {}

struct TestsFirst;
impl Blunder for TestsFirst {
    const TESTS_FIRST: bool = true;
}

struct Believes;
impl Blunder for Believes {
    const BELIEVES: bool = true;
}

/// The plainest wait queue there is, which may be wrong.
struct PlainQueue<B> {
    sleepers: SpinLock<RefCell<Vec<TaskId>>, Parking>,
    _blunder: PhantomData<B>,
}

impl<B: Blunder> PlainQueue<B> {
    fn register(&self) {
        self.sleepers.lock().borrow_mut().push(Parking::task());
    }
}

impl<B: Blunder> Queue for PlainQueue<B> {
    fn new() -> Self {
        let sleepers = SpinLock::from_flag(AtomicFlag::new(false), class!("test"), RefCell::default());
        PlainQueue { sleepers, _blunder: PhantomData }
    }

    fn wait_event(&self, mut condition: impl FnMut() -> bool) {
        loop {
            if B::TESTS_FIRST {
                if condition() {
                    return;
                }
                self.register();
            } else {
                self.register();
                if condition() {
                    return;
                }
            }
            Parking::block();
            if B::BELIEVES {
                return;
            }
        }
    }

    fn wake_up(&self) {
        for task in self.sleepers.lock().take() {
            Parking::wake(task);
        }
    }
}

#[test]
fn plain_queue_without_a_blunder_is_right() {
    model(3, wakes::<PlainQueue<None>>);
    model(2, wakes_each::<PlainQueue<None>>);
}

#[test]
fn test_before_registering() {
    objects(ASLEEP, wakes::<PlainQueue<TestsFirst>>);
    objects(ASLEEP, wakes_each::<PlainQueue<TestsFirst>>);
}

#[test]
fn woken_without_a_test() {
    objects("an item is left", wakes_each::<PlainQueue<Believes>>);
}

// Places in several queues at once.

/// How a [`Poller`] may be wrong.
trait Poll: Send + Sync + 'static {
    /// It looks before it stands in the queues, and not again.
    const LOOKS_FIRST: bool = false;
    /// It sleeps without asking its places whether it was woken.
    const FORGETS: bool = false;
}

impl Poll for None {}

struct LooksFirst;
impl Poll for LooksFirst {
    const LOOKS_FIRST: bool = true;
}

struct Forgets;
impl Poll for Forgets {
    const FORGETS: bool = true;
}

/// Two queues, each with a flag that says that there is something.
type Pair = [(WaitQueue<Parking>, LoomFlag); 2];

/// Waits until one of the two has something, as `poll` does. `asking` is what it does to ask the second one,
/// after it has asked the first.
fn poll<P: Poll>(pair: &Pair, asking: impl Fn()) {
    loop {
        let mut table = PollTable::new();
        let is_ready = |index: usize| pair[index].1.load(Acquire);
        let was_ready = P::LOOKS_FIRST.then(|| is_ready(0) || is_ready(1));
        pair.iter().for_each(|(queue, _)| table.wait(queue));
        let first = was_ready.unwrap_or_else(|| is_ready(0));
        asking();
        if first || was_ready.is_none() && is_ready(1) {
            return;
        }
        // A task that sleeps for ever is taken down by loom in its sleep, where to leave the queues would be
        // one step too many.
        let table = ManuallyDrop::new(table);
        match P::FORGETS {
            true => Parking::block(),
            false => table.sleep_interruptible().expect("nobody sends a signal"),
        }
        drop(ManuallyDrop::into_inner(table));
    }
}

fn pair() -> Pair {
    [(); 2].map(|()| (Queue::new(), LoomFlag::new(false)))
}

fn fill((queue, flag): &(WaitQueue<Parking>, LoomFlag)) {
    flag.store(true, Release);
    queue.wake_up();
}

/// Something comes into one of the two queues, or into both at once, so that the table goes while it is
/// woken.
fn polls<P: Poll>(fill_both: bool) {
    let shared = Arc::new(pair());
    let mut tasks =
        vec![spawn(&shared, |pair| poll::<P>(pair, || ())), spawn(&shared, |pair| fill(&pair[0]))];
    if fill_both {
        tasks.push(spawn(&shared, |pair| fill(&pair[1])));
    }
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert!(shared.iter().all(|(queue, _)| !queue.is_active()), "somebody who left is in a queue");
}

/// To ask the second one takes a sleep, for an event that comes together with that of the first: one kept
/// wake-up for two.
fn polls_what_sleeps<P: Poll>() {
    let shared = Arc::new((pair(), <Completion<Parking> as Interruptible>::new()));
    let tasks = [
        spawn(&shared, |(pair, lock)| {
            let asked = std::cell::Cell::new(false);
            poll::<P>(pair, || {
                if !asked.replace(true) {
                    lock.wait();
                }
            });
        }),
        spawn(&shared, |(pair, lock)| {
            fill(&pair[0]);
            lock.complete();
        }),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

#[test]
fn poll_loses_no_wake_up() {
    model(3, || polls::<None>(false));
    model(2, || polls::<None>(true));
    model(3, polls_what_sleeps::<None>);
}

#[test]
fn poll_that_looks_first() {
    objects(ASLEEP, || polls::<LooksFirst>(false));
}

#[test]
fn poll_that_forgets_what_its_places_know() {
    objects(ASLEEP, polls_what_sleeps::<Forgets>);
}

// Mutexes.

impl<M: Sched + 'static> Section for RawMutex<M> {
    fn new(_units: usize) -> Self {
        RawMutex::of(class!("test"))
    }
    fn within(&self, body: impl FnOnce()) {
        self.lock();
        body();
        self.unlock().expect("it is ours");
    }
}

/// Two tasks whose waits may be interrupted and one whose may not: it gets the mutex, and none is left.
fn interrupted_contenders() {
    let shared = Arc::new((<RawMutex<Parking> as Section>::new(1), Payload::default()));
    let tasks = [
        spawn(&shared, |(mutex, payload)| mutex.within(|| payload.increment())),
        spawn(&shared, |(mutex, payload)| {
            if mutex.lock_interruptible().is_ok() {
                payload.increment();
                mutex.unlock().expect("it is ours");
            } else {
                assert!(!mutex.is_mine());
            }
        }),
        spawn(&shared, |(mutex, payload)| {
            interrupt_all();
            mutex.within(|| payload.increment());
        }),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
    let (mutex, payload) = &*shared;
    assert_eq!((mutex.owner(), mutex.waiters()), (Option::None, 0));
    assert!((2..=3).contains(&payload.get()));
}

#[test]
fn mutex_excludes() {
    model(3, || excludes::<RawMutex<Parking>>(2, 2));
    // Both tasks go for the inner lock again and again: with flags that may show old values for ever, they
    // may for ever.
    model(3, || excludes::<RawMutex<Dozing<Ringing>>>(2, 2));
    model(2, || excludes::<RawMutex<Parking>>(3, 1));
}

#[test]
fn mutex_survives_interrupted_contenders() {
    model(2, interrupted_contenders);
}

/// A task that looks before it sleeps takes what it finds free, and else stands in line.
#[test]
fn waiters_that_look_exclude() {
    model(3, || excludes::<RawMutex<Looking>>(2, 2));
    model(3, || excludes::<Semaphore<Looking>>(2, 2));
    model(2, || excludes::<Semaphore<Looking>>(3, 1));
    model(3, || excludes::<Completion<Looking>>(2, 1));
    model(3, || excludes::<RwSemaphore<Looking>>(2, 2));
    model(2, || shares::<RwSemaphore<Looking>>(2));
}

type Twin<Mistake> = RawMutex<Dozing<LoomFlag, Weak<Mistake>>>;

#[test]
fn mutex_without_acquire() {
    objects(UNORDERED, || excludes::<Twin<NoAcquire>>(2, 1));
}

#[test]
fn mutex_without_release() {
    objects(UNORDERED, || excludes::<Twin<NoRelease>>(2, 1));
}

#[test]
fn mutex_that_looks_and_then_stores() {
    objects(UNORDERED, || excludes::<Twin<LoadThenStore>>(2, 1));
}
