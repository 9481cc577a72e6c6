//! Allocations that fail, each of each task in turn: nothing is lost by it where a lock is enough.

use kcore::experiment::{find, resolve};
use kcore::explore::MemoryModel;
use kcore::explore::Survey;
use kcore::host::explored::Subject;
use kcore::settings::{Config, Expect, Form, RunSettings, Verdict, With};

use crate::{CPUS, cells, settings};

fn failing(name: &str, form: Form, tasks: u32, quanta: u32) -> Survey {
    let settings = RunSettings { with: Some(With::Enomem), ..settings(form, tasks, quanta) };
    let resolved = resolve(&settings, find(name).unwrap(), CPUS, Config::Full).unwrap();
    Subject::of(&resolved, &settings, MemoryModel::Sc).unwrap().survey(None).unwrap()
}

/// Two tasks that allocate once each have two orders, in each of which the allocation of either fails or does
/// not.
#[test]
fn each_allocation_fails_or_does_not() {
    assert_eq!(failing("soak", Form::Mutex, 2, 1).executions, 2 * 4);
    assert_eq!(failing("sleep-in-atomic", Form::Mutex, 2, 1).executions, 2 * 4);
    assert_eq!(failing("multithread-write", Form::Mutex, 2, 1).executions, 72);
}

#[test]
fn cures_lose_nothing() {
    let mut noticed = 0;
    for (entry, form, expect) in cells() {
        if expect != Expect::Only(Verdict::Clean) {
            continue;
        }
        let survey = failing(entry.name, form, entry.smallest.tasks, entry.smallest.quanta);
        let is_right = survey.complete && survey.bad_executions == 0 && survey.trouble.is_none();
        assert!(is_right, "{} {form}: {survey:?}", entry.name);
        noticed += u32::from(survey.ends.keys().any(|end| end.verdict == Verdict::NotTried));
    }
    assert!(noticed > 40, "of many, some could not do their work: {noticed}");
}

/// Without a lock the race is found besides.
#[test]
fn a_race_is_found_besides() {
    let survey = failing("scull-leak", Form::None, 2, 1);
    let leaks = survey.ends.keys().any(|end| end.leaked > 0 && end.verdict == Verdict::Raced);
    assert!(leaks && survey.complete && survey.executions > 72, "{survey:?}");
}
