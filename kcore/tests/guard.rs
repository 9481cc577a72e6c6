//! The critical section of an experiment, on a machine of threads, and the broken lock driven into its race.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Event, Kinds, LockStep, Site, Waiting, What};
use kcore::host::{Host, HostMachine, Listener, until};
use kcore::machine::Sched;
use kcore::settings::Form;
use kcore::shared::Shared;
use kcore::sync::{Guard, LOCKS};

const TASKS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 25 } else { 5_000 };

/// How many waits, and how many lock events in all.
#[derive(Default)]
struct Events {
    waits: AtomicUsize,
    all: AtomicUsize,
}

impl Events {
    fn waits_and_all(&self) -> (usize, usize) {
        (self.waits.load(Relaxed), self.all.load(Relaxed))
    }
}

impl Listener for Events {
    fn on(&self, event: &Event) {
        let What::Lock(step, _) = event.what else { return };
        self.waits.fetch_add(usize::from(step == LockStep::Wait), Relaxed);
        self.all.fetch_add(1, Relaxed);
    }
}

static NUMBER: Site = Site::new("number");

/// Those that guard, and those that keep only some tasks out, or none.
fn forms() -> impl Iterator<Item = Form> {
    LOCKS.into_iter().chain([Form::Ticket]).chain(LETS_PASS)
}

const LETS_PASS: [Form; 5] = [Form::None, Form::PreemptOff, Form::IrqOff, Form::CpuOwned, Form::Broken];

fn guard(lock: Form) -> Guard<HostMachine> {
    Guard::new(lock, "test.lock", class!("test"))
}

#[test]
fn every_lock_guards() {
    // Each task of this machine has a CPU of its own.
    for lock in LOCKS.into_iter().chain([Form::Ticket, Form::CpuOwned]) {
        let (guard, number) = (guard(lock), Shared::new(0usize));
        Host::new().tasks(TASKS, |_| {
            for _ in 0..ROUNDS {
                let _held = guard.enter();
                let value = number.load::<HostMachine>(&NUMBER);
                number.store::<HostMachine>(&NUMBER, value + 1);
            }
        });
        assert_eq!(number.audit(), TASKS * ROUNDS, "{lock}");
        assert_eq!(guard.stats().unwrap().acquire, (TASKS * ROUNDS) as u64, "{lock}");
    }
}

#[test]
fn held_means_held() {
    for lock in forms() {
        let guard = guard(lock);
        assert_eq!(guard.lock(), lock);
        let unguarded = matches!(lock, Form::None | Form::PreemptOff | Form::IrqOff);
        assert_eq!(guard.is_held(), unguarded, "{lock}");
        let held = guard.enter();
        assert!(guard.is_held(), "{lock}");
        drop(held);
        assert_eq!(guard.is_held(), unguarded, "{lock}");
        assert_eq!(guard.stats().map(|stats| (stats.name, stats.acquire)).is_none(), unguarded);
    }
}

#[test]
fn one_at_most_is_inside_where_the_guard_says_so() {
    for lock in forms() {
        assert_eq!(guard(lock).excludes(), !LETS_PASS.contains(&lock), "{lock}");
    }
}

#[test]
fn each_form_switches_off_what_it_says() {
    let off = || {
        let (preemption, softirqs) = HostMachine::switched_off();
        (preemption, softirqs, !HostMachine::interrupts_on())
    };
    for lock in forms() {
        let guard = guard(lock);
        let held = guard.enter();
        let expected = match lock {
            Form::Spinlock | Form::Ticket | Form::RwLock | Form::PreemptOff | Form::Broken => (1, 0, false),
            Form::Bh => (0, 1, false),
            Form::Irqsave | Form::IrqOff => (0, 0, true),
            _ => (0, 0, false),
        };
        assert_eq!(off(), expected, "{lock}");
        drop(held);
        assert_eq!(off(), (0, 0, false), "{lock}");
    }
}

