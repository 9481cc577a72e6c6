//! `explore` and `replay`: every execution of an experiment, made on the host.
//!
//! | file | noun |
//! |---|---|
//! | `choice` | an experiment, a form and sizes, as they are explored |
//! | `checkpoint` | what is known and what is still to be made, in a file |
//! | `account` | what the executions came to, as text and as a record |
//! | [`driver`] | a driver in C, and what tasks do with it |
//! | `forced` | what a kernel is told that is to do the same |
//! | `recipe` | a replay string, as it is typed |
//! | `plan`, `drawing`, `legend` | where what is in a picture is, what it looks like and means |
//! | `picture` | the picture of an execution |
//! | `recorded` | the picture of a run on a machine |
//! | `walk` | executions with few preemptions first |
//! | `all` | the whole catalogue: `docs/PROOFS.md` |

mod account;
pub mod all;
mod checkpoint;
mod choice;
mod drawing;
pub mod driver;
mod forced;
mod legend;
pub mod picture;
mod plan;
mod recipe;
pub(crate) mod recorded;
mod walk;

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use kcore::experiment::Experiment;
use kcore::explore::sheet::Sheet;
use kcore::explore::{MemoryModel, QSET, QUANTUM, Recipe, Replay, Schedule, Survey, Trouble};
use kcore::host::explored::{Allocator, Jobs, Progress, Subject};
use kcore::report::Record;
use kcore::settings::{Accel, Config, Expect, Policy, Verdict, With};

use self::account::Account;
use self::checkpoint::Checkpoint;
use self::choice::Choice;
pub use self::forced::{Run, UNSTEERED, forced, steered};
pub use self::recipe::given;
use crate::catalogue;
use crate::cli::{Maker, Model, Options, Search};
use crate::output::{Sink, say, text_of};
use crate::paint::paint;
use crate::signals::Work;
use crate::status::{Failure, Status};

/// Tasks that are explored find their memory where it was in the execution before.
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// What a kernel is to be told that explores the experiment which is called so; [`None`] when that is done
/// here, on the host, since it can be.
pub fn words(
    experiment: &str,
    model: Model,
    on: Option<Maker>,
    search: &Search,
    options: &Options,
) -> Result<Option<Vec<String>>, Failure> {
    let entry = catalogue::find(experiment)?;
    let smallest = Choice::smallest(entry, entry.unguarded(), MemoryModel::Sc);
    let with = options.told.word("with");
    let here = with.and_then(|with| {
        [With::Signal, With::Timeout, With::Enomem].into_iter().find(|here| here.word() == with)
    });
    let is_for_the_host =
        (with.is_none() || here.is_some()) && smallest.is_ok_and(|choice| choice.subject().is_ok());
    if on == Some(Maker::Host) || on.is_none() && is_for_the_host {
        return Ok(None);
    }
    if let Some(with) = here {
        return Err(Choice::without(entry, with));
    }
    if model == Model::Tso {
        let why = "a CPU's own store buffer cannot be steered: in the kernel it is --memory-model sc";
        return Err(Failure::usage(why.to_string()));
    }
    if *search != Search::default() {
        let why = "in the kernel each CPU makes executions, from the first one on: --cpus, and no --jobs, --resume, --shard";
        return Err(Failure::usage(why.to_string()));
    }
    if options.told.word("preemptions").is_some() {
        return Err(Failure::usage("in the kernel all orders are made: no --preemptions".to_string()));
    }
    catalogue::suits(entry, &options.told.run())?;
    let mut words = vec!["explore".to_string(), experiment.to_string()];
    let own = [("quantum", QUANTUM), ("qset", QSET), ("cpus", cpus(entry, 2))];
    let taken = |key: &str| entry.takes(key) && options.told.word(key).is_none();
    let missing = own.into_iter().filter(|(key, _)| taken(key));
    words.extend(missing.map(|(key, value)| format!("{key}={value}")));
    words.extend(in_turns(options));
    Ok(Some(words))
}

/// Unless `options` say otherwise, the CPUs of a machine that explores take turns on one thread of the host: as
/// one part makes a step at a time, others would only wait for their threads to be woken. More CPUs than it
/// takes make executions at once.
fn in_turns(options: &Options) -> Option<String> {
    let is_told = ["accel", "cpus"].into_iter().any(|key| options.told.word(key).is_some());
    (!is_told).then(|| format!("accel={}", Accel::TcgSingle))
}

/// As few CPUs as it takes to explore `entry` in the kernel, with so many parts: on one of them some races
/// are none.
fn cpus(entry: &Experiment, parts: u32) -> u64 {
    let alone = entry.cell(entry.unguarded(), 1, Config::Full);
    let is_none = alone.is_none_or(|cell| cell == Expect::Only(Verdict::Clean));
    if is_none { parts.max(2).into() } else { 1 }
}

