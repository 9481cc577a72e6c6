//! The primitives on a machine of threads. Every test asserts an invariant or an order that it has driven,
//! never a time.
//!
//! Under Miri: `cargo +nightly miri test -p kcore --test sync --test watch --test guard`.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering, Ordering::Relaxed};

use kcore::as_host;
use kcore::class;
use kcore::event::{Class, LockName, Waiting};
use kcore::host::{Host, HostMachine, until};
use kcore::machine::{AtomicFlag, Cpu};
use kcore::sync::{
    AtomicWord, Completion, Counted, LockedWord, Observed, RwLock, Semaphore, SpinLock, Tas, Update, Watch,
};

const TASKS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 25 } else { 20_000 };

const NAME: LockName = LockName { name: "test.lock", class: class!("test"), waiting: Waiting::Spins };

type Spin<T, W = Class> = SpinLock<T, HostMachine, W>;
type Sem<W = Class> = Semaphore<HostMachine, W>;
type Done<W = Class> = Completion<HostMachine, W>;

/// A number that only a lock makes safe to increment: Miri sees a data race on it, and a plain run loses
/// counts.
#[derive(Default)]
struct Plain(UnsafeCell<usize>);

// SAFETY: the tests call `increment` in a critical section only.
unsafe impl Sync for Plain {}

impl Plain {
    /// # Safety
    /// The caller is alone.
    unsafe fn increment(&self) {
        // SAFETY: the caller is alone.
        let number = unsafe { &mut *self.0.get() };
        *number += 1;
    }
}

/// Many tasks, one critical section, every increment there.
fn excludes(enter: impl Fn() + Sync, leave: impl Fn() + Sync) {
    let number = Plain::default();
    Host::new().tasks(TASKS, |_| {
        for _ in 0..ROUNDS {
            enter();
            // SAFETY: that is what the test is about.
            unsafe { number.increment() };
            leave();
        }
    });
    assert_eq!(number.0.into_inner(), TASKS * ROUNDS);
}

#[test]
fn tas_says_what_was() {
    let tas = Tas::<std::sync::atomic::AtomicBool>::new();
    assert!(!tas.is_set());
    assert!(!tas.test_and_set(), "it was clear");
    assert!(tas.is_set());
    assert!(tas.test_and_set(), "it was set");
    assert!(!tas.try_acquire(), "somebody has it");
    tas.clear();
    assert!(!tas.is_set());
    assert!(tas.try_acquire(), "nobody has it");
}

