//! What a task holds: observed locks, and mutexes of the machine's own on a machine on which a task can die
//! with some in its hand.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use kcore::as_host;
use kcore::class;
use kcore::event::{LockId, LockName, LockStep, Mode, Waiting};
use kcore::holds::Held;
use kcore::host::{Host, HostMachine, until};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::place::Place;
use kcore::sync::{Mutex, RawMutex};

thread_local! {
    /// Those of the thread's task.
    static HELD: &'static Held = Box::leak(Box::new(Held::none()));
    /// How often it has taken one.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    /// Where it says which task is dead.
    static DEAD: Cell<Option<&'static AtomicU32>> = const { Cell::new(None) };
    /// What is done when the thread's task has just learned that.
    static MEANWHILE: Cell<Option<Box<dyn FnOnce()>>> = const { Cell::new(None) };
    /// In whose name the thread acts; none: its own task's.
    static ACTS_FOR: Cell<Option<TaskId>> = const { Cell::new(None) };
}

struct Mortal;

impl kcore::event::Events for Mortal {}

impl Cpu for Mortal {
    as_host!(Flag, cpu, irq_save, irq_restore, relax, cycles);
}

impl Sched for Mortal {
    as_host!(block, block_until, wake, yield_now);
    fn task() -> TaskId {
        ACTS_FOR.get().unwrap_or_else(HostMachine::task)
    }
    fn held() -> Option<&'static Held> {
        Some(HELD.with(|held| *held))
    }
    fn took_own() {
        TAKEN.set(TAKEN.get() + 1);
    }
    fn gives_up(owner: TaskId) -> bool {
        let is_dead = DEAD.get().is_some_and(|dead| dead.load(SeqCst) == owner.0);
        if is_dead && let Some(meanwhile) = MEANWHILE.take() {
            meanwhile();
        }
        is_dead
    }
    fn give_up() -> ! {
        // Not as a failure that is printed.
        std::panic::resume_unwind(Box::new("gave up"))
    }
}

fn held() -> &'static Held {
    HELD.with(|held| *held)
}

type Own = Mutex<u32, Mortal>;

fn own(value: u32) -> Own {
    Mutex::new(kcore::sync::Own(class!("test")), value)
}

#[test]
fn a_task_knows_what_it_has() {
    let (one, other) = (own(1), own(2));
    assert_eq!(held().own(), 0);
    let first = one.lock();
    assert_eq!((held().own(), (held().own() == 0), TAKEN.get()), (1, false, 1));
    let second = other.try_lock().expect("it is free");
    assert_eq!((held().own(), TAKEN.get()), (2, 2));
    assert!(one.try_lock().is_none() && other.lock_checked().is_err());
    assert_eq!((held().own(), TAKEN.get()), (2, 2), "what it did not get does not count");
    // Not in the order in which they were taken.
    drop(first);
    assert_eq!(held().own(), 1);
    drop(second);
    assert_eq!((held().own(), (held().own() == 0), TAKEN.get()), (0, true, 2));
}

#[test]
fn those_beyond_the_list_are_counted() {
    let mutexes: Vec<Own> = (0..15).map(own).collect();
    let mut guards: Vec<_> = mutexes.iter().map(Mutex::lock).collect();
    assert_eq!((held().own(), held().own_are_known()), (15, false));
    let last = guards.split_off(12);
    drop(last);
    assert_eq!((held().own(), held().own_are_known()), (12, true), "there is room for twelve");
    let beyond = mutexes[14].lock();
    assert_eq!((held().own(), held().own_are_known()), (13, false));
    // A place becomes free, and the next has it; the one beyond is given back as one beyond.
    guards.pop();
    assert_eq!(held().own(), 12);
    guards.push(mutexes[13].lock());
    drop(beyond);
    assert_eq!((held().own(), held().own_are_known()), (12, true));
    drop(guards);
    assert_eq!(held().own(), 0);
}

/// The death of a task with three in its hand: each is given back, and the last one first.
#[test]
fn what_the_dead_had_is_given_back() {
    let mutexes = [own(0), own(1), own(2)];
    Host::new().scope(|tasks| {
        let lines = tasks.spawn(|| {
            let here = Place::caller().line();
            let _first = ManuallyDrop::new(mutexes[0].lock());
            let _second = ManuallyDrop::new(mutexes[1].lock());
            let _third = ManuallyDrop::new(mutexes[2].lock());
            let mut lines = Vec::new();
            // SAFETY: the mutexes are of this machine and live, and their guards are neither used nor
            // dropped.
            unsafe { held().give_back_own::<Mortal>(|at| lines.push(at.line() - here)) };
            assert_eq!(held().own(), 0);
            lines
        });
        assert_eq!(lines.join().unwrap(), [3, 2, 1]);
    });
    assert!(mutexes.iter().all(|mutex| mutex.try_lock().is_some()));
}

/// A task takes `mutex` and ends. Another sleeps for it, with `meanwhile` to be done when it learns that the
/// owner is dead; and whether it has got the mutex then.
fn waits_for_the_dead(
    mutex: &'static RawMutex<Mortal>,
    meanwhile: impl FnOnce(TaskId) + Send + 'static,
) -> bool {
    let (host, dead) = (Host::new(), &*Box::leak(Box::new(AtomicU32::new(u32::MAX))));
    host.scope(|tasks| {
        let owner = tasks.spawn(|| {
            mutex.lock();
            HostMachine::task()
        });
        let owner = owner.join().unwrap();
        let (tell, told) = std::sync::mpsc::channel();
        let waiter = tasks.spawn(move || {
            tell.send(HostMachine::task()).unwrap();
            DEAD.set(Some(dead));
            MEANWHILE.set(Some(Box::new(move || meanwhile(owner))));
            catch_unwind(AssertUnwindSafe(|| mutex.lock())).is_ok()
        });
        let waiting = told.recv().unwrap();
        until(|| mutex.waiters() == 1);
        dead.store(owner.0, SeqCst);
        HostMachine::wake(waiting);
        waiter.join().unwrap()
    })
}

