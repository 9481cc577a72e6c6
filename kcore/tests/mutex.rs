//! The mutex on a machine of threads: its holder, tasks that may not give it back, and none starves.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use kcore::as_host;
use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Class, LockName, Waiting};
use kcore::host::{Host, HostMachine, until};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::sync::{Counted, Mutex, Observed, Own, RawMutex, Watch, Watched};

const TASKS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 25 } else { 20_000 };

const NAME: LockName = LockName { name: "test.lock", class: class!("test"), waiting: Waiting::Sleeps };

type Raw<W = Class> = RawMutex<HostMachine, W>;

#[test]
fn mutex_excludes() {
    fn with<W: Watch<HostMachine, Wait: Send> + Sync + Send>(watch: W) {
        let mutex: Mutex<usize, HostMachine, W> = Mutex::of(watch, 0);
        Host::new().tasks(TASKS, |_| {
            for _ in 0..ROUNDS {
                let mut value = mutex.lock();
                let old = *value;
                // Another task looks at it meanwhile, and some come to sleep.
                if old.is_multiple_of(16) {
                    HostMachine::yield_now();
                }
                *value = old + 1;
            }
        });
        assert_eq!(mutex.waiters(), 0);
        assert_eq!(mutex.into_inner(), TASKS * ROUNDS);
    }
    with(class!("test"));
    with(Counted::new(NAME));
    with(Observed::new(NAME));
}

#[test]
fn mutexes_can_be_statics() {
    static MUTEX: Mutex<u32, HostMachine> = Mutex::new(Own(class!("test")), 1);
    static COUNTED: Mutex<u32, HostMachine, Counted> = Mutex::new(Counted::new(NAME), 2);
    static OBSERVED: Mutex<u32, HostMachine, Observed> = Mutex::new(Observed::new(NAME), 3);
    assert_eq!(*MUTEX.lock() + *COUNTED.lock() + *OBSERVED.lock(), 6);
    assert_eq!(COUNTED.stats().acquire, 1);
}

#[test]
fn a_guard_is_the_right_to_the_value() {
    let mut mutex: Mutex<u32, HostMachine> = Mutex::new(Own(class!("test")), 1);
    let guard = mutex.lock();
    assert!(mutex.is_locked());
    assert!(mutex.try_lock().is_none());
    assert_eq!(mutex.lock_checked().err(), Some(Errno::EDEADLK));
    drop(guard);
    assert!(!mutex.is_locked());
    *mutex.lock_checked().unwrap() += 1;
    *mutex.lock_interruptible().unwrap() += 1;
    *mutex.lock_killable().unwrap() += 1;
    *mutex.get_mut() += 1;
    assert_eq!(mutex.try_lock().map(|value| *value), Some(5));
}

#[test]
fn only_the_owner_gives_it_back() {
    let (host, mutex) = (Host::new(), Raw::<Counted>::new(Counted::new(NAME)));
    host.scope(|tasks| {
        assert_eq!(mutex.unlock(), Err(Errno::EPERM), "nobody has it");
        mutex.lock();
        let owner = Some(HostMachine::task());
        assert_eq!(tasks.spawn(|| mutex.unlock()).join().unwrap(), Err(Errno::EPERM));
        assert_eq!((mutex.owner(), mutex.is_mine()), (owner, true));
        assert!(!tasks.spawn(|| mutex.try_lock() || mutex.is_mine()).join().unwrap());
        assert_eq!(mutex.unlock(), Ok(()));
        assert_eq!(mutex.unlock(), Err(Errno::EPERM), "not twice");
    });
    assert_eq!((mutex.owner(), mutex.stats().acquire), (None, 1));
}

#[test]
fn an_error_of_the_owner_leaves_no_trace() {
    let (host, mutex) = (Host::new(), Raw::new(class!("test")));
    host.run(|| {
        mutex.lock();
        assert_eq!(mutex.lock_checked(), Err(Errno::EDEADLK));
        assert_eq!(mutex.unlock(), Ok(()), "once is enough");
        assert!(!mutex.is_locked());
    });
}

#[test]
fn whoever_sleeps_is_woken() {
    let (host, mutex) = (Host::new(), Raw::<Counted>::new(Counted::new(NAME)));
    host.scope(|tasks| {
        mutex.lock();
        for _ in 0..TASKS {
            tasks.spawn(|| {
                mutex.lock();
                mutex.unlock()
            });
        }
        until(|| mutex.waiters() == TASKS);
        assert_eq!(mutex.unlock(), Ok(()));
    });
    let stats = mutex.stats();
    assert_eq!((mutex.owner(), mutex.waiters(), stats.acquire), (None, 0, 1 + TASKS as u64));
    assert!(stats.test_and_set >= TASKS as u64, "{stats:?}");
}

#[test]
fn whoever_sleeps_is_counted() {
    let (host, mutex) = (Host::new(), Mutex::<u32, HostMachine>::new(Own(class!("test")), 0));
    host.scope(|tasks| {
        let guard = mutex.lock();
        for sleepers in 1..=2 {
            tasks.spawn(|| *mutex.lock() += 1);
            until(|| mutex.waiters() == sleepers);
        }
        drop(guard);
    });
    assert_eq!((mutex.waiters(), mutex.into_inner()), (0, 2));
}