#[test]
fn a_silent_lock_is_a_flag_and_its_value() {
    assert_eq!(size_of::<Spin<u64>>(), 16);
    assert_eq!(size_of::<Spin<u8>>(), 2);
    assert_eq!(size_of::<kcore::sync::SpinGuard<'_, u64, HostMachine>>(), size_of::<usize>());
}

#[test]
fn locks_can_be_statics() {
    static SPIN: Spin<u32> = SpinLock::new(class!("test"), 7);
    static COUNTED: Spin<u32, Counted> = SpinLock::new(Counted::new(NAME), 7);
    static OBSERVED: Spin<u32, Observed> = SpinLock::new(Observed::new(NAME), 7);
    static SEMAPHORE: Sem<Observed> = Semaphore::new(Observed::new(NAME), 1);
    static COMPLETION: Done<Counted> = Completion::new(Counted::new(NAME));
    assert_eq!(*SPIN.lock() + *COUNTED.lock() + *OBSERVED.lock(), 21);
    SEMAPHORE.down();
    SEMAPHORE.up();
    COMPLETION.complete();
    COMPLETION.wait();
}

#[test]
fn spinlock_excludes() {
    fn with<W: Watch<HostMachine> + Sync>(watch: W) {
        let lock: Spin<usize, W> = SpinLock::from_flag(false.into(), watch, 0);
        Host::new().tasks(TASKS, |_| (0..ROUNDS).for_each(|_| *lock.lock() += 1));
        assert_eq!(lock.into_inner(), TASKS * ROUNDS);
    }
    with(class!("test"));
    with(Counted::new(NAME));
    with(Observed::new(NAME));
}

#[test]
fn spinlock_excludes_those_who_try() {
    let lock = Spin::new(class!("test"), 0);
    let got = AtomicUsize::new(0);
    Host::new().tasks(TASKS, |_| {
        for _ in 0..ROUNDS {
            if let Some(mut value) = lock.try_lock() {
                *value += 1;
                got.fetch_add(1, Relaxed);
            }
        }
    });
    assert_eq!(lock.into_inner(), got.into_inner());
}

#[test]
fn try_lock_fails_only_while_it_is_locked() {
    let mut lock = Spin::new(class!("test"), 1);
    let guard = lock.lock();
    assert!(lock.is_locked());
    assert!(lock.try_lock().is_none());
    drop(guard);
    assert!(!lock.is_locked());
    assert_eq!(lock.try_lock().map(|value| *value), Some(1));
    *lock.get_mut() = 2;
    assert_eq!(lock.into_inner(), 2);
}

#[test]
fn each_form_switches_off_what_it_says() {
    let (lock, off) = (Spin::new(class!("test"), ()), HostMachine::switched_off);
    let guard = lock.lock();
    assert_eq!(off(), (1, 0));
    assert!(lock.try_lock().is_none());
    assert_eq!(off(), (1, 0));
    drop(guard);
    let guard = lock.lock_bh();
    assert_eq!(off(), (0, 1));
    drop(guard);
    let guard = lock.try_lock();
    assert_eq!((guard.is_some(), off()), (true, (1, 0)));
    drop(guard);
    drop((lock.lock_irqsave(), off()));
    let guard = lock.lock_atomic();
    assert_eq!(off(), (0, 0));
    drop(guard);
    assert_eq!(off(), (0, 0));
}

#[test]
fn irqsave_puts_interrupts_back_as_they_were() {
    let (outer, inner) = (Spin::new(class!("test"), ()), Spin::new(class!("test"), ()));
    assert!(HostMachine::interrupts_on());
    let first = outer.lock_irqsave();
    assert!(!HostMachine::interrupts_on());
    drop(inner.lock_irqsave());
    assert!(!HostMachine::interrupts_on(), "the outer lock is still held");
    drop(first);
    assert!(HostMachine::interrupts_on());

    let were_on = HostMachine::irq_save();
    drop(outer.lock_irqsave());
    assert!(!HostMachine::interrupts_on(), "they were off before");
    HostMachine::irq_restore(were_on);
    assert!(HostMachine::interrupts_on());
}

#[test]
fn irqsave_unlocks_before_interrupts_come() {
    /// A machine on which an interrupt comes as soon as it can, and takes the lock.
    struct Eager;
    static LOCK: SpinLock<u32, Eager> = SpinLock::new(class!("test"), 0);
    static ON: SpinLock<bool, HostMachine> = SpinLock::new(class!("test"), true);

    impl kcore::event::Events for Eager {}

    impl Cpu for Eager {
        as_host!(Flag, cpu, cycles);
        fn irq_save() -> bool {
            assert!(!LOCK.is_locked(), "interrupts go off before the lock is taken");
            std::mem::replace(&mut *ON.lock(), false)
        }
        fn irq_restore(were_on: bool) {
            *LOCK.try_lock().expect("the handler finds the lock free") += 1;
            *ON.lock() = were_on;
        }
        fn relax() {
            unreachable!("nobody else is there");
        }
    }
    *LOCK.lock_irqsave() += 10;
    assert_eq!(*LOCK.lock(), 11);
}

thread_local! {
    /// How often a flag of the machine below is still found set.
    static LOOKS: Cell<usize> = const { Cell::new(0) };
    /// How many PAUSEs came after each look.
    static PAUSES: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// A flag that another CPU clears when it was looked at often enough.
struct Watched;

impl AtomicFlag for Watched {
    fn new(_set: bool) -> Self {
        Watched
    }
    fn swap(&self, _set: bool, _order: Ordering) -> bool {
        LOOKS.get() > 0
    }
    fn load(&self, _order: Ordering) -> bool {
        let left = LOOKS.get();
        LOOKS.set(left.saturating_sub(1));
        PAUSES.with_borrow_mut(|pauses| pauses.push(0));
        left > 0
    }
    fn store(&self, _set: bool, _order: Ordering) {}
}

/// The same as the word of a lock for readers and writers.
impl AtomicWord for Watched {
    fn new(_value: usize) -> Self {
        Watched
    }
    fn load(&self, _order: Ordering) -> usize {
        if LOOKS.get() > 0 { usize::MAX } else { 0 }
    }
    fn store(&self, _value: usize, _order: Ordering) {}
    fn look(&self) -> usize {
        if AtomicFlag::load(self, Relaxed) { usize::MAX } else { 0 }
    }
    fn fence(_order: Ordering) {}
}

impl LockedWord for Watched {
    fn change(&self, _how: Update, _operand: usize, _order: Ordering) -> usize {
        1
    }
    fn replace(&self, _old: usize, _new: usize, _order: Ordering) -> bool {
        LOOKS.get() == 0
    }
}

struct Pausing;

impl kcore::event::Events for Pausing {}

impl Cpu for Pausing {
    as_host!(cpu, irq_save, irq_restore, cycles);
    type Flag = Watched;
    type Word = Watched;
    fn relax() {
        PAUSES.with_borrow_mut(|pauses| *pauses.last_mut().expect("a look comes first") += 1);
    }
}

/// Waiters that keep away let the holder finish; but not for ever.
#[test]
fn while_a_lock_stays_taken_the_looks_become_rarer_up_to_a_bound() {
    let spin = SpinLock::<_, Pausing>::from_flag(Watched, class!("test"), ());
    let rw = RwLock::<_, Pausing>::of(class!("test"), ());
    let wait_for_both: [&dyn Fn(); 2] = [&|| drop(spin.lock()), &|| drop(rw.read())];
    for wait in wait_for_both {
        LOOKS.set(100);
        PAUSES.take();
        wait();
        let pauses = PAUSES.take();
        assert_eq!((pauses.len(), pauses[0], pauses[100]), (101, 1, 0), "the last look finds it free");
        assert!(pauses[..100].is_sorted() && pauses[5] > pauses[0], "{pauses:?}");
        assert_eq!(pauses[50], pauses[99], "{pauses:?}");
    }
}

#[test]
fn semaphore_of_one_excludes() {
    let semaphore = Sem::new(Class::EVENT, 1);
    excludes(|| semaphore.down(), || semaphore.up());
    assert_eq!((semaphore.count(), semaphore.waiters()), (1, 0));
}

#[test]
fn semaphore_admits_as_many_as_it_has_units() {
    const UNITS: usize = 2;
    let semaphore = Sem::new(Class::EVENT, UNITS);
    let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Host::new().tasks(TASKS, |_| {
        for _ in 0..ROUNDS {
            semaphore.down();
            most.fetch_max(inside.fetch_add(1, Relaxed) + 1, Relaxed);
            inside.fetch_sub(1, Relaxed);
            semaphore.up();
        }
    });
    assert!(most.into_inner() <= UNITS);
    assert_eq!(semaphore.count(), UNITS);
}

#[test]
fn semaphore_serves_in_the_order_of_arrival() {
    let semaphore = Sem::new(Class::EVENT, 0);
    let order = Mutex::new(Vec::new());
    Host::new().scope(|tasks| {
        for index in 0..TASKS {
            let (semaphore, order) = (&semaphore, &order);
            tasks.spawn(move || {
                semaphore.down();
                order.lock().unwrap().push(index);
            });
            until(|| semaphore.waiters() == index + 1);
        }
        for served in 1..=TASKS {
            semaphore.up();
            until(|| order.lock().unwrap().len() == served);
        }
    });
    assert_eq!(order.into_inner().unwrap(), [0, 1, 2, 3]);
}

#[test]
fn semaphore_hands_over_and_nobody_barges_in() {
    let semaphore = Sem::new(Class::EVENT, 1);
    semaphore.down();
    let seen = AtomicUsize::new(0);
    Host::new().scope(|tasks| {
        tasks.spawn(|| {
            semaphore.down();
            until(|| seen.load(Relaxed) == 1);
            semaphore.up();
        });
        until(|| semaphore.waiters() == 1);
        semaphore.up();
        // Whether the waiter has run yet or not: the unit is its own.
        assert_eq!((semaphore.count(), semaphore.waiters()), (0, 0));
        let barged = semaphore.try_down();
        seen.store(1, Relaxed);
        assert!(!barged);
    });
    assert_eq!(semaphore.count(), 1);
}

#[test]
fn try_down_takes_what_there_is() {
    let semaphore = Sem::new(Class::EVENT, 2);
    assert!(semaphore.try_down());
    assert!(semaphore.try_down());
    assert!(!semaphore.try_down());
    semaphore.up();
    assert_eq!(semaphore.count(), 1);
    assert!(semaphore.try_down());
}

#[test]
fn completion_is_remembered() {
    let done = Done::new(Class::EVENT);
    assert!(!done.is_done());
    assert!(!done.try_wait());
    done.complete();
    done.complete();
    assert!(done.is_done());
    done.wait();
    assert!(done.try_wait());
    assert!(!done.try_wait(), "two were said, two are used up");
}

#[test]
fn completion_wakes_one_at_a_time_in_order() {
    let done = Done::new(Class::EVENT);
    let order = Mutex::new(Vec::new());
    Host::new().scope(|tasks| {
        for index in 0..TASKS {
            let (done, order) = (&done, &order);
            tasks.spawn(move || {
                done.wait();
                order.lock().unwrap().push(index);
            });
            until(|| done.waiters() == index + 1);
        }
        for served in 1..=TASKS {
            done.complete();
            assert_eq!(done.waiters(), TASKS - served);
            until(|| order.lock().unwrap().len() == served);
        }
    });
    assert_eq!(order.into_inner().unwrap(), [0, 1, 2, 3]);
}

#[test]
fn complete_all_frees_those_who_wait_and_those_who_come() {
    let done = Done::new(Class::EVENT);
    let host = Host::new();
    host.scope(|tasks| {
        for _ in 0..TASKS {
            tasks.spawn(|| done.wait());
        }
        until(|| done.waiters() == TASKS);
        done.complete_all();
        assert_eq!(done.waiters(), 0);
    });
    host.tasks(TASKS, |_| done.wait());
    done.complete();
    assert!(done.try_wait() && done.try_wait(), "for ever, and one more is no fewer");
    done.reinit();
    assert!(!done.try_wait());
    done.complete();
    assert!(done.try_wait() && !done.try_wait(), "after reinit it counts again");
}

#[test]
fn completion_as_a_token_excludes() {
    let token = Done::new(Class::EVENT);
    token.complete();
    excludes(|| token.wait(), || token.complete());
}

#[test]
fn ping_and_pong_lose_no_wake_up() {
    let (ping, pong) = (Done::new(Class::EVENT), Done::new(Class::EVENT));
    Host::new().scope(|tasks| {
        tasks.spawn(|| {
            for _ in 0..ROUNDS {
                ping.wait();
                pong.complete();
            }
        });
        tasks.spawn(|| {
            for _ in 0..ROUNDS {
                ping.complete();
                pong.wait();
            }
        });
    });
    assert!(!ping.is_done() && !pong.is_done());
}
