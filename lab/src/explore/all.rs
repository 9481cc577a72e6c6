//! The whole catalogue, explored: `docs/PROOFS.md`.

use kcore::experiment::{self, Experiment};
use kcore::explore::MemoryModel;
use kcore::explore::account::plural;
use kcore::settings::Form;

use super::account::Account;
use super::choice::Choice;
use crate::documents::text::{heads, row};
use crate::status::Failure;

/// What begins the page.
const HEAD: &str = "\
# What every order of steps comes to

Each form of each experiment, at the smallest sizes, explored: no script, no point, no luck. Of all executions
that differ only in the order of steps which do not meet, one was made, and each of these is in the count: how many
went wrong, and how many switches between tasks the shortest of them needs. A lock is taken and given in one step.

Stores are seen by all tasks at once (sequential consistency), or wait in a buffer that their task alone sees until
they leave it (total store order, as on x86). Two things are simpler here than on a CPU: copies of bytes, and what gives
a lock back, wait until the buffer is empty.

`explore NAME --lock FORM --memory-model sc|tso` makes a cell again. Experiments that need interrupts, timers, work
queues, or one CPU for all tasks are explored by the kernel, and have no row here: `explore NAME` starts one.

";

/// The page.
pub fn render() -> String {
    let mut text = HEAD.to_string();
    heads(&mut text, &["experiment", "forms", "tasks x units", "stores seen at once", "stores buffered"]);
    for entry in experiment::ALL {
        for (forms, cells) in rows(entry) {
            let forms: Vec<&str> = forms.into_iter().map(Form::word).collect();
            let [sizes, at_once, buffered] = cells;
            row(&mut text, [format!("`{}`", entry.name), forms.join(", "), sizes, at_once, buffered]);
        }
    }
    text
}

/// The cells of an experiment, and the forms that have them.
fn rows(entry: &'static Experiment) -> Vec<(Vec<Form>, [String; 3])> {
    let mut rows: Vec<(Vec<Form>, [String; 3])> = Vec::new();
    for form in entry.locks() {
        let Ok(Some(cells)) = cells(entry, form) else { continue };
        match rows.iter_mut().find(|(_, others)| *others == cells) {
            Some((forms, _)) => forms.push(form),
            None => rows.push((vec![form], cells)),
        }
    }
    rows
}

/// Sizes, and what was found under each memory model; [`None`] where the form is not explored here.
fn cells(entry: &'static Experiment, form: Form) -> Result<Option<[String; 3]>, Failure> {
    let choice = Choice::smallest(entry, form, MemoryModel::Sc)?;
    if choice.subject().is_err() {
        return Ok(None);
    }
    let buffered = Choice::smallest(entry, form, MemoryModel::Tso)?;
    let found = |choice| Ok::<_, Failure>(found(&super::all(choice)?));
    let sizes = format!("{} x {}", choice.resolved.writers, choice.resolved.quanta);
    Ok(Some([sizes, found(&choice)?, found(&buffered)?]))
}

fn found(account: &Account<'_>) -> String {
    match &account.shortest {
        None => format!("clean: {}, all", account.survey.executions),
        Some(replay) => {
            let (bad, of, verdict) =
                (account.survey.bad_executions, account.survey.executions, replay.end.verdict);
            format!("{verdict}: {bad} of {of}, {}", plural(replay.made.switches(), "switch", "switches"))
        }
    }
}
