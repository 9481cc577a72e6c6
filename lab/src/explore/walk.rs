//! Executions with few preemptions first.

use std::time::Instant;

use indicatif::ProgressBar;
use kcore::counted::Counted;
use kcore::explore::Replay;
use kcore::explore::account::within;
use kcore::host::explored::Walk;

use super::account::Account;
use super::choice::Choice;
use super::{no_room, shortest, untroubled};
use crate::cli::Search;
use crate::signals::Work;
use crate::status::Failure;

/// Executions between two times at which it is said how far it is.
const SAYS_EVERY: u64 = 1024;

/// Executions that are begun at most to find a shorter counterexample, when a search was broken off.
const BUDGET: u64 = 10_000;

/// Refuses what is not for these.
pub(super) fn check(choice: &Choice, search: &Search) -> Result<(), Failure> {
    let is_alone =
        Search { jobs: search.jobs.filter(|jobs| *jobs > 1), ..search.clone() } == Search::default();
    match choice.settings.preemptions {
        Some(_) if !is_alone => Err(Failure::usage(
            "with --preemptions one thread makes all executions, from the first one on: no --jobs, --resume, --shard"
                .to_string(),
        )),
        _ => Ok(()),
    }
}

/// Looks for a counterexample with fewer switches than `found` has, among executions with no more
/// preemptions. Gives it, and with how many preemptions nothing goes wrong, as far as that is known.
pub(super) fn shorter(choice: &Choice, found: &Replay) -> Result<(Option<Replay>, Option<u32>), Failure> {
    let subject = choice.subject()?;
    let watch = |walk: &Walk| walk.survey.executions + walk.in_vain < BUDGET;
    let walk = subject.walk(found.preemptions, watch).ok_or_else(no_room)?;
    untroubled(choice, walk.survey.trouble.as_ref())?;
    let other = shortest(choice, &walk.survey, u32::MAX)?;
    let right = if other.is_some() { walk.last.checked_sub(1) } else { walk.preemptions };
    Ok((other.filter(|other| other.made.switches() < found.made.switches()), right))
}

/// Makes those with at most so many, until something goes wrong, or as many as may be, or the time is over,
/// or a signal ends the `work`.
pub(super) fn walked<'a>(choice: &'a Choice, most: u32, work: &Work) -> Result<Account<'a>, Failure> {
    let began = Instant::now();
    let progress = ProgressBar::new_spinner();
    let limit = choice.settings.limit.unwrap_or(u64::MAX);
    let watch = |walk: &Walk| {
        let begun = walk.survey.executions + walk.in_vain;
        if begun.is_multiple_of(SAYS_EVERY) {
            progress.set_message(format!("{}{}", Counted(begun, "execution"), within(walk.last)));
            progress.tick();
        }
        let is_patient = choice.patience.is_none_or(|patience| began.elapsed() < patience);
        walk.survey.executions < limit && is_patient && work.goes_on()
    };
    let walk = choice.subject()?.walk(most, watch).ok_or_else(no_room)?;
    progress.finish_and_clear();
    untroubled(choice, walk.survey.trouble.as_ref())?;
    Account::of_walk(choice, walk, began.elapsed().as_secs_f64())
}
