//! The whole catalogue, explored: `docs/PROOFS.md`.

use kcore::experiment::{self, Experiment};
use kcore::settings::Form;

use super::account::{Account, plural};
use super::choice::Choice;
use crate::documents::text::{heads, row};
use crate::status::Failure;

/// What begins the page.
const HEAD: &str = "\
# What every order of steps comes to

Each form of each experiment, at the smallest sizes, explored: no script, no point, no luck. Of all executions
that differ only in the order of steps which do not meet, one was made, and each of these is in the count. Stores
take effect at once and for all (sequential consistency); a lock is taken and given in one step. `explore NAME
--lock FORM` makes a row again. Experiments that need interrupts, timers, work queues, or one CPU for all tasks are
not explored here, and have no row.

";

/// The page.
pub fn render() -> String {
    let mut text = HEAD.to_string();
    heads(&mut text, &["experiment", "forms", "tasks x units", "executions", "what was found"]);
    for entry in experiment::ALL {
        for (forms, cells) in rows(entry) {
            let forms: Vec<&str> = forms.into_iter().map(Form::word).collect();
            let [sizes, executions, found] = cells;
            row(&mut text, [format!("`{}`", entry.name), forms.join(", "), sizes, executions, found]);
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

/// Sizes, executions, and what was found; [`None`] where the form is not explored here.
fn cells(entry: &'static Experiment, form: Form) -> Result<Option<[String; 3]>, Failure> {
    let choice = Choice::smallest(entry, form)?;
    if choice.subject().is_err() {
        return Ok(None);
    }
    let account = super::explored(&choice, None)?;
    let sizes = format!("{} x {}", choice.resolved.writers, choice.resolved.quanta);
    Ok(Some([sizes, account.survey.executions.to_string(), found(&account)]))
}

fn found(account: &Account<'_>) -> String {
    match &account.shortest {
        None => "clean: all".to_string(),
        Some(replay) => {
            let (of, verdict) = (account.survey.bad_executions, replay.end.verdict);
            format!(
                "{verdict}: {of}; the shortest has {}",
                plural(replay.made.switches(), "switch", "switches")
            )
        }
    }
}
