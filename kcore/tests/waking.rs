//! No task is woken while a lock is held, nor by a task that could lose its CPU on the way: on a machine on
//! which to wake is to ask for both.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering, Ordering::SeqCst};

use kcore::as_host;
use kcore::class;
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::host::{Host, HostMachine, until};
use kcore::machine::{AtomicFlag, Cpu, Sched, Sleep, TaskId};
use kcore::sync::{Completion, RawMutex, RwSemaphore, Semaphore, WaitQueue};

thread_local! {
    /// Locks that this thread has: flags that it has set by a test-and-set and not cleared.
    static LOCKS: Cell<usize> = const { Cell::new(0) };
    /// How often it has switched preemption off.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Times that a waker had a lock, in any of the tests. They are not stopped there: a sleeper would sleep for
/// ever.
static WITH_A_LOCK: AtomicUsize = AtomicUsize::new(0);
/// Times that it could lose its CPU between the grant and the wake-up, to a task that keeps it and waits for
/// which it wakes.
static PREEMPTIBLE: AtomicUsize = AtomicUsize::new(0);

fn all_were_without() {
    assert_eq!(WITH_A_LOCK.load(SeqCst), 0, "tasks that were woken with a lock held");
    assert_eq!(PREEMPTIBLE.load(SeqCst), 0, "tasks that were woken by one that can be preempted");
}

/// A flag that is counted while it is a lock. That of a waiter, which is set by a store, is none.
struct Flag(AtomicBool);

impl AtomicFlag for Flag {
    fn new(set: bool) -> Self {
        Flag(AtomicBool::new(set))
    }
    fn swap(&self, set: bool, order: Ordering) -> bool {
        let was = self.0.swap(set, order);
        LOCKS.set(LOCKS.get() + usize::from(!was));
        was
    }
    fn load(&self, order: Ordering) -> bool {
        self.0.load(order)
    }
    fn store(&self, set: bool, order: Ordering) {
        self.0.store(set, order);
        LOCKS.set(LOCKS.get() - usize::from(!set));
    }
}

/// A machine of threads that counts wake-ups under a lock.
struct Strict;

impl kcore::event::Events for Strict {}

impl Cpu for Strict {
    as_host!(cpu, irq_save, irq_restore, relax, cycles);
    type Flag = Flag;
    type Word = std::sync::atomic::AtomicUsize;
    fn preempt_disable() {
        DEPTH.set(DEPTH.get() + 1);
    }
    fn preempt_enable() {
        DEPTH.set(DEPTH.get() - 1);
    }
}

impl Sched for Strict {
    as_host!(task, block, block_until, yield_now);
    fn interrupted(sleep: Sleep) -> bool {
        HostMachine::interrupted(sleep)
    }
    fn wake(task: TaskId) {
        WITH_A_LOCK.fetch_add(usize::from(LOCKS.get() > 0), SeqCst);
        PREEMPTIBLE.fetch_add(usize::from(DEPTH.get() == 0), SeqCst);
        HostMachine::wake(task);
    }
}

fn flag() -> Flag {
    AtomicFlag::new(false)
}

/// Has `count` tasks run `wait`; when all of them do, by `waiters`, `wake` lets them go.
fn wakes(
    count: usize,
    waiters: impl Fn() -> usize + Sync,
    wait: impl Fn(usize) + Sync,
    wake: impl FnOnce() + Send,
) {
    Host::new().scope(|tasks| {
        for index in 0..count {
            let wait = &wait;
            tasks.spawn(move || wait(index));
            until(|| waiters() == index + 1);
        }
        wake();
    });
    assert_eq!(waiters(), 0);
    all_were_without();
}

#[test]
fn semaphore_and_completion() {
    let semaphore = Semaphore::<Strict>::from_flag(flag(), Class::EVENT, 0);
    wakes(2, || semaphore.waiters(), |_| semaphore.down(), || (0..2).for_each(|_| semaphore.up()));
    let completion = Completion::<Strict>::from_flag(flag(), Class::EVENT, 0);
    wakes(1, || completion.waiters(), |_| completion.wait(), || completion.complete());
    wakes(3, || completion.waiters(), |_| completion.wait(), || completion.complete_all());
}

#[test]
fn mutex() {
    let (host, mutex) = (Host::new(), RawMutex::<Strict>::of(class!("test")));
    host.scope(|tasks| {
        mutex.lock();
        for _ in 0..2 {
            tasks.spawn(|| {
                mutex.lock();
                mutex.unlock()
            });
        }
        until(|| mutex.waiters() == 2);
        assert_eq!(mutex.unlock(), Ok(()));
    });
    assert_eq!(mutex.owner(), None);
    all_were_without();
}

/// Of four waiters, the first two read: they are let in together, by a writer that goes or becomes a reader,
/// and the last reader lets the first writer in.
#[test]
fn reader_writer_semaphore() {
    for downgrades in [false, true] {
        let (host, lock) = (Host::new(), RwSemaphore::<Strict>::from_flag(flag(), class!("test")));
        host.scope(|tasks| {
            lock.down_write();
            for index in 0..4 {
                let lock = &lock;
                tasks.spawn(move || match index {
                    0 | 1 => {
                        lock.down_read();
                        lock.up_read();
                    }
                    _ => {
                        lock.down_write();
                        lock.up_write();
                    }
                });
                until(|| lock.waiters() == index + 1);
            }
            match downgrades {
                true => {
                    lock.downgrade_write();
                    until(|| lock.readers() == 1);
                    lock.up_read();
                }
                false => lock.up_write(),
            }
        });
        assert_eq!((lock.readers(), lock.waiters(), lock.is_write_locked()), (0, 0, false));
    }
    all_were_without();
}

#[test]
fn wait_queue() {
    let (queue, open) = (WaitQueue::<Strict>::from_flag(flag(), Class::EVENT), AtomicBool::new(false));
    let wait = |index| match index {
        0 | 1 => queue.wait_event(|| open.load(SeqCst)),
        _ => queue.wait_event_exclusive(|| open.load(SeqCst)),
    };
    let wake = || {
        open.store(true, SeqCst);
        assert_eq!(queue.wake_up(), 3);
        assert_eq!(queue.wake_up_all(), 2);
    };
    wakes(5, || queue.waiters(), wait, wake);
}

/// The one that gives up is woken before it is out of the queue, and passes that on.
#[test]
fn wait_queue_from_which_one_goes() {
    let (host, queue) = (Host::new(), WaitQueue::<Strict>::from_flag(flag(), Class::EVENT));
    let (tests, open) = (AtomicUsize::new(0), AtomicBool::new(false));
    host.scope(|tasks| {
        let first = tasks.spawn(|| {
            queue.wait_event_interruptible_exclusive(|| {
                if tests.fetch_add(1, SeqCst) == 1 {
                    until(|| queue.waiters() == 2);
                    open.store(true, SeqCst);
                    host.interrupt(HostMachine::task());
                    assert_eq!(queue.wake_up(), 1);
                }
                false
            })
        });
        until(|| tests.load(SeqCst) > 1);
        tasks.spawn(|| queue.wait_event_exclusive(|| open.load(SeqCst)));
        assert_eq!(first.join().unwrap(), Err(Errno::ERESTARTSYS));
    });
    assert_eq!(queue.waiters(), 0);
    all_were_without();
}
