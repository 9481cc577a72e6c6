//! The primitives from within: every order of the steps at their inner words, where stores are seen at once
//! and where they wait in buffers, and of twins with one mistake each.
//!
//! loom asks the same of them under the memory model of Rust, which allows more, and does not end with most
//! of them; here the model is that of the machine, and the search ends.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize};

use kcore::class;
use kcore::event::Class;
use kcore::experiment::stage::Owners;
use kcore::explore::MemoryModel;
use kcore::explore::Trouble;
use kcore::explore::{Act, Divergence};
use kcore::host::explored::{Allocator, Checked, Explored, Inside, Told, check};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::sync::{
    AtomicT, AtomicWord, Completion, RawLock, RawMutex, RwLock, RwSemaphore, Semaphore, SeqLock, SpinLock,
    TicketLock, WaitQueue,
};

mod ended;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

const MODELS: [MemoryModel; 2] = [MemoryModel::Sc, MemoryModel::Tso];
/// Executions that are made of one subject at most: of two tasks all are, and of three those of the smaller
/// ones.
const MOST: u64 = 100_000;
/// The same where there are three tasks.
const MOST_OF_THREE: u64 = 25_000;

fn flag() -> Told {
    <Told as kcore::machine::AtomicFlag>::new(false)
}

/// A lock, and how many have it.
struct Guarded<L> {
    lock: L,
    owners: Owners,
}

/// Each task takes the lock once and gives it back.
fn locked<L: RawLock<Inside, Watch = Class> + Sync>(
    tasks: u32,
    model: MemoryModel,
    lock: impl Fn() -> L,
) -> Checked {
    check(
        tasks,
        model,
        if tasks == 2 { MOST } else { MOST_OF_THREE },
        || Guarded { lock: lock(), owners: Owners::default() },
        |guarded, _| {
            guarded.lock.enter(());
            guarded.owners.enter::<Explored>();
            guarded.owners.leave::<Explored>();
            guarded.lock.leave(());
        },
        |guarded| guarded.owners.most() == 1,
    )
}

fn clean(name: &str, tasks: u32, model: MemoryModel, checked: &Checked) {
    assert!(checked.trouble.is_none() && checked.wrong == 0, "{name} {tasks} {model:?}: {checked:?}");
    let is_small = tasks == 2 || ["spinlock", "rwlock", "atomic number"].contains(&name);
    assert_eq!(checked.complete, is_small, "{name} {tasks} {model:?}: {checked:?}");
    println!(
        "{name}, {tasks} tasks, {}: {} executions{}",
        model.word(),
        checked.executions,
        if checked.complete { "" } else { ", not all" }
    );
}

#[test]
fn locks_have_one_owner_and_let_all_in() {
    for model in MODELS {
        for tasks in [2, 3] {
            let class = || class!("lock");
            let all = [
                ("spinlock", locked(tasks, model, || SpinLock::from_flag(flag(), class(), ()))),
                (
                    "ticket",
                    locked(tasks, model, || TicketLock::<Inside, Class, Told>::from_flag(flag(), class())),
                ),
                ("semaphore", locked(tasks, model, || Semaphore::from_flag(flag(), class(), 1))),
                ("completion", locked(tasks, model, || Completion::from_flag(flag(), class(), 1))),
                ("mutex", locked(tasks, model, || RawMutex::of(class()))),
                ("rwlock", locked(tasks, model, || RwLock::of(class(), ()))),
                ("rwsem", locked(tasks, model, || RwSemaphore::from_flag(flag(), class()))),
            ];
            all.iter().for_each(|(name, checked)| clean(name, tasks, model, checked));
        }
    }
}

/// A task that tries before it waits, as one that looks for a while does, gets its unit, too.
#[test]
fn a_task_that_tries_before_it_waits_is_not_forgotten() {
    for model in MODELS {
        let semaphore = || Semaphore::<Inside>::from_flag(flag(), Class::EVENT, 0);
        let waits = |units: &Semaphore<Inside>, who| match who {
            0 if units.try_down() => {}
            0 => units.down(),
            _ => units.up(),
        };
        let none_is_left = |units: &Semaphore<Inside>| units.count() == 0 && units.waiters() == 0;
        let checked = check(2, model, MOST, semaphore, waits, none_is_left);
        clean("semaphore that is tried", 2, model, &checked);
        let completion = || Completion::<Inside>::from_flag(flag(), Class::EVENT, 0);
        let waits = |event: &Completion<Inside>, who| match who {
            0 if event.try_wait() => {}
            0 => event.wait(),
            _ => event.complete(),
        };
        let none_is_left = |event: &Completion<Inside>| !event.is_done() && event.waiters() == 0;
        let checked = check(2, model, MOST, completion, waits, none_is_left);
        clean("completion that is tried", 2, model, &checked);
    }
}

