//! The experiments, explored: every race is found in its unguarded form, and every cure leaves none.

mod failing;
mod few;
mod shared;

use kcore::experiment::{ALL, Experiment, find, resolve};
use kcore::explore::Schedule;
use kcore::explore::Survey;
use kcore::explore::{Line, MemoryModel, Replay};
use kcore::host::explored::{Allocator, Subject};
use kcore::settings::{Config, Expect, Form, Policy, Probe, RunSettings, Verdict};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

const CPUS: u32 = 64;

/// Calls `ask` with an entry in one form; [`None`] when that is not explored here.
fn explored<R>(
    entry: &'static Experiment,
    lock: Form,
    tasks: u32,
    quanta: u32,
    ask: impl FnOnce(Subject<'_>) -> R,
) -> Option<R> {
    let settings = settings(lock, tasks, quanta);
    let resolved = resolve(&settings, entry, CPUS, Config::Full).unwrap();
    Subject::of(&resolved, &settings, MemoryModel::Sc).map(ask)
}

/// The smallest geometry, and such sizes.
fn settings(lock: Form, tasks: u32, quanta: u32) -> RunSettings {
    RunSettings {
        lock: Some(lock),
        probe: Some(Probe::Off),
        writers: Some(tasks),
        quanta: Some(quanta),
        rounds: Some(1),
        quantum: 16,
        qset: 2,
        ..RunSettings::default()
    }
}

fn surveyed(name: &str, lock: Form, tasks: u32, quanta: u32) -> Survey {
    let entry = find(name).unwrap();
    explored(entry, lock, tasks, quanta, |subject| subject.survey(None).unwrap()).unwrap()
}

/// All cells of the catalogue that can be explored.
fn cells() -> impl Iterator<Item = (&'static Experiment, Form, Expect)> {
    let forms = |entry: &'static Experiment| entry.locks().map(move |form| (entry, form));
    ALL.iter().copied().flat_map(forms).filter_map(|(entry, form)| {
        let expect = entry.cell(form, CPUS, Config::Full).unwrap_or(Expect::Any);
        explored(entry, form, entry.smallest.tasks, entry.smallest.quanta, |_| (entry, form, expect))
    })
}

/// The real body makes as many executions as the model of it.
#[test]
fn a_counter() {
    let count = |lock, tasks, quanta| surveyed("counter", lock, tasks, quanta).executions;
    for lock in [Form::Spinlock, Form::Semaphore, Form::Completion, Form::Mutex, Form::RwLock, Form::RwSem] {
        assert_eq!([count(lock, 2, 2), count(lock, 3, 2), count(lock, 4, 2)], [6, 90, 2520], "{lock}");
    }
    assert_eq!([1, 2, 3].map(|quanta| count(Form::None, 2, quanta)), [4, 34, 328]);
    assert_eq!(count(Form::None, 3, 1), 36);
}

/// What all tasks have waited for lies behind them: two rounds have as many executions as each for each of
/// the other.
#[test]
fn rounds() {
    let executions = |lock, model, rounds| {
        let settings = RunSettings {
            lock: Some(lock),
            probe: Some(Probe::Off),
            writers: Some(2),
            quanta: Some(1),
            rounds: Some(rounds),
            ..RunSettings::default()
        };
        let resolved = resolve(&settings, find("counter").unwrap(), CPUS, Config::Full).unwrap();
        let survey = Subject::of(&resolved, &settings, model).unwrap().survey(None).unwrap();
        assert!(survey.complete && survey.trouble.is_none(), "{lock} {model:?}: {survey:?}");
        survey.executions
    };
    for model in [MemoryModel::Sc, MemoryModel::Tso] {
        for lock in [Form::None, Form::Mutex] {
            let one = executions(lock, model, 1);
            assert_eq!(executions(lock, model, 2), one * one, "{lock} {model:?}");
        }
    }
    assert_eq!(executions(Form::None, MemoryModel::Sc, 2), 16);
}

/// A pipe that was opened before its module's setting became larger has the smaller buffer all the same
/// (R18).
#[test]
fn a_setting_is_read_and_written_in_all_orders() {
    let survey = surveyed("book-pipe-size", Form::Book, 2, 1);
    assert!(survey.ends.keys().any(|end| end.use_after_free > 0), "{:?}", survey.ends);
}

/// Peterson's algorithm is right where stores are seen at once, and wrong where they wait in buffers, unless
/// a fence empties these.
#[test]
fn peterson_needs_a_fence() {
    let entry = find("peterson").unwrap();
    let settings = |lock| RunSettings {
        lock: Some(lock),
        probe: Some(Probe::Off),
        writers: Some(2),
        quanta: Some(1),
        rounds: Some(1),
        ..RunSettings::default()
    };
    let owners = |lock, model| {
        let settings = settings(lock);
        let resolved = resolve(&settings, entry, CPUS, Config::Full).unwrap();
        let subject = Subject::of(&resolved, &settings, model).unwrap();
        let survey = subject.survey(None).unwrap();
        assert!(survey.complete && survey.trouble.is_none(), "{survey:?}");
        for schedule in survey.bad.values() {
            let shortest =
                Replay::minimised(schedule, u32::MAX, |schedule| subject.replay(schedule)).unwrap();
            assert_eq!(subject.replay(&shortest.made).unwrap().end, shortest.end);
            assert_eq!(shortest.made.to_string().parse::<Schedule>().as_ref(), Ok(&shortest.made));
        }
        survey.ends.keys().any(|end| end.verdict == Verdict::Raced)
    };
    for lock in [Form::None, Form::Fenced, Form::Spinlock] {
        assert!(!owners(lock, MemoryModel::Sc), "{lock}");
        assert_eq!(owners(lock, MemoryModel::Tso), lock == Form::None, "{lock}");
    }
}

/// What cures where stores are seen at once cures where they wait.
#[test]
fn cures_hold_with_store_buffers() {
    for (entry, form, expect) in cells().filter(|(.., expect)| *expect == Expect::Only(Verdict::Clean)) {
        let settings = RunSettings {
            lock: Some(form),
            probe: Some(Probe::Off),
            writers: Some(entry.smallest.tasks),
            quanta: Some(entry.smallest.quanta),
            rounds: Some(1),
            quantum: 16,
            qset: 2,
            ..RunSettings::default()
        };
        let resolved = resolve(&settings, entry, CPUS, Config::Full).unwrap();
        let survey = Subject::of(&resolved, &settings, MemoryModel::Tso).unwrap().survey(None).unwrap();
        let is_clean = survey.ends.keys().all(|end| end.verdict == Verdict::Clean);
        assert!(
            is_clean && survey.complete && survey.trouble.is_none(),
            "{} {form} {expect}: {survey:?}",
            entry.name
        );
    }
}

/// Without script, point or luck: what the catalogue says is certain is found, and what it says is a cure
/// leaves nothing to be found.
#[test]
fn the_catalogue_is_right() {
    let mut seen = 0;
    for (entry, form, expect) in cells() {
        let (tasks, quanta) = (entry.smallest.tasks, entry.smallest.quanta);
        let survey = explored(entry, form, tasks, quanta, |subject| subject.survey(None).unwrap()).unwrap();
        let name = format!("{} {form}", entry.name);
        assert_eq!((survey.trouble, survey.complete), (None, true), "{name}");
        let found: Vec<Verdict> = survey.ends.keys().map(|end| end.verdict).collect();
        match expect {
            Expect::Only(Verdict::Clean) => {
                assert!(found.iter().all(|verdict| *verdict == Verdict::Clean), "{name}: {found:?}")
            }
            Expect::Only(verdict) => assert!(found.contains(&verdict), "{name}: {found:?}"),
            Expect::Any => {}
        }
        seen += 1;
    }
    assert!(seen > 180, "the catalogue has shrunk: {seen}");
}

fn minimised(entry: &'static Experiment, form: Form, ask: impl FnOnce(&Subject<'_>, Replay)) {
    explored(entry, form, entry.smallest.tasks, entry.smallest.quanta, |subject| {
        let survey = subject.survey(None).unwrap();
        if let Some(schedule) = survey.bad.values().next() {
            ask(
                &subject,
                Replay::minimised(schedule, u32::MAX, |schedule| subject.replay(schedule)).unwrap(),
            );
        }
    });
}