/// It looks how long the list is, allocates when it has given the mutex back, and looks again.
#[test]
fn a_copy_is_allocated_while_the_mutex_is_free() {
    let copies = |list: Vec<u32>| {
        let mutex: Mutex<Vec<u32>, HostMachine, Counted> = Mutex::new(Counted::new(NAME), list.clone());
        assert_eq!(mutex.copy_of(|list| list), list);
        mutex.stats().acquire
    };
    assert_eq!(copies(vec![1, 2, 3]), 2);
    assert_eq!(copies(vec![]), 1, "nothing to allocate");
}

/// Times that a task has gone to sleep, and that the lock was snatched away.
static SLEEPS: AtomicUsize = AtomicUsize::new(0);
static SNATCHED: AtomicUsize = AtomicUsize::new(0);

/// A machine on which a task that is woken comes too late: the one that woke it has done its next step
/// before.
struct Tardy;

impl kcore::event::Events for Tardy {}

impl Cpu for Tardy {
    as_host!(Flag, cpu, irq_save, irq_restore, relax, cycles);
}

impl Sched for Tardy {
    as_host!(task, wake, yield_now);
    fn block() {
        let round = SLEEPS.fetch_add(1, Relaxed);
        HostMachine::block();
        until(|| SNATCHED.load(Relaxed) > round);
    }
    fn block_until(_deadline: u64) {
        Tardy::block();
    }
}

/// One task gives the mutex back and takes it again at once, always before the sleeper that it wakes has
/// looked. In the end the sleeper is handed it.
#[test]
fn a_sleeper_that_loses_too_often_is_handed_it() {
    const PATIENCE: usize = 10;
    let (host, mutex) = (Host::new(), RawMutex::<Tardy>::new(class!("test")));
    let snatched = host.scope(|tasks| {
        mutex.lock();
        let sleeper = tasks.spawn(|| {
            mutex.lock();
            mutex.unlock()
        });
        let mut snatched = 0;
        loop {
            until(|| SLEEPS.load(Relaxed) == snatched + 1);
            assert_eq!(mutex.unlock(), Ok(()));
            let again = mutex.try_lock();
            SNATCHED.fetch_add(1, Relaxed);
            if !again {
                break;
            }
            snatched += 1;
            if snatched > PATIENCE {
                assert_eq!(mutex.unlock(), Ok(()));
                break;
            }
        }
        SNATCHED.store(usize::MAX, Relaxed);
        assert_eq!(sleeper.join().unwrap(), Ok(()));
        snatched
    });
    assert!((1..=PATIENCE).contains(&snatched), "it was snatched {snatched} times");
    assert_eq!((mutex.owner(), mutex.waiters()), (None, 0));
}

/// How often a task has spun, or slept, on the machine below.
static SPINS: AtomicUsize = AtomicUsize::new(0);
static BLOCKS: AtomicUsize = AtomicUsize::new(0);
static OWNER_RUNS: AtomicBool = AtomicBool::new(true);
static FREE: AtomicBool = AtomicBool::new(false);

/// A machine on which a task that spins for a mutex finds it free after that.
struct Lucky;

impl kcore::event::Events for Lucky {}

impl Cpu for Lucky {
    as_host!(Flag, cpu, irq_save, irq_restore, cycles);
    fn relax() {
        SPINS.fetch_add(1, Relaxed);
        until(|| FREE.load(Relaxed));
    }
}

impl Sched for Lucky {
    as_host!(task, wake, yield_now);
    fn block() {
        BLOCKS.fetch_add(1, Relaxed);
        HostMachine::block();
    }
    fn block_until(_deadline: u64) {
        Lucky::block();
    }
    fn is_running(_task: TaskId) -> bool {
        OWNER_RUNS.load(Relaxed)
    }
}

/// As long as the owner runs, it may give the mutex back at any moment: a task that wants it looks again
/// before it sleeps.
#[test]
fn who_finds_it_taken_spins_only_while_the_owner_runs() {
    for runs in [true, false] {
        OWNER_RUNS.store(runs, Relaxed);
        FREE.store(false, Relaxed);
        let spins_and_blocks = || (SPINS.load(Relaxed), BLOCKS.load(Relaxed));
        let before = spins_and_blocks();
        let mutex = RawMutex::<Lucky, Counted>::new(Counted::new(NAME));
        Host::new().scope(|tasks| {
            mutex.lock();
            let waiter = tasks.spawn(|| {
                mutex.lock();
                mutex.unlock()
            });
            until(|| spins_and_blocks() != before);
            assert_eq!(mutex.unlock(), Ok(()));
            FREE.store(true, Relaxed);
            assert_eq!(waiter.join().unwrap(), Ok(()));
        });
        let (spins, blocks) = spins_and_blocks();
        let expected = if runs { (before.0 + 1, before.1) } else { (before.0, before.1 + 1) };
        assert_eq!((spins, blocks), expected);
        // Its first attempt, and the look before it slept. What it found free it has taken.
        assert_eq!(mutex.stats().test_and_set, if runs { 1 } else { 2 });
    }
}
