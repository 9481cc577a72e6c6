//! `explore` and `replay`: every execution of an experiment, made on the host.
//!
//! | file | noun |
//! |---|---|
//! | `choice` | an experiment, a form and sizes, as they are explored |
//! | `recipe` | a counterexample as people pass it on |
//! | `account` | what the executions came to, as text and as a record |
//! | `columns` | an execution as people read it, a column for each task |
//! | `story` | what went wrong in it, in a sentence |
//! | `all` | the whole catalogue: `docs/PROOFS.md` |

mod account;
pub mod all;
mod choice;
mod columns;
mod recipe;
mod story;

use std::time::Instant;

use indicatif::ProgressBar;
use kcore::experiment;
use kcore::host::explored::{Allocator, MemoryModel, Replay, Subject, Survey};
use kcore::report::Record;
use kcore::settings::Config;

use self::account::Account;
use self::choice::Choice;
use self::recipe::Recipe;
use crate::catalogue;
use crate::cli::{Model, Options};
use crate::output::{Sink, say, text_of};
use crate::paint::paint;
use crate::signals::Work;
use crate::status::{Failure, Status};

/// Tasks that are explored find their memory where it was in the execution before.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Explores the experiment that is called so, `limit` executions of it at most.
pub fn main(
    experiment: &str,
    model: Model,
    limit: Option<u64>,
    options: &Options,
) -> Result<Status, Failure> {
    let model = match model {
        Model::Sc => MemoryModel::Sc,
        Model::Tso => MemoryModel::Tso,
    };
    let choice = Choice::of(experiment, model, options)?;
    choice.subject()?;
    let json = options.json.as_deref().map(Sink::open).transpose()?;
    let text = &mut *text_of(options);
    let work = Work::begin();
    say(text, &choice.heading())?;
    let account = explored(&choice, limit, &work)?;
    say(text, &paint(&account.text()))?;
    if let Some(json) = json {
        let record = Record::Explore(account.record());
        json.lines(&[serde_json::to_string(&record).map_err(|error| Failure::dead(error.to_string()))?])?;
    }
    Ok(if account.is_ok() { Status::Expected } else { Status::Unexpected })
}

/// Makes the executions, until all are made, or `limit`, or the time is over, or a signal ends the `work`.
fn explored<'a>(choice: &'a Choice, limit: Option<u64>, work: &Work) -> Result<Account<'a>, Failure> {
    let subject = choice.subject()?;
    let began = Instant::now();
    let progress = ProgressBar::new_spinner();
    let survey = subject.survey(|survey| {
        // To look at the clock takes as long as a part of an execution.
        let looks = survey.executions.is_multiple_of(LOOKS_EVERY);
        if looks {
            progress.set_message(account::progress(survey, began.elapsed()));
            progress.tick();
        }
        let in_time = || choice.patience.is_none_or(|patience| began.elapsed() < patience) && work.goes_on();
        limit.is_none_or(|limit| survey.executions < limit) && (!looks || in_time())
    });
    progress.finish_and_clear();
    let survey = survey.ok_or_else(no_room)?;
    let seconds = began.elapsed().as_secs_f64();
    if let Some(trouble) = &survey.trouble {
        return Err(Failure::dead(format!("{}: {}", choice.name(), account::trouble(trouble))));
    }
    let shortest = shortest(&subject, &survey)?;
    Ok(Account { choice, survey, seconds, shortest })
}

/// Executions between two looks at the clock, and at what the user wants.
const LOOKS_EVERY: u64 = 256;

/// The counterexample with the fewest switches, if there is one.
fn shortest(subject: &Subject<'_>, survey: &Survey) -> Result<Option<Replay>, Failure> {
    let each = survey.bad.values().map(|schedule| subject.minimised(schedule).ok_or_else(no_room));
    let each: Vec<Replay> = each.collect::<Result<_, _>>()?;
    Ok(each.into_iter().min_by_key(|replay| (replay.made.switches(), replay.end.kind().rank())))
}

/// Makes the execution again that `recipe` describes, on this host. The second is what a kernel is to be told, so
/// that it does the same on its CPUs.
pub fn replay(recipe: &str, options: &Options) -> Result<(Status, Option<Vec<String>>), Failure> {
    choice::only(&["timeout"], options, "replay makes what its string says")?;
    let recipe: Recipe = recipe.parse().map_err(|why| Failure::usage(format!("{why} (try explore)")))?;
    let choice = recipe.choice()?;
    let replay = choice.subject()?.replay(&recipe.schedule).ok_or_else(no_room)?;
    let text = &mut *text_of(options);
    say(text, &choice.heading())?;
    if let Some(at) = replay.parted {
        say(text, &format!("  after {at} steps it is not as the string says: the code has changed since"))?;
    }
    say(text, "")?;
    say(text, &columns::render(&replay))?;
    say(text, story::tell(&replay).trim_end())?;
    say(text, &paint(&format!("verdict: {}", account::said(&choice, replay.end.verdict))))?;
    let status =
        if choice.expected.allows(replay.end.verdict) { Status::Expected } else { Status::Unexpected };
    Ok((status, recipe.run(&replay)))
}

/// The runs that force the shortest counterexample of each experiment in the kernel: its name, and the words. Those
/// that can.
pub fn forced() -> Result<Vec<(&'static str, Vec<String>)>, Failure> {
    let mut all = Vec::new();
    for entry in experiment::ALL {
        let choice = Choice::smallest(entry, entry.unguarded(), MemoryModel::Sc)?;
        if choice.subject().is_err() {
            continue;
        }
        let account = explored(&choice, None, &Work::begin())?;
        let run = account.shortest.as_ref().and_then(|replay| Recipe::of(&choice, &replay.made).run(replay));
        all.extend(
            run.filter(|run| catalogue::check(entry, run, Config::Full).is_ok()).map(|run| (entry.name, run)),
        );
    }
    Ok(all)
}

fn no_room() -> Failure {
    Failure::dead("the host has no room for the memory of an execution".to_string())
}