/// A counterexample has no switch too many, and is the same each time.
#[test]
fn a_counterexample_is_short_and_repeats() {
    for (entry, form, expect) in cells() {
        if expect == Expect::Only(Verdict::Clean) {
            continue;
        }
        minimised(entry, form, |subject, replay| {
            for _ in 0..100 {
                let again = subject.replay(&replay.made).unwrap();
                assert_eq!(
                    (again.end, &again.made, again.parted),
                    (replay.end, &replay.made, None),
                    "{} {form}",
                    entry.name
                );
            }
            for index in 0..replay.made.switches() {
                let shorter = subject.replay(&replay.made.without(index)).unwrap();
                let is_as_bad = shorter.end.kind() == replay.end.kind();
                let has_fewer = shorter.made.switches() < replay.made.switches();
                assert!(!(is_as_bad && has_fewer), "{} {form}: {} {}", entry.name, replay.made, shorter.made);
            }
        });
    }
}

/// More work, and more tasks.
#[test]
fn cures_hold_for_more() {
    for (entry, form, expect) in cells().filter(|(entry, ..)| entry.name != "scull-publish") {
        if expect != Expect::Only(Verdict::Clean) || entry.needs.tasks > 2 {
            continue;
        }
        for (tasks, quanta) in [(2, 2), (3, 1)] {
            let survey = explored(entry, form, tasks, quanta, |subject| subject.survey(Some(MOST)).unwrap());
            let survey = survey.unwrap();
            let is_clean = survey.ends.keys().all(|end| end.verdict == Verdict::Clean);
            assert!(
                is_clean && survey.trouble.is_none(),
                "{} {form} {tasks}x{quanta}: {survey:?}",
                entry.name
            );
        }
    }
}