/// A task that sleeps for a mutex of a dead one is told: nothing of it stays in the queue.
#[test]
fn who_waits_for_the_dead_gives_up() {
    let mutex = Box::leak(Box::new(RawMutex::new(class!("test"))));
    assert!(!waits_for_the_dead(mutex, |_| {}));
    assert_eq!((mutex.waiters(), mutex.is_locked()), (0, true));
}

/// Unless it is given back in the name of the dead before the task has left.
#[test]
fn who_is_woken_in_the_name_of_the_dead_does_not_give_up() {
    let mutex = &*Box::leak(Box::new(RawMutex::new(class!("test"))));
    let got = waits_for_the_dead(mutex, |dead| {
        ACTS_FOR.set(Some(dead));
        assert_eq!(mutex.unlock(), Ok(()));
        ACTS_FOR.set(None);
    });
    assert!(got);
    assert_eq!((mutex.waiters(), mutex.is_locked()), (0, true));
}

fn observed(name: &'static str, address: usize, waiting: Waiting) -> LockId {
    LockId { address, name: LockName { name, class: class!("test"), waiting }, mode: Mode::Exclusive }
}

fn names(held: &Held) -> Vec<&'static str> {
    held.observed().map(|lock| lock.name).collect()
}

#[test]
fn observed_locks_are_known_innermost_first() {
    let (held, at) = (Held::none(), Place::caller());
    let (sem, spin) = (observed("sem", 16, Waiting::Sleeps), observed("spin", 32, Waiting::Spins));
    let event = observed("event", 48, Waiting::Event);
    for lock in [&sem, &spin, &event] {
        held.step(LockStep::Wait, lock, at);
        held.step(LockStep::Acquired, lock, at);
    }
    assert_eq!(names(&held), ["spin", "sem"], "an event is none that a task has");
    let first = held.observed().next().expect("it has two");
    assert_eq!((first.address, first.spins, first.at.line()), (32, true, at.line()));
    assert_eq!(held.spinlocks(), 1);
    held.step(LockStep::Downgraded, &sem, at);
    held.step(LockStep::GaveUp, &spin, at);
    assert_eq!(names(&held), ["spin", "sem"]);
    // Not in the order in which they were taken.
    held.step(LockStep::Release, &sem, at);
    assert_eq!((names(&held), held.spinlocks()), (vec!["spin"], 1));
    held.step(LockStep::Release, &spin, at);
    assert_eq!((names(&held), held.spinlocks()), (vec![], 0));
}

/// Readers take a lock several times: each gives back one.
#[test]
fn a_lock_that_is_taken_twice_is_held_until_it_is_given_back_twice() {
    let (held, at) = (Held::none(), Place::caller());
    let lock = observed("read", 16, Waiting::Spins);
    [LockStep::Acquired; 2].into_iter().for_each(|step| held.step(step, &lock, at));
    held.step(LockStep::Release, &lock, at);
    assert_eq!((names(&held), held.spinlocks()), (vec!["read"], 1));
}

/// More than there is room for: they count, and those that are known stay known.
#[test]
fn observed_locks_beyond_the_list_are_counted() {
    let (held, at) = (Held::none(), Place::caller());
    let locks: Vec<_> = (1..=20).map(|n| observed("many", 16 * n, Waiting::Spins)).collect();
    locks.iter().for_each(|lock| held.step(LockStep::Acquired, lock, at));
    assert_eq!((held.observed().count(), held.spinlocks(), held.own_are_known()), (12, 20, true));
    locks.iter().rev().for_each(|lock| held.step(LockStep::Release, lock, at));
    assert_eq!((held.observed().count(), held.spinlocks()), (0, 0));
}

/// What a dead task had of a driver's is forgotten; the machine's own is still to be given back.
#[test]
fn the_dead_hold_nothing_that_is_observed() {
    let own = own(0);
    let (guard, at) = (own.lock(), Place::caller());
    held().step(LockStep::Acquired, &observed("driver", 16, Waiting::Spins), at);
    held().forget_observed();
    assert_eq!((names(held()), held().spinlocks(), held().own()), (vec![], 0, 1));
    drop(guard);
    assert_eq!(held().own(), 0);
}

/// A lock with a mistake lets several in, and is free as soon as one of them has given it back: a waiter is
/// about to get it then, and not any more when the next has taken it, though there were more at once before.
#[test]
fn what_was_taken_last_is_taken() {
    let lock = observed("broken", 8, Waiting::Spins);
    let mut locks = kcore::holds::Locks::<u8>::new(4);
    let mut step = |who, step| {
        locks.step(who, step, &lock, Place::caller());
        locks.get(8).is_some_and(kcore::holds::Lock::is_taken)
    };
    let taken = [0, 1, 2].map(|who| step(who, LockStep::Acquired));
    assert_eq!((taken, step(0, LockStep::Release)), ([true; 3], false));
    assert!(!step(1, LockStep::Release));
    assert!(step(0, LockStep::Acquired), "two have it, and it is set");
}
