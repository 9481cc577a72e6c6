//! Waits that a signal or a deadline ends: they hold nothing, leave the queue, lose no unit, and say so.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::ScopedJoinHandle;

use kcore::as_host;
use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Class, Event, Kinds, LockName, LockStep, Waiting, What};
use kcore::host::{Host, HostMachine, Listener, until};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::sync::{Completion, Counted, Observed, RawMutex, Semaphore, WaitQueue, Watched};
use proptest::prelude::*;

const TASKS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 25 } else { 5_000 };

const NAME: LockName = LockName { name: "test.lock", class: class!("test"), waiting: Waiting::Sleeps };

type Sem = Semaphore<HostMachine>;

/// A task of `host` that has told its number and then does `body`.
fn spawn<'scope, R: Send + 'scope>(
    tasks: &kcore::host::Tasks<'scope, '_>,
    body: impl FnOnce() -> R + Send + 'scope,
) -> (TaskId, ScopedJoinHandle<'scope, R>) {
    let (tell, told) = mpsc::channel();
    let task = tasks.spawn(move || {
        tell.send(HostMachine::task()).unwrap();
        body()
    });
    (told.recv().unwrap(), task)
}

#[test]
fn a_signal_ends_an_interruptible_wait() {
    let (host, semaphore, done) =
        (Host::new(), Sem::new(Class::EVENT, 0), Completion::<HostMachine>::new(Class::EVENT));
    host.scope(|tasks| {
        let (id, task) = spawn(&tasks, || {
            let results = [semaphore.down_interruptible(), done.wait_interruptible()];
            assert!(HostMachine::take_signal());
            (results, HostMachine::take_signal())
        });
        until(|| semaphore.waiters() == 1);
        host.interrupt(id);
        assert_eq!(task.join().unwrap(), ([Err(Errno::EINTR); 2], false));
        assert_eq!((semaphore.waiters(), done.waiters()), (0, 0));
        semaphore.up();
        done.complete();
    });
    assert_eq!((semaphore.count(), done.is_done()), (1, true));
}

#[test]
fn only_a_signal_that_kills_ends_a_killable_wait() {
    let (host, semaphore, done) =
        (Host::new(), Sem::new(Class::EVENT, 0), Completion::<HostMachine>::new(Class::EVENT));
    let go = AtomicBool::new(false);
    host.scope(|tasks| {
        let (id, task) = spawn(&tasks, || {
            until(|| go.load(Relaxed));
            [semaphore.down_killable(), semaphore.down_killable(), done.wait_killable()]
        });
        host.interrupt(id);
        go.store(true, Relaxed);
        until(|| semaphore.waiters() == 1 || task.is_finished());
        semaphore.up();
        until(|| semaphore.waiters() == 1 && semaphore.count() == 0 || task.is_finished());
        host.kill(id);
        assert_eq!(task.join().unwrap(), [Ok(()), Err(Errno::EINTR), Err(Errno::EINTR)]);
    });
    assert_eq!((semaphore.count(), semaphore.waiters()), (0, 0));
}

#[test]
fn what_is_free_is_had_in_spite_of_a_signal() {
    let (host, semaphore) = (Host::new(), Sem::new(Class::EVENT, 1));
    let (done, mutex) =
        (Completion::<HostMachine>::new(Class::EVENT), RawMutex::<HostMachine>::new(class!("test")));
    host.run(|| {
        host.kill(HostMachine::task());
        done.complete();
        assert_eq!(semaphore.down_interruptible(), Ok(()));
        assert_eq!(done.wait_killable(), Ok(()));
        assert_eq!(mutex.lock_killable(), Ok(()));
        assert_eq!(mutex.unlock(), Ok(()));
    });
    assert_eq!((semaphore.count(), done.is_done(), mutex.is_locked()), (0, false, false));
}

#[test]
fn a_deadline_ends_a_wait_and_not_earlier() {
    let (host, semaphore, done) =
        (Host::new(), Sem::new(Class::EVENT, 0), Completion::<HostMachine>::new(Class::EVENT));
    host.set_clock(Some(100));
    host.scope(|tasks| {
        let late = tasks.spawn(|| semaphore.down_timeout(50));
        until(|| semaphore.waiters() == 1);
        host.set_clock(Some(149));
        semaphore.up();
        assert_eq!(late.join().unwrap(), Ok(()), "one cycle is left");

        let late = tasks.spawn(|| (semaphore.down_timeout(50), done.wait_timeout(u64::MAX)));
        until(|| semaphore.waiters() == 1);
        host.set_clock(Some(199));
        until(|| done.waiters() == 1);
        done.complete();
        assert_eq!(late.join().unwrap(), (Err(Errno::ETIME), Ok(())));
        assert_eq!(tasks.spawn(|| done.wait_timeout(0)).join().unwrap(), Err(Errno::ETIME));
    });
    assert_eq!((semaphore.count(), semaphore.waiters(), done.is_done()), (0, 0, false));
}

#[test]
fn time_passes_by_itself() {
    let semaphore = Sem::new(Class::EVENT, 0);
    assert_eq!(semaphore.down_timeout(2_000_000), Err(Errno::ETIME));
}

