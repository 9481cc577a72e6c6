//! What locks count and tell, on a machine of threads whose clock stands where the test puts it.

use std::cell::Cell;
use std::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex};

use kcore::as_host;
use kcore::class;
use kcore::event::{Class, Event, Events, Kinds, LockName, LockStep, Site, Waiting, What};
use kcore::host::{Host, HostMachine, Listener, until};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::shared::Shared;
use kcore::sync::{
    BrokenSpinLock, Completion, Counted, CpuOwnedLock, Observed, RwLock, RwSemaphore, Semaphore, SpinLock,
    Statistics, WaitQueue, Watch, Watched,
};

const TASKS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 25 } else { 20_000 };

const NAME: LockName = LockName { name: "test.lock", class: class!("test"), waiting: Waiting::Spins };

static READY: Site = Site::new("ready");

type Spin<T, W = Class> = SpinLock<T, HostMachine, W>;
type Sem<W = Class> = Semaphore<HostMachine, W>;
type Done<W = Class> = Completion<HostMachine, W>;

#[test]
fn spinlock_counts() {
    let (host, log) = (Host::new(), Arc::new(Log::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, log.clone());
    host.set_clock(Some(100));
    let lock: Spin<(), Observed> = SpinLock::new(Observed::new(NAME), ());
    host.scope(|tasks| {
        let guard = lock.lock();
        host.set_clock(Some(110));
        tasks.spawn(|| drop(lock.lock()));
        until(|| log.0.lock().unwrap().iter().any(|heard| heard.0 == LockStep::Wait));
        host.set_clock(Some(150));
        drop(guard);
    });
    let stats = lock.stats();
    assert_eq!((&*stats.name, stats.acquire), ("test.lock", 2));
    assert_eq!((stats.hold_cycles, stats.wait_cycles), (50, 40));
    assert!(stats.test_and_set >= 1, "{stats:?}");
    assert!(lock.try_lock().is_some());
    assert_eq!(lock.stats().acquire, 3);
}

/// Gives a broken lock back whenever a task waits for it, and takes it away again at the second look.
struct Snatcher {
    lock: Arc<BrokenSpinLock>,
    looks: AtomicU32,
    waits: AtomicU32,
}

impl Listener for Snatcher {
    fn on(&self, event: &Event) {
        if event.is("lock.load") && self.looks.fetch_add(1, Relaxed) == 2 {
            self.lock.acquire::<HostMachine>();
        }
        if let What::Lock(LockStep::Wait, _) = event.what {
            self.waits.fetch_add(1, Relaxed);
            self.lock.release::<HostMachine>();
        }
    }
}

/// A task that looked, was too late and spins again is not one that goes on: a rendezvous would wait for it
/// for ever.
#[test]
fn a_broken_lock_tells_of_each_wait() {
    let (host, lock) = (Host::new(), Arc::new(BrokenSpinLock::new(NAME)));
    let snatcher = Snatcher { lock: lock.clone(), looks: AtomicU32::new(0), waits: AtomicU32::new(0) };
    let snatcher = Arc::new(snatcher);
    host.listen(Kinds::POINTS_AND_LOCKS, snatcher.clone());
    host.run(|| {
        lock.acquire::<HostMachine>();
        lock.acquire::<HostMachine>();
    });
    assert_eq!(snatcher.waits.load(Relaxed), 2);
}

/// Hears what came last.
#[derive(Default)]
struct Last(AtomicU32);

const TESTED: u32 = 1;
const WAITS: u32 = 2;

impl Listener for Last {
    fn on(&self, event: &Event) {
        match event.what {
            What::Access(_) => self.0.store(TESTED, Relaxed),
            What::Lock(LockStep::Wait, _) => self.0.store(WAITS, Relaxed),
            _ => {}
        }
    }
}

/// To test the condition is an access to shared memory, which a task makes that runs. A rendezvous would wait
/// for it for ever, if it were not told that the task goes to sleep after that.
#[test]
fn a_wait_queue_tells_of_each_sleep() {
    let (host, last) = (Host::new(), Arc::new(Last::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, last.clone());
    let queue: WaitQueue<HostMachine, Observed> = WaitQueue::new(Observed::new(NAME));
    let ready = Shared::new(0_usize);
    let tests = AtomicU32::new(0);
    host.scope(|tasks| {
        tasks.spawn(|| {
            queue.wait_event(|| {
                tests.fetch_add(1, Relaxed);
                ready.load::<HostMachine>(&READY) > 0
            });
        });
        for wake_ups in 0..3 {
            until(|| tests.load(Relaxed) > 1 + wake_ups && queue.waiters() == 1);
            until(|| last.0.load(Relaxed) == WAITS);
            queue.wake_up();
        }
        ready.set_up(1);
        queue.wake_up();
    });
}

#[test]
fn every_acquisition_is_counted() {
    let lock: Spin<(), Counted> = SpinLock::new(Counted::new(NAME), ());
    let semaphore: Sem<Counted> = Semaphore::new(Counted::new(NAME), 1);
    Host::new().tasks(TASKS, |_| {
        for _ in 0..ROUNDS {
            drop(lock.lock());
            semaphore.down();
            semaphore.up();
        }
    });
    assert_eq!(lock.stats().acquire, (TASKS * ROUNDS) as u64);
    assert_eq!(semaphore.stats().acquire, (TASKS * ROUNDS) as u64);
}

#[test]
fn sleepers_are_counted_by_who_grants_them() {
    let host = Host::new();
    host.set_clock(Some(100));
    let semaphore: Sem<Counted> = Semaphore::new(Counted::new(NAME), 1);
    host.scope(|tasks| {
        semaphore.down();
        tasks.spawn(|| semaphore.down());
        until(|| semaphore.waiters() == 1);
        host.set_clock(Some(130));
        semaphore.up();
    });
    host.set_clock(Some(135));
    host.run(|| semaphore.up());
    let stats = semaphore.stats();
    assert_eq!((stats.acquire, stats.test_and_set), (2, 1));
    assert_eq!((stats.hold_cycles, stats.wait_cycles), (35, 30));
}

#[test]
fn units_are_held_by_each_of_their_holders() {
    let host = Host::new();
    let semaphore: Sem<Counted> = Semaphore::new(Counted::new(NAME), 2);
    let at = |cycles, call: fn(&Sem<Counted>)| {
        host.set_clock(Some(cycles));
        host.run(|| call(&semaphore));
    };
    at(100, Semaphore::down);
    at(110, Semaphore::down);
    at(115, Semaphore::up);
    at(140, Semaphore::up);
    assert_eq!(semaphore.stats().hold_cycles, 10 + 2 * 5 + 25);
}

/// Only a wait that did not find its condition true at once is one.
#[test]
fn waits_for_a_condition_are_counted() {
    fn with<W: Watch<HostMachine> + Statistics + Sync>(watch: W) {
        let (host, queue) = (Host::new(), WaitQueue::<HostMachine, W>::from_flag(false.into(), watch));
        host.set_clock(Some(100));
        let ready = AtomicBool::new(false);
        host.scope(|tasks| {
            queue.wait_event(|| true);
            assert_eq!(queue.stats().acquire, 0);
            let waiter = tasks.spawn(|| queue.wait_event(|| ready.load(SeqCst)));
            until(|| queue.waiters() == 1);
            assert!(queue.is_active());
            assert_eq!(queue.wake_up(), 1);
            until(|| queue.waiters() == 1);
            host.set_clock(Some(130));
            ready.store(true, SeqCst);
            queue.wake_up();
            waiter.join().unwrap();
        });
        assert!(!queue.is_active());
        let stats = queue.stats();
        assert_eq!((&*stats.name, stats.acquire, stats.test_and_set), (NAME.name, 1, 2));
        assert_eq!((stats.hold_cycles, stats.wait_cycles), (0, 30));
    }
    with(Counted::new(NAME));
    with(Observed::new(NAME));
}

/// How often a task has said that it spins.
static SPINS: AtomicU32 = AtomicU32::new(0);

/// A machine that counts that.
struct Spinning;

impl Cpu for Spinning {
    as_host!(Flag, cpu, irq_save, irq_restore, relax, cycles);
}

impl Events for Spinning {
    fn spinning() {
        SPINS.fetch_add(1, Relaxed);
    }
}

/// A watchdog that has given a spinner up gets hold of it that way.
#[test]
fn who_spins_for_an_observed_lock_says_so_again_and_again() {
    let lock: SpinLock<u32, Spinning, Observed> = SpinLock::new(Observed::new(NAME), 0);
    Host::new().scope(|tasks| {
        let guard = lock.lock();
        assert_eq!(SPINS.load(Relaxed), 0, "it was free");
        tasks.spawn(|| *lock.lock() += 1);
        until(|| SPINS.load(Relaxed) > 3);
        drop(guard);
    });
    assert_eq!(lock.into_inner(), 1);
}

#[test]
fn nobody_holds_what_never_ends() {
    let host = Host::new();
    let done: Done<Counted> = Completion::new(Counted::new(NAME));
    let at = |cycles, call: fn(&Done<Counted>)| {
        host.set_clock(Some(cycles));
        host.run(|| call(&done));
    };
    at(100, Completion::complete_all);
    at(110, Completion::wait);
    at(120, Completion::wait);
    at(130, Completion::complete);
    let stats = done.stats();
    assert_eq!((stats.acquire, stats.hold_cycles), (2, 0));
}

/// What a listener heard, and where from.
#[derive(Default)]
struct Log(Mutex<Vec<(LockStep, &'static str, usize, u32)>>);

impl Listener for Log {
    fn on(&self, event: &Event) {
        let (What::Lock(step, lock), location) = (event.what, event.at) else { return };
        assert_eq!(location.file(), file!(), "the place is the caller's");
        self.0.lock().unwrap().push((step, lock.name.name, lock.address, location.line()));
    }
}

#[test]
fn observed_locks_tell() {
    use LockStep::{Acquired, Release, Wait};
    let (host, log) = (Host::new(), Arc::new(Log::default()));
    let lock: Spin<u8, Observed> = SpinLock::new(Observed::new(NAME), 0);
    let semaphore: Sem<Observed> = Semaphore::new(Observed::new(NAME), 1);
    host.run(|| drop(lock.lock()));
    assert!(log.0.lock().unwrap().is_empty(), "nobody listens yet");

    host.listen(Kinds::POINTS_AND_LOCKS, log.clone());
    let line = line!() + 1;
    host.run(|| drop(lock.lock()));
    let heard = std::mem::take(&mut *log.0.lock().unwrap());
    let tell = |event| (event, "test.lock", lock.address(), line);
    assert_eq!(heard, [tell(Acquired), tell(Release)]);

    host.run(|| semaphore.down());
    host.scope(|tasks| {
        tasks.spawn(|| semaphore.down());
        until(|| log.0.lock().unwrap().last().is_some_and(|heard| heard.0 == Wait));
        tasks.spawn(|| semaphore.up());
    });
    let heard: Vec<_> = log.0.lock().unwrap().iter().map(|heard| (heard.0, heard.2)).collect();
    let tell = |event| (event, semaphore.address());
    assert_eq!(heard, [tell(Acquired), tell(Wait), tell(Release), tell(Acquired)]);

    log.0.lock().unwrap().clear();
    host.listen(Kinds::empty(), log.clone());
    host.run(|| drop(lock.lock()));
    assert!(log.0.lock().unwrap().is_empty(), "it does not listen any more");
}

fn two(name: LockName) -> [Observed; 2] {
    [name; 2].map(Observed::new)
}

/// Two locks of a kind are told apart by where they are.
#[test]
fn each_lock_tells_where_it_is() {
    fn tell<L>(locks: [L; 2], address: impl Fn(&L) -> usize, use_it: impl Fn(&L)) {
        let (host, log) = (Host::new(), Arc::new(Log::default()));
        host.listen(Kinds::POINTS_AND_LOCKS, log.clone());
        host.run(|| locks.iter().for_each(&use_it));
        let lies_in = |lock: &L, address: usize| {
            let start = std::ptr::from_ref(lock).addr();
            (start..start + size_of::<L>()).contains(&address)
        };
        let heard: Vec<usize> = log.0.lock().unwrap().iter().map(|heard| heard.2).collect();
        let (one, other) = heard.split_at(heard.len() / 2);
        for (lock, heard) in [(&locks[0], one), (&locks[1], other)] {
            assert!(lies_in(lock, address(lock)) && !heard.is_empty());
            assert!(heard.iter().all(|heard| *heard == address(lock)), "{heard:x?}");
        }
    }
    let name = LockName { waiting: Waiting::Sleeps, ..NAME };
    tell([NAME; 2].map(BrokenSpinLock::new), BrokenSpinLock::address, |lock| {
        lock.acquire::<HostMachine>();
        lock.release::<HostMachine>();
    });
    tell(two(name).map(CpuOwnedLock::<HostMachine, Observed>::new), CpuOwnedLock::address, |lock| {
        lock.acquire();
        lock.release();
    });
    tell(two(name).map(Done::<Observed>::new), Completion::address, |done| {
        done.complete();
        done.wait();
    });
    tell(two(name).map(|watch| Sem::new(watch, 1)), Semaphore::address, |semaphore| {
        semaphore.down();
        semaphore.up();
    });
    tell(two(name).map(RwSemaphore::<HostMachine, Observed>::new), RwSemaphore::address, |semaphore| {
        semaphore.down_write();
        semaphore.up_write();
    });
    tell(
        two(name).map(|watch| kcore::sync::Mutex::<_, HostMachine, _>::new(watch, 0)),
        kcore::sync::Mutex::address,
        |mutex| drop(mutex.lock()),
    );
    tell(two(NAME).map(|watch| Spin::new(watch, 0)), SpinLock::address, |lock| drop(lock.lock()));
    tell(two(NAME).map(|watch| RwLock::<_, HostMachine, _>::new(watch, 0)), RwLock::address, |lock| {
        drop(lock.write())
    });
    let name = LockName { waiting: Waiting::Event, ..NAME };
    tell(two(name).map(WaitQueue::<HostMachine, Observed>::new), WaitQueue::address, |queue| {
        let looks = Cell::new(0);
        queue.wait_event(|| {
            looks.set(looks.get() + 1);
            // Kept for the sleep, after which it looks for the third time.
            HostMachine::wake(HostMachine::task());
            looks.get() > 2
        });
    });
}

/// Wakes a waiter while its granter is still inside, and lets the granter wait until it has left or can come
/// no further.
#[derive(Default)]
struct Early {
    waiter: AtomicU32,
    has_left: AtomicBool,
    is_at_the_door: AtomicBool,
    left_early: AtomicBool,
}

impl Listener for Early {
    fn on(&self, event: &Event) {
        if event.is("seeing-off") {
            self.is_at_the_door.store(true, SeqCst);
        }
        if event.is("granted") {
            HostMachine::wake(TaskId(self.waiter.load(SeqCst)));
            until(|| self.has_left.load(SeqCst) || self.is_at_the_door.load(SeqCst));
            self.left_early.store(self.has_left.load(SeqCst), SeqCst);
        }
    }
}

/// Whether a waiter can return while its granter is still inside, if it wakes early.
fn leaves_early(wait: impl Fn() + Sync, is_awaited: impl Fn() -> bool, grant: impl Fn()) -> bool {
    let (host, early) = (Host::new(), Arc::new(Early::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, early.clone());
    host.scope(|tasks| {
        tasks.spawn(|| {
            early.waiter.store(HostMachine::task().0, SeqCst);
            wait();
            early.has_left.store(true, SeqCst);
        });
        until(is_awaited);
        grant();
    });
    early.left_early.load(SeqCst)
}

/// R21: why there are completions.
#[test]
fn who_waits_for_a_completion_sees_off_who_completes() {
    let name = LockName { waiting: Waiting::Event, ..NAME };
    let semaphore: Sem<Observed> = Semaphore::new(Observed::new(name), 0);
    assert!(leaves_early(|| semaphore.down(), || semaphore.waiters() == 1, || semaphore.up()));
    let done: Done<Observed> = Completion::new(Observed::new(name));
    assert!(!leaves_early(|| done.wait(), || done.waiters() == 1, || done.complete()));
}