/// Executions that are made of one cell at most.
const MOST: u64 = 20_000;

/// A schedule that does not fit is followed as far as it does.
#[test]
fn a_schedule_that_does_not_fit() {
    let entry = find("counter").unwrap();
    explored(entry, Form::Spinlock, 2, 1, |subject| {
        // B cannot go on while A is inside.
        let schedule: Schedule = "A2B3A1".parse().unwrap();
        let replay = subject.replay(&schedule).unwrap();
        assert_eq!((replay.end.verdict, replay.parted), (Verdict::Clean, Some(2)));
    });
    assert!(
        "A".parse::<Schedule>().is_err()
            && "A0".parse::<Schedule>().is_err()
            && "?1".parse::<Schedule>().is_err()
    );
}

/// From where it does not fit an execution goes on as is asked for, and takes no heed of the schedule again.
#[test]
fn how_it_goes_on() {
    let go_on = |lock, tasks, schedule: &str, policy| {
        let schedule = schedule.parse().unwrap();
        explored(find("counter").unwrap(), lock, tasks, 2, |subject| {
            let replay = subject.follow(&schedule, Some(policy)).unwrap();
            (replay.parted, replay.made.to_string())
        })
        .unwrap()
    };
    for (policy, made) in [
        (Policy::NonPreemptive, "A1B1C5A4B4"),
        (Policy::FixedPriority, "A1B1C1A4B4C4"),
        (Policy::RoundRobin, "A1B1C1A1B1C1A1B1C1A1B1C1A1B1C1"),
    ] {
        let made = (Some(3), made.to_string());
        assert_eq!(go_on(Form::None, 3, "A1B1C1", policy), made, "behind its end");
    }
    // B has to wait for A, which is inside; afterwards C is not waited for, though the schedule names it.
    let inside = |policy| go_on(Form::Spinlock, 3, "A2B1C9", policy);
    assert_eq!(inside(Policy::NonPreemptive), (Some(2), "A9B9C9".to_string()));
    assert_eq!(inside(Policy::RoundRobin).0, Some(2));
    // There is no third task, nor its buffer.
    assert_eq!(go_on(Form::None, 2, "A1C1B1", Policy::NonPreemptive), (Some(1), "A5B5".to_string()));
    assert_eq!(go_on(Form::None, 2, "A1c1", Policy::FixedPriority), (Some(1), "A5B5".to_string()));
}

/// What a kernel's own explorer hears nothing of is in those experiments alone that say so. The body of the
/// one that is seen from within its primitives is no kernel's.
#[test]
fn what_no_kernel_hears_of() {
    for entry in ALL.iter().filter(|entry| !Subject::has_ended_waits(entry)) {
        let is_silent = |form| {
            explored(entry, form, entry.smallest.tasks, entry.smallest.quanta, |subject| {
                let replay = subject.replay(&Schedule::default()).unwrap();
                replay.transcript.lines.iter().any(Line::is_unheard)
            })
        };
        let forms: Vec<bool> = entry.locks().filter_map(is_silent).collect();
        assert!(forms.is_empty() || forms.contains(&true) == entry.is_silent, "{}: {forms:?}", entry.name);
    }
}