/// A machine on which no time passes but while a task sleeps: until its deadline, or not at all.
struct Asleep;

/// What its clock shows.
static NOW: AtomicU64 = AtomicU64::new(100);

impl kcore::event::Events for Asleep {}

impl Cpu for Asleep {
    as_host!(Flag, cpu, irq_save, irq_restore, relax);
    fn cycles() -> u64 {
        NOW.load(Relaxed)
    }
}

impl Sched for Asleep {
    as_host!(task, wake, yield_now);
    fn block() {
        panic!("a sleep without an end");
    }
    fn block_until(deadline: u64) {
        NOW.store(deadline, Relaxed);
    }
}

#[test]
fn who_waits_for_a_time_sleeps_until_then() {
    let semaphore = Semaphore::<Asleep>::new(Class::EVENT, 0);
    assert_eq!((semaphore.down_timeout(50), NOW.load(Relaxed)), (Err(Errno::ETIME), 150));
    let queue = WaitQueue::<Asleep>::new(Class::EVENT);
    assert_eq!((queue.wait_event_timeout(|| false, 7), NOW.load(Relaxed)), (Err(Errno::ETIME), 157));
}

/// Gives the unit and sends the signal at once, when the task is in the queue and has not looked yet.
struct Both {
    host: Host,
    semaphore: Arc<Semaphore<HostMachine, Observed>>,
    events: Mutex<Vec<LockStep>>,
}

impl Listener for Both {
    fn on(&self, event: &Event) {
        let What::Lock(step, _) = event.what else { return };
        assert_eq!(event.at.file(), file!(), "the place is the caller's");
        self.events.lock().unwrap().push(step);
        if step == LockStep::Wait {
            self.host.interrupt(HostMachine::task());
            self.semaphore.up();
        }
    }
}

#[test]
fn whoever_was_granted_in_time_has_it() {
    let host = Host::new();
    let semaphore = Arc::new(Semaphore::new(Observed::new(NAME), 0));
    let both = Both { host: host.clone(), semaphore: semaphore.clone(), events: Mutex::default() };
    let both = Arc::new(both);
    host.listen(Kinds::POINTS_AND_LOCKS, both.clone());
    host.run(|| assert_eq!(semaphore.down_interruptible(), Ok(())));
    assert_eq!((semaphore.count(), semaphore.waiters()), (0, 0));
    let events = both.events.lock().unwrap();
    assert_eq!(events[..], [LockStep::Wait, LockStep::Release, LockStep::Acquired]);
}

#[derive(Default)]
struct Log(Mutex<Vec<(LockStep, usize)>>);

impl Listener for Log {
    fn on(&self, event: &Event) {
        let What::Lock(step, lock) = event.what else { return };
        assert_eq!(event.at.file(), file!(), "the place is the caller's");
        self.0.lock().unwrap().push((step, lock.address));
    }
}

#[test]
fn who_gives_up_says_so_and_counts_for_nothing() {
    use LockStep::{Acquired, GaveUp, Release, Wait};
    let (host, log) = (Host::new(), Arc::new(Log::default()));
    let semaphore: Semaphore<HostMachine, Observed> = Semaphore::new(Observed::new(NAME), 0);
    let mutex: RawMutex<HostMachine, Observed> = RawMutex::new(Observed::new(NAME));
    let queue: WaitQueue<HostMachine, Observed> = WaitQueue::new(Observed::new(NAME));
    host.listen(Kinds::POINTS_AND_LOCKS, log.clone());
    host.run(|| {
        mutex.lock();
        host.interrupt(HostMachine::task());
        assert_eq!(semaphore.down_interruptible(), Err(Errno::EINTR));
        assert_eq!(mutex.lock_interruptible(), Err(Errno::EINTR), "it is its own owner");
        assert_eq!(queue.wait_event_interruptible(|| false), Err(Errno::ERESTARTSYS));
        assert_eq!(mutex.unlock(), Ok(()));
    });
    let heard = log.0.lock().unwrap();
    let (s, m, q) = (semaphore.address(), mutex.address(), queue.address());
    let both = |address| [(Wait, address), (GaveUp, address)];
    // The signal was there before any task came to sleep in the queue.
    let in_queue = [(GaveUp, q)];
    assert_eq!(heard[..], [&[(Acquired, m)], &both(s)[..], &both(m), &in_queue, &[(Release, m)]].concat());
    assert_eq!((semaphore.stats().acquire, queue.stats().acquire, mutex.stats().acquire), (0, 0, 1));
}

