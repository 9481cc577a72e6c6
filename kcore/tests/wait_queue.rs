//! Wait queues on a machine of threads: which task is woken, and that none sleeps through it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Class, LockName, Waiting};
use kcore::host::{Host, HostMachine, until};
use kcore::machine::Sched;
use kcore::sync::{Counted, WaitQueue, Watched};

const TASKS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 25 } else { 5_000 };

const NAME: LockName = LockName { name: "test.queue", class: class!("test"), waiting: Waiting::Sleeps };

type Queue = WaitQueue<HostMachine>;

/// Takes one of `items` if there is one.
fn take(items: &AtomicUsize) -> bool {
    items.fetch_update(SeqCst, SeqCst, |items| items.checked_sub(1)).is_ok()
}

#[test]
fn who_finds_it_true_does_not_wait() {
    let queue: WaitQueue<HostMachine, Counted> = WaitQueue::new(Counted::new(NAME));
    queue.wait_event(|| true);
    queue.wait_event_exclusive(|| true);
    assert_eq!(queue.wait_event_interruptible(|| true), Ok(()));
    assert_eq!(queue.wait_event_killable(|| true), Ok(()));
    assert_eq!(queue.wait_event_timeout(|| true, 0), Ok(()));
    assert_eq!((queue.waiters(), queue.wake_up_all(), queue.stats().acquire), (0, 0, 0));
    assert_eq!(queue.address(), std::ptr::from_ref(&queue).addr(), "how a listener knows it");
}

/// Each waiter waits for one wake-up: it goes when its condition was tested again.
#[test]
fn wake_up_wakes_all_the_shared_and_so_many_exclusive() {
    let (host, queue) = (Host::new(), Queue::new(Class::EVENT));
    let (open, gone) = (AtomicBool::new(false), AtomicUsize::new(0));
    host.scope(|tasks| {
        for index in 0..7 {
            let (queue, open, gone) = (&queue, &open, &gone);
            tasks.spawn(move || {
                let condition = || open.load(SeqCst);
                match index {
                    0 | 1 => queue.wait_event(condition),
                    _ => queue.wait_event_exclusive(condition),
                }
                gone.fetch_add(1, SeqCst);
            });
        }
        until(|| queue.waiters() == 7);
        assert_eq!(queue.wake_up(), 3, "two shared ones and one");
        until(|| queue.waiters() == 7);
        assert_eq!(gone.load(SeqCst), 0, "the condition is false");
        open.store(true, SeqCst);
        assert_eq!(queue.wake_up(), 3);
        assert_eq!(queue.waiters(), 4);
        assert_eq!(queue.wake_up_nr(2), 2);
        until(|| gone.load(SeqCst) == 5);
        assert_eq!(queue.wake_up_all(), 2);
        assert_eq!(queue.wake_up_all(), 0);
    });
    assert_eq!((gone.into_inner(), queue.is_active()), (7, false));
}

#[test]
fn exclusive_waiters_are_woken_in_order() {
    let (host, queue, last) = (Host::new(), Queue::new(Class::EVENT), AtomicUsize::new(0));
    let (open, order) = (AtomicBool::new(false), std::sync::Mutex::new(Vec::new()));
    host.scope(|tasks| {
        for index in 0..TASKS {
            let (queue, open, order, last) = (&queue, &open, &order, &last);
            tasks.spawn(move || {
                queue.wait_event_exclusive(|| open.load(SeqCst));
                order.lock().unwrap().push(index);
                last.fetch_add(1, SeqCst);
            });
            until(|| queue.waiters() == index + 1);
        }
        open.store(true, SeqCst);
        for served in 1..=TASKS {
            queue.wake_up();
            until(|| last.load(SeqCst) == served);
        }
    });
    assert_eq!(order.into_inner().unwrap(), [0, 1, 2, 3]);
}

