//! One search and several, in one go and in many, here and apart: they make the same.

use kcore::explore::Frontier;
use kcore::explore::Survey;
use kcore::host::explored::{Jobs, Subject};
use kcore::settings::Form;

use crate::{explored, surveyed};

/// Names, forms, tasks and units.
const PROGRAMS: [(&str, Form, u32, u32); 5] = [
    ("counter", Form::Mutex, 4, 2),
    ("counter", Form::None, 2, 4),
    ("broken-lock", Form::Broken, 3, 1),
    ("book-single", Form::Book, 3, 1),
    ("scull-leak", Form::None, 2, 2),
];

fn each(ask: impl Fn(Subject<'_>, Survey, &str)) {
    for (name, form, tasks, quanta) in PROGRAMS {
        let alone = surveyed(name, form, tasks, quanta);
        assert!(alone.complete && alone.executions > 30, "{name}: {alone:?}");
        explored(kcore::experiment::find(name).unwrap(), form, tasks, quanta, |subject| {
            ask(subject, alone, name)
        });
    }
}

/// On two or four threads there are the same executions, ends, and counterexamples.
#[test]
fn jobs_make_the_same() {
    each(|subject, alone, name| {
        for count in [2, 3, 4] {
            let (mut survey, mut frontier) = (Survey::default(), Frontier::whole());
            subject.go_on(&mut survey, &mut frontier, Jobs { count, limit: None }, |_| true).unwrap();
            assert!(survey == alone, "{name}, {count} jobs: {survey:?} {alone:?}");
        }
    });
}

/// Broken off again and again, and gone on with from what was written down.
#[test]
fn broken_off_and_gone_on_with() {
    each(|subject, alone, name| {
        let (mut survey, mut frontier) = (Survey::default(), Frontier::whole());
        let (mut legs, step) = (0, alone.executions / 7 + 1);
        while !survey.complete {
            let jobs = Jobs { count: 1 + legs % 2, limit: Some(step) };
            subject.go_on(&mut survey, &mut frontier, jobs, |_| true).unwrap();
            legs += 1;
            assert!(survey.executions <= step * legs as u64, "{name}: no more than it may");
            let text = serde_json::to_string(&(&survey, &frontier)).unwrap();
            (survey, frontier) = serde_json::from_str(&text).unwrap();
        }
        assert!(legs > 5 && survey == alone, "{name}, {legs} legs: {survey:?} {alone:?}");
    });
}

/// Shares that are made where the others cannot be asked: together they are all, once.
#[test]
fn shares_make_the_same() {
    each(|subject, alone, name| {
        let (mut survey, mut frontier) = (Survey::default(), Frontier::whole());
        while !survey.complete {
            subject.divide(&mut survey, &mut frontier, 16).unwrap();
            let shares: Vec<Frontier> = (0..3)
                .map(|number| {
                    let mut share = frontier.clone();
                    share.keep(number, 3);
                    let jobs = Jobs { count: 1 + number % 2, limit: None };
                    subject.go_on(&mut survey, &mut share, jobs, |_| true).unwrap();
                    share
                })
                .collect();
            frontier = Frontier::merged(&shares);
            survey.complete = frontier.is_empty();
        }
        assert!(survey == alone, "{name}: {survey:?} {alone:?}");
    });
}