/// Two read and one writes, by the lock that spins.
#[test]
fn readers_and_a_writer_exclude_each_other() {
    for model in MODELS {
        for tasks in [2, 3] {
            let checked = check(
                tasks,
                model,
                if tasks == 2 { MOST } else { MOST_OF_THREE },
                || {
                    (
                        RwLock::<_, Inside>::of(class!("lock"), ()),
                        <Told as AtomicWord>::new(0),
                        AtomicBool::new(false),
                    )
                },
                |(lock, word, torn), who| match who {
                    0 => {
                        let _alone = lock.write();
                        word.store(1, Relaxed);
                        word.store(0, Relaxed);
                    }
                    _ => {
                        let _reader = lock.read();
                        if word.load(Relaxed) == 1 {
                            torn.store(true, Relaxed);
                        }
                    }
                },
                |(lock, _, torn)| !torn.load(Relaxed) && lock.readers() == 0 && !lock.is_write_locked(),
            );
            clean("readers and a writer", tasks, model, &checked);
        }
    }
}

/// What was stored before a wake-up is seen by the waiter, and no wake-up is lost.
#[test]
fn a_wait_queue_loses_no_wake_up() {
    for model in MODELS {
        let checked = check(
            2,
            model,
            MOST,
            || (WaitQueue::<Inside>::from_flag(flag(), Class::EVENT), <Told as AtomicWord>::new(0)),
            |(queue, word), who| match who {
                0 => queue.wait_event(|| word.load(Acquire) == 1),
                _ => {
                    word.store(1, Release);
                    queue.wake_up();
                }
            },
            |_| true,
        );
        clean("wait queue", 2, model, &checked);
    }
}

#[test]
fn a_semaphore_and_a_completion_signal() {
    for model in MODELS {
        let semaphore = || Semaphore::<Inside>::from_flag(flag(), Class::EVENT, 0);
        let signalled = check(
            2,
            model,
            MOST,
            semaphore,
            |units, who| if who == 0 { units.down() } else { units.up() },
            |_| true,
        );
        clean("semaphore as a signal", 2, model, &signalled);
        let completion = || Completion::<Inside>::from_flag(flag(), Class::EVENT, 0);
        let completed = check(
            2,
            model,
            MOST,
            completion,
            |event, who| if who == 0 { event.wait() } else { event.complete() },
            |_| true,
        );
        clean("completion as a signal", 2, model, &completed);
    }
}

/// Two words that belong together, and whether a reader has seen two that do not.
struct Pair {
    words: SeqLock<Inside, 2, Class, Told>,
    torn: AtomicBool,
}

#[test]
fn a_seqlock_shows_no_mixture() {
    for model in MODELS {
        let pair = || Pair {
            words: SeqLock::from_flag(flag(), class!("pair"), [0; 2]),
            torn: AtomicBool::new(false),
        };
        let body = |pair: &Pair, who| match who {
            0 => {
                let [first, second] = pair.words.snapshot();
                if first != second {
                    pair.torn.store(true, Relaxed);
                }
            }
            _ => {
                let mut words = pair.words.write();
                words.set(0, 1);
                words.set(1, 1);
            }
        };
        clean("seqlock", 2, model, &check(2, model, MOST, pair, body, |pair| !pair.torn.load(Relaxed)));
    }
}

#[test]
fn an_atomic_number_loses_no_change() {
    for model in MODELS {
        for tasks in [2, 3] {
            let number = || AtomicT::<Inside>::of(0);
            let checked = check(
                tasks,
                model,
                MOST,
                number,
                |number, _| number.inc(),
                |number| number.read() == tasks as i32,
            );
            clean("atomic number", tasks, model, &checked);
        }
    }
}