/// Explores the experiment that is called so, as much of it as `search` says, and draws to `svg` what it
/// finds.
pub fn main(
    experiment: &str,
    model: Model,
    search: &Search,
    svg: Option<&Path>,
    options: &Options,
) -> Result<Status, Failure> {
    let model = match model {
        Model::Sc => MemoryModel::Sc,
        Model::Tso => MemoryModel::Tso,
    };
    let choice = Choice::of(experiment, model, options)?;
    let subject = choice.subject()?;
    walk::check(&choice, search)?;
    let known = begun(&choice, &subject, search)?;
    let json = options.json.as_deref().map(|to| Sink::open("report", to)).transpose()?;
    let svg = svg.map(recorded::open).transpose()?;
    let work = Work::begin();
    say(&mut *text_of(options), &choice.heading())?;
    let account = match choice.settings.preemptions {
        Some(most) => walk::walked(&choice, most, &work)?,
        None => explored(&choice, known, search, &work)?,
    };
    if let Some(svg) = svg {
        svg.write(&choice.picture(account.sheet().as_ref(), account.verdict()))?;
    }
    told(&account, json, options)
}

/// What is known before anything is made.
fn begun(choice: &Choice, subject: &Subject<'_>, search: &Search) -> Result<Checkpoint, Failure> {
    if let Some(file) = &search.resume
        && let Some(known) = Checkpoint::read(file)?
    {
        let known = known.of(choice, file)?;
        return match known.part() == search.shard {
            true => Ok(known),
            false => Err(Failure::usage(format!("'{}' is of another shard", file.display()))),
        };
    }
    let known = match &search.from {
        Some(file) => Checkpoint::expect(file)?.of(choice, file)?,
        None => Checkpoint::new(choice),
    };
    match search.shard {
        Some((number, of)) => known.shard(subject, number, of),
        None => Ok(known),
    }
}

/// Puts together what shards have made.
pub fn merge(files: &[PathBuf], into: Option<&Path>, options: &Options) -> Result<Status, Failure> {
    let shards = files.iter().map(|file| Checkpoint::expect(file)).collect::<Result<Vec<_>, _>>()?;
    let mut known = Checkpoint::merged(shards)?;
    let recipe: Recipe = known.what.parse().map_err(Failure::usage)?;
    let choice = Choice::of_recipe(&recipe, recipe.settings())?;
    let json = options.json.as_deref().map(|to| Sink::open("report", to)).transpose()?;
    if let Some(into) = into {
        known.write(into)?;
    }
    let text = &mut *text_of(options);
    say(text, &choice.heading())?;
    match known.frontier.parts() {
        0 => {}
        parts => say(
            text,
            &format!("  {parts} parts are left that no shard has had: explore --from what --into has"),
        )?,
    }
    told(&Account::of(&choice, known)?, json, options)
}

/// Tells what was found, to people and to programs.
fn told(account: &Account<'_>, json: Option<Sink>, options: &Options) -> Result<Status, Failure> {
    say(&mut *text_of(options), &paint(&account.text()))?;
    let record = account.record();
    let status = if record.ok { Status::Expected } else { Status::Unexpected };
    if let Some(json) = json {
        let record = Record::Explore(record);
        json.lines(&[serde_json::to_string(&record).map_err(|error| Failure::dead(error.to_string()))?])?;
    }
    Ok(status)
}

/// Makes the executions, until all are made, or as many as may be, or the time is over, or a signal ends the
/// `work`.
fn explored<'a>(
    choice: &'a Choice,
    mut known: Checkpoint,
    search: &Search,
    work: &Work,
) -> Result<Account<'a>, Failure> {
    let subject = choice.subject()?;
    let began = Instant::now();
    let before = known.seconds;
    let progress = ProgressBar::new_spinner();
    let count = search.jobs.map_or_else(cores, |jobs| jobs as usize);
    let most = choice.settings.limit.map(|limit| known.survey.executions + limit);
    loop {
        let leg = Instant::now();
        let limit = most.map(|most| most - known.survey.executions);
        let goes_on = || choice.patience.is_none_or(|patience| began.elapsed() < patience) && work.goes_on();
        let made = known.survey.executions;
        let length = Duration::from_secs_f64((known.seconds / 4.0).clamp(0.1, 5.0));
        let watch = |seen: Progress| {
            let lately = seen.executions - made;
            progress.set_message(account::progress(&seen, lately, leg.elapsed(), began.elapsed()));
            progress.tick();
            goes_on() && (search.resume.is_none() || leg.elapsed() < length)
        };
        let jobs = Jobs { count, limit };
        subject.go_on(&mut known.survey, &mut known.frontier, jobs, watch).ok_or_else(no_room)?;
        // A part is not all, even if nothing is left.
        known.survey.complete &= known.part().is_none();
        known.seconds = before + began.elapsed().as_secs_f64();
        untroubled(choice, known.survey.trouble.as_ref())?;
        if let Some(file) = &search.resume {
            known.write(file)?;
        }
        let is_enough = most.is_some_and(|most| known.survey.executions >= most);
        if known.frontier.parts() == 0 || is_enough || !goes_on() {
            break;
        }
    }
    progress.finish_and_clear();
    Account::of(choice, known)?.shortened()
}

