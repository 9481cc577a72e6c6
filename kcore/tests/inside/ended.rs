//! Waits that a signal or a deadline ends, at every moment: the unit is never lost, never there twice, and no
//! task is left in the queue.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::experiment::stage::Owners;
use kcore::explore::MemoryModel;
use kcore::host::explored::{Checked, Explored, Inside, Told, check};
use kcore::machine::{Sched, Sleep, TaskId};
use kcore::sync::{AtomicWord, Completion, RawMutex, Semaphore, WaitQueue};

use crate::{MODELS, MOST, flag};

/// The task whose wait is ended.
const WAITER: TaskId = TaskId(1);

/// What ends a wait besides its event.
#[derive(Clone, Copy, Debug)]
enum End {
    Signal,
    Deadline,
}

impl End {
    fn comes(self) {
        match self {
            End::Signal => Inside::signal(WAITER),
            End::Deadline => Inside::pass_deadline(WAITER),
        }
    }
}

/// One task waits for a unit that another gives, while a third ends the wait.
fn ended<L: Sync>(
    model: MemoryModel,
    end: End,
    lock: impl Fn() -> L,
    wait: impl Fn(&L) -> Result<(), Errno> + Sync,
    give: impl Fn(&L) + Sync,
    free_and_waiting: impl Fn(&L) -> (usize, usize),
) -> Checked {
    let had = |had: &Owners| had.most() as usize;
    check(
        3,
        model,
        MOST,
        || (lock(), Owners::default()),
        |(lock, owners), who| match who {
            0 => {
                if wait(lock).is_ok() {
                    owners.enter::<Explored>();
                }
            }
            1 => give(lock),
            _ => end.comes(),
        },
        // The unit is free, or the waiter has had it, and not both.
        |(lock, owners)| {
            let (free, waiting) = free_and_waiting(lock);
            free + had(owners) == 1 && waiting == 0
        },
    )
}

fn semaphore(
    model: MemoryModel,
    end: End,
    wait: impl Fn(&Semaphore<Inside>) -> Result<(), Errno> + Sync,
) -> Checked {
    let empty = || Semaphore::<Inside>::from_flag(flag(), class!("unit"), 0);
    ended(model, end, empty, wait, Semaphore::up, |unit| (unit.count(), unit.waiters()))
}

fn completion(
    model: MemoryModel,
    end: End,
    wait: impl Fn(&Completion<Inside>) -> Result<(), Errno> + Sync,
) -> Checked {
    let empty = || Completion::<Inside>::from_flag(flag(), class!("unit"), 0);
    let free = |event: &Completion<Inside>| (usize::from(event.is_done()), event.waiters());
    ended(model, end, empty, wait, Completion::complete, free)
}

#[test]
fn a_wait_is_ended_or_satisfied() {
    for model in MODELS {
        let all = [
            ("semaphore", semaphore(model, End::Signal, Semaphore::down_interruptible)),
            ("semaphore in time", semaphore(model, End::Deadline, |unit| unit.down_timeout(1))),
            ("completion", completion(model, End::Signal, Completion::wait_interruptible)),
            ("completion in time", completion(model, End::Deadline, |event| event.wait_timeout(1))),
        ];
        all.iter().for_each(|(name, checked)| right(name, model, checked));
    }
}

fn right(name: &str, model: MemoryModel, checked: &Checked) {
    let is_right = checked.complete && checked.wrong == 0 && checked.trouble.is_none();
    assert!(is_right, "{name} {model:?}: {checked:?}");
    println!("{name}, 3 tasks, {}: {} executions", model.word(), checked.executions);
}

/// A mutex has nothing to hand over: who leaves passes the wake-up on.
#[test]
fn a_mutex_is_left_without_a_trace() {
    for model in MODELS {
        let checked = check(
            3,
            model,
            MOST,
            || (RawMutex::<Inside>::of(class!("unit")), Owners::default()),
            |(mutex, owners), who| {
                let entered = match who {
                    0 => mutex.lock_interruptible(),
                    1 => {
                        mutex.lock();
                        Ok(())
                    }
                    _ => return Inside::signal(WAITER),
                };
                if entered.is_ok() {
                    owners.enter::<Explored>();
                    owners.leave::<Explored>();
                    mutex.unlock().expect("this task has it");
                }
            },
            |(mutex, owners)| !mutex.is_locked() && mutex.waiters() == 0 && owners.most() == 1,
        );
        right("mutex", model, &checked);
    }
}

/// Whether the event comes, the signal, or the deadline: the waiter goes on, and no node of its own stays
/// queued.
#[test]
fn a_wait_queue_lets_go() {
    type Queue = (WaitQueue<Inside>, Told);
    type Wait<'a> = &'a (dyn Fn(&Queue) -> Result<(), Errno> + Sync);
    let in_time = |(queue, word): &Queue| queue.wait_event_timeout(|| word.load(Acquire) == 1, 1);
    let until_signal = |(queue, word): &Queue| queue.wait_event_interruptible(|| word.load(Acquire) == 1);
    let waits: [(End, Wait<'_>); 2] = [(End::Deadline, &in_time), (End::Signal, &until_signal)];
    for model in MODELS {
        for (end, wait) in waits {
            let checked = check(
                3,
                model,
                MOST,
                || {
                    let queue = WaitQueue::<Inside>::from_flag(flag(), Class::EVENT);
                    ((queue, <Told as AtomicWord>::new(0)), AtomicU64::new(0))
                },
                |(scene, went_on), who| match who {
                    0 => {
                        let _ = wait(scene);
                        went_on.fetch_add(1, Relaxed);
                    }
                    1 => {
                        scene.1.store(1, Release);
                        scene.0.wake_up();
                    }
                    _ => end.comes(),
                },
                |((queue, _), went_on)| queue.waiters() == 0 && went_on.load(Relaxed) == 1,
            );
            right("wait queue", model, &checked);
        }
    }
}

/// One that looks for the signal, or at the clock, once more after it was granted the unit: that is lost.
#[test]
fn twins_that_look_again_are_found() {
    for model in MODELS {
        let look_again = |is_over: fn() -> bool| {
            move |unit: &Semaphore<Inside>| {
                unit.down_interruptible()?;
                if is_over() { Err(Errno::EINTR) } else { Ok(()) }
            }
        };
        let signal = look_again(|| Inside::interrupted(Sleep::Interruptible));
        let deadline = look_again(|| Inside::is_past(1));
        for (end, twin) in [(End::Signal, signal), (End::Deadline, deadline)] {
            let checked = semaphore(model, end, twin);
            assert!(checked.complete && checked.wrong > 0, "{end:?} {model:?}: {checked:?}");
        }
    }
}