/// What is switched off is told of as if it were a lock.
#[test]
fn a_switch_is_announced() {
    struct Names(Mutex<Vec<(LockStep, &'static str, usize)>>);
    impl Listener for Names {
        fn on(&self, event: &Event) {
            let What::Lock(step, lock) = event.what else { return };
            assert_eq!((event.at.file(), lock.name.waiting), (file!(), Waiting::Spins));
            self.0.lock().unwrap().push((step, lock.name.name, lock.address));
        }
    }
    for (lock, name) in [(Form::PreemptOff, "preemption off"), (Form::IrqOff, "interrupts off")] {
        let (host, names) = (Host::new(), Arc::new(Names(Mutex::default())));
        host.listen(Kinds::POINTS_AND_LOCKS, names.clone());
        let guard = guard(lock);
        host.run(|| drop(guard.enter()));
        let address = std::ptr::from_ref(&guard).addr();
        let told = names.0.lock().unwrap();
        assert_eq!(*told, [(LockStep::Acquired, name, address), (LockStep::Release, name, address)]);
    }
}

#[test]
fn a_signal_ends_the_wait_for_a_guard_whose_waiters_sleep() {
    for lock in [Form::Semaphore, Form::Completion, Form::Mutex] {
        let (host, guard) = (Host::new(), guard(lock));
        host.scope(|tasks| {
            let held = guard.enter();
            let signalled = tasks.spawn(|| {
                Host::here().interrupt(HostMachine::task());
                guard.enter_interruptible().map(drop)
            });
            assert_eq!(signalled.join().unwrap(), Err(Errno::EINTR), "{lock}");
            drop(held);
        });
        assert!(!guard.is_held(), "{lock}");
    }
}

/// A guard that is free is entered in spite of a signal; so is one for which its waiters spin.
#[test]
fn a_guard_that_is_free_is_entered_in_spite_of_a_signal() {
    for lock in forms() {
        let (host, guard) = (Host::new(), guard(lock));
        host.run(|| {
            host.interrupt(HostMachine::task());
            let held = guard.enter_interruptible().expect("it is free");
            assert!(guard.is_held(), "{lock}");
            drop(held);
        });
        assert_eq!(guard.is_held(), matches!(lock, Form::None | Form::PreemptOff | Form::IrqOff), "{lock}");
    }
}

#[test]
fn no_lock_lets_everybody_in() {
    let (guard, barrier) = (guard(Form::None), Barrier::new(TASKS));
    Host::new().tasks(TASKS, |_| {
        let _held = guard.enter();
        barrier.wait();
    });
}

#[test]
fn the_token_of_a_completion_is_not_announced_before_it_is_taken() {
    let (host, count) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, count.clone());
    let guard = host.run(|| guard(Form::Completion));
    assert_eq!(count.waits_and_all(), (0, 0));
    host.run(|| drop(guard.enter()));
    assert_eq!(count.waits_and_all(), (0, 2));
}

/// Lets two tasks meet at `lock.store`, where each has seen the lock free.
struct Meeting {
    barrier: Barrier,
    points: Mutex<Vec<&'static str>>,
}

impl Listener for Meeting {
    fn on(&self, event: &Event) {
        for point in ["lock.load", "lock.store"] {
            if event.is(point) {
                assert_eq!(event.at.file(), file!(), "the place is the one that enters");
                self.points.lock().unwrap().push(point);
            }
        }
        if event.is("lock.store") {
            self.barrier.wait();
        }
    }
}

#[test]
fn the_broken_lock_has_two_owners() {
    let host = Host::new();
    let meeting = Arc::new(Meeting { barrier: Barrier::new(2), points: Mutex::default() });
    host.listen(Kinds::POINTS_AND_LOCKS, meeting.clone());
    let (guard, inside) = (guard(Form::Broken), Barrier::new(2));
    // Both can be inside at once, or this would not end.
    host.tasks(2, |_| {
        let _held = guard.enter();
        inside.wait();
    });
    let mut points = meeting.points.lock().unwrap();
    points.sort_unstable();
    assert_eq!(points[..], ["lock.load", "lock.load", "lock.store", "lock.store"], "to leave is no point");
}

#[test]
fn the_broken_lock_is_a_lock_for_those_who_come_late() {
    let (host, events) = (Host::new(), Arc::new(Events::default()));
    host.listen(Kinds::POINTS_AND_LOCKS, events.clone());
    let (guard, entered) = (guard(Form::Broken), AtomicUsize::new(0));
    host.scope(|tasks| {
        let held = guard.enter();
        tasks.spawn(|| {
            let _held = guard.enter();
            entered.store(1, Relaxed);
        });
        until(|| events.waits_and_all().0 == 1);
        assert_eq!(entered.load(Relaxed), 0);
        drop(held);
    });
    assert_eq!(entered.into_inner(), 1);
    assert_eq!(guard.stats().unwrap().test_and_set, 1);
}