/// What happens to a queue of sleepers.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A task comes.
    Arrive,
    /// The one at this place (modulo their number) gets a signal.
    Leave(usize),
    /// The first one is served.
    Serve,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Arrive),
        2 => (0..8usize).prop_map(Step::Leave),
        1 => Just(Step::Serve)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

    /// From the front, the middle and the end: each that stays is served in the order of arrival.
    #[test]
    fn waiters_leave_from_anywhere(steps in prop::collection::vec(step(), 1..24)) {
        let (host, semaphore) = (Host::new(), Sem::new(Class::EVENT, 0));
        host.scope(|tasks| {
            let mut queue = VecDeque::new();
            for step in steps.iter().chain(&[Step::Serve; 24]) {
                let (index, expected) = match step {
                    Step::Arrive => {
                        queue.push_back(spawn(&tasks, || semaphore.down_interruptible()));
                        until(|| semaphore.waiters() == queue.len());
                        continue;
                    }
                    _ if queue.is_empty() => continue,
                    Step::Leave(index) => (index % queue.len(), Err(Errno::EINTR)),
                    Step::Serve => (0, Ok(())),
                };
                let (id, task) = queue.remove(index).expect("the index was reduced");
                match expected {
                    Ok(()) => semaphore.up(),
                    Err(_) => host.interrupt(id),
                }
                assert_eq!(task.join().unwrap(), expected);
                assert_eq!(semaphore.waiters(), queue.len());
            }
        });
        assert_eq!(semaphore.count(), 0);
    }
}

/// A wait that cannot fail, as one that can.
fn nothing_ends(wait: impl FnOnce()) -> Result<(), Errno> {
    wait();
    Ok(())
}

/// A small generator.
fn random(seed: usize) -> impl FnMut(usize) -> usize {
    let mut seed = seed as u64;
    move |n| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    }
}

/// Tasks that go in and out, with waits of all kinds, while signals come from outside; `enter` says whether
/// it got in.
fn under_fire(units: usize, enter: impl Fn(usize) -> bool + Sync, leave: impl Fn() + Sync) {
    let (host, over) = (Host::new(), AtomicBool::new(false));
    let (inside, entered) = (AtomicUsize::new(0), AtomicUsize::new(0));
    host.scope(|tasks| {
        let (enter, leave, inside, entered) = (&enter, &leave, &inside, &entered);
        let users = (0..TASKS).map(|index| {
            spawn(&tasks, move || {
                let mut random = random(index);
                for _ in 0..ROUNDS {
                    if enter(random(4)) {
                        assert!(inside.fetch_add(1, Relaxed) < units, "more inside than there are units");
                        entered.fetch_add(1, Relaxed);
                        if random(4) == 0 {
                            HostMachine::yield_now();
                        }
                        inside.fetch_sub(1, Relaxed);
                        leave();
                    }
                    if random(2) == 0 {
                        HostMachine::take_signal();
                    }
                }
            })
        });
        let users: Vec<_> = users.collect();
        let (host, over) = (&host, &over);
        let ids: Vec<_> = users.iter().map(|user| user.0).collect();
        tasks.spawn(move || {
            let mut random = random(TASKS);
            while !over.load(Relaxed) {
                let task = ids[random(ids.len())];
                match random(8) {
                    0 => host.kill(task),
                    _ => host.interrupt(task),
                }
                HostMachine::yield_now();
            }
        });
        let results: Vec<_> = users.into_iter().map(|user| user.1.join()).collect();
        over.store(true, Relaxed);
        results.into_iter().for_each(|result| result.unwrap());
    });
    // The waits that nothing ends got in at least, in a quarter of all cases.
    assert!(entered.into_inner() > TASKS * ROUNDS / 8);
}

#[test]
fn a_semaphore_under_fire_keeps_its_units() {
    let semaphore: Semaphore<HostMachine, Counted> = Semaphore::new(Counted::new(NAME), 2);
    let entered = AtomicUsize::new(0);
    let enter = |kind| {
        let taken = match kind {
            0 => nothing_ends(|| semaphore.down()),
            1 => semaphore.down_interruptible(),
            2 => semaphore.down_killable(),
            _ => semaphore.down_timeout(1_000),
        };
        entered.fetch_add(usize::from(taken.is_ok()), Relaxed);
        taken.is_ok()
    };
    under_fire(2, enter, || semaphore.up());
    assert_eq!((semaphore.count(), semaphore.waiters()), (2, 0));
    assert_eq!(semaphore.stats().acquire, entered.into_inner() as u64);
}

#[test]
fn a_token_under_fire_stays_one() {
    let token = Completion::<HostMachine>::new(Class::EVENT);
    token.complete();
    let enter = |kind| match kind {
        0 => token.try_wait() || nothing_ends(|| token.wait()).is_ok(),
        1 => token.wait_interruptible().is_ok(),
        2 => token.wait_killable().is_ok(),
        _ => token.wait_timeout(1_000).is_ok(),
    };
    under_fire(1, enter, || token.complete());
    assert!(token.try_wait() && !token.try_wait());
    assert_eq!(token.waiters(), 0);
}

#[test]
fn a_mutex_under_fire_has_one_owner() {
    let mutex = RawMutex::<HostMachine>::new(class!("test"));
    let enter = |kind| match kind {
        0 => nothing_ends(|| mutex.lock()).is_ok(),
        1 => mutex.lock_interruptible().is_ok(),
        2 => mutex.lock_killable().is_ok(),
        _ => mutex.try_lock(),
    };
    under_fire(1, enter, || mutex.unlock().expect("it is ours"));
    assert_eq!((mutex.owner(), mutex.waiters()), (None, 0));
}