#[test]
fn waits_end_by_signals_and_deadlines() {
    let (host, queue) = (Host::new(), Queue::new(Class::EVENT));
    host.set_clock(Some(100));
    host.scope(|tasks| {
        let me = HostMachine::task();
        let late = tasks.spawn(|| queue.wait_event_timeout(|| false, 50));
        until(|| queue.waiters() == 1);
        host.set_clock(Some(150));
        assert_eq!(late.join().unwrap(), Err(Errno::ETIME));
        host.interrupt(me);
        assert_eq!(queue.wait_event_interruptible(|| false), Err(Errno::ERESTARTSYS));
        assert_eq!(queue.wait_event_interruptible_exclusive(|| false), Err(Errno::ERESTARTSYS));
        host.kill(me);
        assert_eq!(queue.wait_event_killable(|| false), Err(Errno::ERESTARTSYS));
    });
    assert_eq!(queue.waiters(), 0);
}

/// The signal comes first, the condition becomes true before the task has left: it is not interrupted.
#[test]
fn the_last_word_has_the_condition() {
    let (host, queue, tests) = (Host::new(), Queue::new(Class::EVENT), AtomicUsize::new(0));
    host.run(|| {
        host.interrupt(HostMachine::task());
        let condition = || tests.fetch_add(1, SeqCst) == 2;
        assert_eq!(queue.wait_event_interruptible(condition), Ok(()));
    });
    assert_eq!(tests.into_inner(), 3, "before, in the queue, and out of it");
}

/// The first is woken, but has a signal and finds its condition false; the wake-up is for the second then.
#[test]
fn an_exclusive_waiter_that_gives_up_passes_its_wake_up_on() {
    let (host, queue, open) = (Host::new(), Queue::new(Class::EVENT), AtomicBool::new(false));
    let (tests, second) = (AtomicUsize::new(0), AtomicBool::new(false));
    host.scope(|tasks| {
        let first = tasks.spawn(|| {
            let me = HostMachine::task();
            queue.wait_event_interruptible_exclusive(|| {
                if tests.fetch_add(1, SeqCst) == 1 {
                    second.store(true, SeqCst);
                    until(|| queue.waiters() == 2);
                    open.store(true, SeqCst);
                    host.interrupt(me);
                    assert_eq!(queue.wake_up(), 1, "the first, which is here");
                }
                false
            })
        });
        until(|| second.load(SeqCst));
        tasks.spawn(|| queue.wait_event_exclusive(|| open.load(SeqCst)));
        assert_eq!(first.join().unwrap(), Err(Errno::ERESTARTSYS));
    });
    assert_eq!(queue.waiters(), 0);
}

#[test]
fn a_condition_that_panics_leaves_the_queue() {
    let (host, queue, tests) = (Host::new(), Queue::new(Class::EVENT), AtomicUsize::new(0));
    let panicked = host.run(|| {
        catch_unwind(AssertUnwindSafe(|| {
            queue.wait_event(|| {
                assert_eq!(tests.fetch_add(1, SeqCst), 0, "the second test, in the queue");
                false
            });
        }))
    });
    assert!(panicked.is_err());
    assert_eq!((queue.waiters(), queue.wake_up()), (0, 0));
}