/// CPUs of this host.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// The counterexample with the fewest switches, if there is one, and with no more preemptions than `most`.
fn shortest(choice: &Choice, survey: &Survey, most: u32) -> Result<Option<Replay>, Failure> {
    let subject = choice.subject()?;
    let replay = Replay::shortest(survey, most, |schedule| subject.replay(schedule)).ok_or_else(no_room)?;
    untroubled(choice, replay.as_ref().and_then(|replay| replay.trouble.as_ref()))?;
    Ok(replay)
}

/// Makes the execution again that `recipe` describes, on this host; from where it does not fit it goes on as
/// `then` says. The second is what a kernel is to be told, so that it does the same on its CPUs.
pub fn replay(
    recipe: &Recipe,
    then: Policy,
    svg: Option<&Path>,
    options: &Options,
) -> Result<(Status, Option<Run>), Failure> {
    catalogue::suits(catalogue::find(&recipe.experiment)?, &options.told.run())?;
    let mut settings = recipe.settings();
    for (key, word) in &options.told.0 {
        settings.set(key, word).map_err(|usage| Failure::usage(usage.to_string()))?;
    }
    let choice = Choice::of_recipe(recipe, settings)?;
    let svg = svg.map(recorded::open).transpose()?;
    let replay = made(&choice, &recipe.schedule, then)?;
    let sheet = Sheet::again(
        &replay,
        &Recipe { schedule: recipe.schedule.clone(), ..choice.recipe(&replay.made) },
        then,
    );
    let (text, verdict, expected) = (&mut *text_of(options), sheet.end.verdict, choice.expected);
    say(text, &choice.heading())?;
    say(text, &paint(&sheet.text_again(&recipe::again(&sheet.replay))))?;
    let is_ok = expected.allows(verdict);
    say(text, &paint(&kcore::explore::account::said(verdict, expected, is_ok)))?;
    if let Some(svg) = svg {
        svg.write(&choice.picture(Some(&sheet), verdict))?;
    }
    Ok((if is_ok { Status::Expected } else { Status::Unexpected }, forced::run(&choice, &replay)?))
}

/// The execution of `choice` that `schedule` says, and `then` from where it does not fit.
fn made(choice: &Choice, schedule: &Schedule, then: Policy) -> Result<Replay, Failure> {
    let replay = choice.subject()?.follow(schedule, Some(then)).ok_or_else(no_room)?;
    untroubled(choice, replay.trouble.as_ref())?;
    Ok(replay)
}

/// The words of a kernel that makes it again, which its explorer has found.
pub fn kernels(recipe: &Recipe, then: Policy, options: &Options) -> Result<Vec<String>, Failure> {
    catalogue::suits(catalogue::find(&recipe.experiment)?, &options.told.run())?;
    if then != Policy::NonPreemptive {
        return Err(Failure::usage(format!(
            "the kernel's explorer goes on non-preemptive: no --then {then}"
        )));
    }
    let cpus = cpus(catalogue::find(&recipe.experiment)?, recipe.sizes[0]);
    let words = ["replay".to_string(), recipe.to_string(), format!("cpus={cpus}")];
    Ok(words.into_iter().chain(in_turns(options)).collect())
}

/// All executions of `choice`.
fn all(choice: &Choice) -> Result<Account<'_>, Failure> {
    explored(choice, Checkpoint::new(choice), &Search::default(), &Work::begin())
}

/// Refuses what is not to be believed.
fn untroubled(choice: &Choice, trouble: Option<&Trouble>) -> Result<(), Failure> {
    let why = |trouble| format!("{}: {}", choice.name(), kcore::explore::account::trouble(trouble));
    trouble.map_or(Ok(()), |trouble| Err(Failure::dead(why(trouble))))
}

fn no_room() -> Failure {
    Failure::dead("the host has no room for the memory of an execution".to_string())
}
