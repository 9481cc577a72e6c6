//! Executions with few preemptions first.

use kcore::experiment::{find, resolve};
use kcore::explore::{MemoryModel, Replay, Survey};
use kcore::host::explored::Subject;
use kcore::settings::{Config, Expect, Form, Verdict};

use super::{CPUS, cells, settings};

/// Of what has more executions only those with two preemptions are made.
const LARGE: u64 = 2000;

/// Of what is clean all come to what the search finds. What goes wrong does so with the fewest preemptions
/// that it takes, and so does what is shown of it.
#[test]
fn they_come_to_the_same() {
    for model in [MemoryModel::Sc, MemoryModel::Tso] {
        for (entry, form, expect) in cells() {
            let name = format!("{} {form} {model:?}", entry.name);
            let settings = settings(form, entry.smallest.tasks, entry.smallest.quanta);
            let resolved = resolve(&settings, entry, CPUS, Config::Full).unwrap();
            let subject = Subject::of(&resolved, &settings, model).unwrap();
            let is_cure = expect == Expect::Only(Verdict::Clean);
            let whole = is_cure.then(|| subject.survey(None).unwrap());
            let is_large = whole.as_ref().is_some_and(|whole| whole.executions > LARGE);
            let walk = subject.walk(if is_large { 2 } else { u32::MAX }, |_| true).unwrap();
            let Survey { executions, complete, ends, bad, trouble, .. } = &walk.survey;
            assert!(trouble.is_none() && walk.preemptions == Some(walk.last), "{name}: {walk:?}");
            if let Some(whole) = whole.filter(|_| !is_large) {
                assert_eq!((executions, complete, ends), (&whole.executions, &true, &whole.ends), "{name}");
            }
            assert!(!is_cure || bad.is_empty(), "{name}: {walk:?}");
            if matches!(expect, Expect::Only(verdict) if verdict != Verdict::Clean) {
                assert!(!bad.is_empty(), "{name}: {walk:?}");
            }
            for (kind, schedule) in bad {
                let made = subject.replay(schedule).unwrap();
                assert_eq!((made.end.kind(), made.preemptions), (*kind, walk.last), "{name}: {schedule}");
                let shown =
                    Replay::minimised(schedule, walk.last, |schedule| subject.replay(schedule)).unwrap();
                assert_eq!(
                    (shown.end.kind(), shown.preemptions),
                    (*kind, walk.last),
                    "{name}: {}",
                    shown.made
                );
            }
        }
    }
}

/// What is not made is not claimed.
#[test]
fn a_bound_is_a_bound() {
    let settings = settings(Form::None, 2, 2);
    let entry = find("counter").unwrap();
    let resolved = resolve(&settings, entry, CPUS, Config::Full).unwrap();
    let subject = Subject::of(&resolved, &settings, MemoryModel::Sc).unwrap();
    let none = subject.walk(0, |_| true).unwrap();
    assert_eq!((none.survey.complete, none.survey.bad_executions, none.preemptions), (false, 0, Some(0)));
    let cut = subject.walk(9, |walk| walk.survey.executions < 1).unwrap();
    assert_eq!((cut.survey.executions, cut.survey.complete, cut.preemptions), (1, false, None));
    let one = subject.walk(9, |_| true).unwrap();
    assert_eq!((one.survey.complete, one.preemptions, one.survey.bad.len()), (false, Some(1), 1));
}