/// Every item is taken, though many waiters give up: a wake-up that got lost would leave an item and a
/// sleeper.
#[test]
fn no_wake_up_is_lost_to_those_who_give_up() {
    let (host, queue) = (Host::new(), WaitQueue::<HostMachine, Counted>::new(Counted::new(NAME)));
    let (items, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let all = TASKS * ROUNDS;
    host.scope(|tasks| {
        let (queue, items, taken, host) = (&queue, &items, &taken, &host);
        let consumers: Vec<_> = (0..TASKS)
            .map(|index| {
                tasks.spawn(move || {
                    for round in 0..ROUNDS {
                        let me = HostMachine::task();
                        if (round + index) % 3 == 0 {
                            host.interrupt(me);
                        }
                        let got = queue.wait_event_interruptible_exclusive(|| take(items));
                        HostMachine::take_signal();
                        if got.is_err() {
                            queue.wait_event_exclusive(|| take(items));
                        }
                        taken.fetch_add(1, SeqCst);
                    }
                })
            })
            .collect();
        for _ in 0..all {
            items.fetch_add(1, SeqCst);
            queue.wake_up();
        }
        consumers.into_iter().for_each(|consumer| consumer.join().unwrap());
    });
    assert_eq!((taken.into_inner(), items.into_inner(), queue.waiters()), (all, 0, 0));
    assert!(queue.stats().acquire <= all as u64);
}

/// Places of a task that waits for no condition.
mod standing {
    use super::*;
    use kcore::dev::PollTable;

    #[test]
    fn it_is_woken_once_and_leaves_when_it_is_dropped() {
        let (host, queue) = (Host::new(), Queue::new(Class::EVENT));
        host.run(|| {
            let (one, other) = (queue.stand(), queue.stand());
            assert_eq!(queue.waiters(), 2);
            drop(one);
            assert_eq!((queue.waiters(), other.is_woken()), (1, false));
            assert_eq!((queue.wake_up(), queue.wake_up()), (1, 0));
            assert!(other.is_woken());
            drop(other);
            assert_eq!((queue.waiters(), queue.wake_up_all()), (0, 0));
        });
    }

    #[test]
    fn a_table_sleeps_until_one_of_its_queues_is_woken() {
        let (host, queues) = (Host::new(), [Queue::new(Class::EVENT), Queue::new(Class::EVENT)]);
        for which in 0..2 {
            host.scope(|tasks| {
                let sleeper = tasks.spawn(|| {
                    let mut table = PollTable::new();
                    queues.iter().for_each(|queue| table.wait(queue));
                    table.sleep_interruptible()
                });
                until(|| queues.iter().all(|queue| queue.waiters() == 1));
                assert_eq!(queues[which].wake_up(), 1);
                assert_eq!(sleeper.join().unwrap(), Ok(()));
            });
            assert!(queues.iter().all(|queue| !queue.is_active()));
        }
    }

    #[test]
    fn who_only_asks_stands_nowhere() {
        let queue = Queue::new(Class::EVENT);
        let mut table = PollTable::asking();
        table.wait(&queue);
        assert_eq!((queue.waiters(), table.is_woken()), (0, false));
    }

    /// The event comes while the task sleeps for something else, which uses up the wake-up that the machine
    /// has kept.
    #[test]
    fn a_wake_up_that_another_sleep_uses_up_is_remembered() {
        let (host, queue) = (Host::new(), Queue::new(Class::EVENT));
        host.run(|| {
            let mut table = PollTable::new();
            table.wait(&queue);
            queue.wake_up();
            HostMachine::block();
            assert_eq!(table.sleep_interruptible(), Ok(()));
        });
    }

    #[test]
    fn a_signal_ends_its_sleep_unless_it_was_woken() {
        let (host, queue) = (Host::new(), Queue::new(Class::EVENT));
        host.run(|| {
            let mut table = PollTable::new();
            table.wait(&queue);
            host.interrupt(HostMachine::task());
            assert_eq!(table.sleep_interruptible(), Err(Errno::EINTR));
            queue.wake_up();
            assert_eq!(table.sleep_interruptible(), Ok(()));
        });
    }

    /// A table with two places in one queue and one in another, dropped while others wake it.
    #[test]
    fn it_may_go_while_it_is_woken() {
        let (host, queues, over) =
            (Host::new(), [Queue::new(Class::EVENT), Queue::new(Class::EVENT)], AtomicBool::new(false));
        host.scope(|tasks| {
            for queue in &queues {
                let over = &over;
                tasks.spawn(move || {
                    while !over.load(SeqCst) {
                        queue.wake_up_all();
                        HostMachine::yield_now();
                    }
                });
            }
            for _ in 0..ROUNDS {
                let mut table = PollTable::new();
                [0, 1, 0].into_iter().for_each(|index| table.wait(&queues[index]));
            }
            over.store(true, SeqCst);
        });
        assert!(queues.iter().all(|queue| !queue.is_active()));
    }
}
