//! Where an execution that is made again is not as its string says any more.

use alloc::format;
use alloc::string::{String, ToString};

use crate::explore::{BUFFER, FAILURE, Line, Of, Recipe, Replay};
use crate::probe::Name;
use crate::settings::Policy;

use super::columns::words;
use super::names::{Names, place};

/// What was to come after `at` steps of `recipe`, what came instead, and that `then` says how it goes on.
pub(super) fn text(replay: &Replay, recipe: &Recipe, at: usize, then: Policy) -> String {
    let tasks = recipe.schedule.tasks();
    if recipe.in_kernel {
        // Not each step there has a line.
        return format!(
            "It parts after {at} of the {} steps of its string, and from there on it is {then}.",
            tasks.len()
        );
    }
    let names = Names::of(&replay.transcript);
    // What makes an allocation fail may be no line, if its task has ended.
    let is_failure = |task: &&u8| **task >= FAILURE;
    let made = at - tasks[..at].iter().filter(is_failure).count();
    let lines = &replay.transcript.lines;
    let is_other = |(_, line): &(usize, &Line)| !matches!(line.of, Of::Failure);
    let from = lines.iter().enumerate().filter(is_other).nth(made).map_or(lines.len(), |(from, _)| from);
    let told = |line: &Line| format!("{}: {} ({})", Name(line.who), words(line, &names), place(line.at));
    let mut coming = lines[from..].iter().chain(&replay.transcript.waiting);
    let all = tasks.len();
    let expected = match tasks.get(at) {
        None => format!("The string is at its end after {at} steps."),
        Some(task) => {
            let what = match task {
                FAILURE.. => format!("an allocation of {}'s fails, and none does", Name(task - FAILURE)),
                BUFFER.. => format!("a store leaves {}'s buffer, and none can", Name(task - BUFFER)),
                task => match coming.find(|line| line.who == *task && line.buffered_since.is_none()) {
                    Some(line) => format!("{} goes on, and it has to wait ({})", Name(*task), told(line)),
                    None => format!("{} goes on, and it has nothing to do", Name(*task)),
                },
            };
            format!("It parts after {at} of the {all} steps of its string, which says that {what}.")
        }
    };
    let seen = match lines.get(from) {
        Some(line) => format!("What comes is {}, and from there on it is {then}.", told(line)),
        None => "No task goes on.".to_string(),
    };
    format!("{expected} {seen}")
}