/// Each has one mistake, and none gets through.
#[test]
fn twins_are_found() {
    let word = || <Told as AtomicWord>::new(0);
    for model in MODELS {
        // A lock that looks, and then takes.
        let look_and_take = check(
            2,
            model,
            MOST,
            || (word(), Owners::default()),
            |(lock, owners), _| {
                while lock.load(Acquire) == 1 {
                    Inside::relax();
                }
                lock.store(1, Relaxed);
                owners.enter::<Explored>();
                owners.leave::<Explored>();
                lock.store(0, Release);
            },
            |(_, owners)| owners.most() == 1,
        );
        assert!(look_and_take.complete && look_and_take.wrong > 0, "{look_and_take:?}");
        // A sleeper that tests, and then says that it sleeps.
        let test_and_sleep = check(
            2,
            model,
            MOST,
            || (word(), word()),
            |(event, sleeps), who| match who {
                0 if event.load(Acquire) == 0 => {
                    sleeps.store(1, Release);
                    Inside::block();
                }
                0 => {}
                _ => {
                    event.store(1, Release);
                    if sleeps.load(Acquire) == 1 {
                        Inside::wake(TaskId(1));
                    }
                }
            },
            |_| true,
        );
        assert!(test_and_sleep.complete && test_and_sleep.wrong > 0, "{test_and_sleep:?}");
        // Two words that are read without a look at the sequence.
        let no_sequence = check(
            2,
            model,
            MOST,
            || (word(), word(), AtomicBool::new(false)),
            |(first, second, torn), who| match who {
                0 if first.load(Acquire) != second.load(Acquire) => torn.store(true, Relaxed),
                0 => {}
                _ => {
                    first.store(1, Release);
                    second.store(1, Release);
                }
            },
            |(_, _, torn)| !torn.load(Relaxed),
        );
        assert!(no_sequence.complete && no_sequence.wrong > 0, "{no_sequence:?}");
    }
}

/// Peterson's lock without its fence: right where stores are seen at once, and only there.
#[test]
fn a_fence_is_missed_only_where_stores_wait() {
    let word = || <Told as AtomicWord>::new(0);
    for (model, fenced) in [(MemoryModel::Sc, false), (MemoryModel::Tso, false), (MemoryModel::Tso, true)] {
        let peterson = check(
            2,
            model,
            MOST,
            || ([word(), word()], word(), Owners::default()),
            |(want, turn, owners), who| {
                let (me, other) = (who as usize, 1 - who as usize);
                want[me].store(1, Release);
                turn.store(other, Release);
                if fenced {
                    <Told as AtomicWord>::fence(std::sync::atomic::Ordering::SeqCst);
                }
                while want[other].load(Acquire) == 1 && turn.load(Acquire) == other {
                    Inside::relax();
                }
                owners.enter::<Explored>();
                owners.leave::<Explored>();
                want[me].store(0, Release);
            },
            |(.., owners)| owners.most() == 1,
        );
        let is_right = model == MemoryModel::Sc || fenced;
        assert!(peterson.complete && (peterson.wrong == 0) == is_right, "{model:?} {fenced}: {peterson:?}");
    }
}

/// What no task tells of must not decide: a step that is another than it was, or is missing, is found as soon
/// as it is to be made once more.
#[test]
fn an_execution_that_is_not_repeated_is_found() {
    let steps = |model, later: &(dyn Fn(&Told, u32) + Sync)| {
        let begun = AtomicUsize::new(0);
        let earlier = |word: &Told| word.store(word.load(Relaxed) + 1, Relaxed);
        check(
            2,
            model,
            MOST,
            || {
                begun.fetch_add(1, Relaxed);
                <Told as AtomicWord>::new(0)
            },
            |word, who| if begun.load(Relaxed) == 1 { earlier(word) } else { later(word, who) },
            |_| true,
        )
    };
    for model in MODELS {
        let checked = steps(model, &|word, _| {
            <Told as kcore::machine::AtomicFlag>::swap(word, true, Relaxed);
        });
        let Some(Trouble::Diverged(Divergence { expected, seen, .. })) = checked.trouble else {
            panic!("{model:?}: {checked:?}")
        };
        assert_eq!(
            (expected.step.act, seen.map(|seen| seen.act)),
            (Act::Load, Some(Act::Update)),
            "{model:?}"
        );
        assert_eq!(checked.executions, 2, "{model:?}");
        let checked = steps(model, &|_, _| {});
        assert!(matches!(checked.trouble, Some(Trouble::Diverged(_))), "{model:?}: {checked:?}");
    }
}
