//! What a kernel is told, so that its tasks do the same on its CPUs as in an execution that was made here.

use kcore::experiment::{self, Experiment};
use kcore::explore::{MemoryModel, Recipe, Replay};
use kcore::probe::Name;
use kcore::settings::{Config, Policy};

use super::choice::Choice;
use super::{all, made, no_room, recipe};
use crate::catalogue;
use crate::cli::{Options, REPLAY, Words};
use crate::status::Failure;

/// An experiment, and what a run of it is told.
pub type Run = (&'static Experiment, Words);

/// Why a kernel cannot be made to make an execution.
pub const UNSTEERED: &str = "a kernel's probes cannot keep tasks from all that this order hangs on";

/// What a replay string says.
const OF_A_STRING: &[&str] = &["lock", "object", "writers", "quanta", "rounds", "quantum", "qset"];

/// The options of a run. Where its probe is a replay string, they say all that the string says, and the steps
/// as a kernel is to hear of them.
pub fn steered(experiment: &str, options: &Options) -> Result<Options, Failure> {
    let told = &options.told;
    let Some(string) = told.word("probe").and_then(|probe| probe.strip_prefix(REPLAY)) else {
        return Ok(options.clone());
    };
    let recipe = recipe::given(string)?;
    let refused = |why: String| Err(Failure::usage(why));
    if recipe.experiment != experiment {
        return refused(format!(
            "the replay string is of {0}, and not of {experiment} (try run {0})",
            recipe.experiment
        ));
    }
    let said = recipe.settings();
    for (key, word) in told.0.iter().filter(|(key, _)| OF_A_STRING.contains(key)) {
        let mut settings = said.clone();
        settings.set(key, word).map_err(|usage| Failure::usage(usage.to_string()))?;
        if settings != said {
            return refused(format!(
                "the replay string does not say {key}={word}: leave out --{key} (or try replay)"
            ));
        }
    }
    if recipe.in_kernel {
        return refused("the kernel's explorer alone makes what it has found (try replay)".to_string());
    }
    let choice = Choice::of_recipe(&recipe, said)?;
    let replay = made(&choice, &recipe.schedule, Policy::NonPreemptive)?;
    if let Some(at) = replay.parted {
        return refused(format!(
            "after {at} steps {experiment} does not go on as the replay string says (try replay)"
        ));
    }
    let Some((_, words)) = run(&choice, &replay)? else {
        return refused(format!("{UNSTEERED} (try replay --on host)"));
    };
    let open = words.into_iter().filter(|(key, _)| *key == "probe" || told.word(key).is_none());
    Ok(Options { told: told.with(open.collect()), ..options.clone() })
}

/// What a run is told that forces an execution in the kernel, or one which ends alike: there a task makes
/// what no probe hears of as soon as it can. [`None`] when neither can be forced.
pub(super) fn run(choice: &Choice, replay: &Replay) -> Result<Option<Run>, Failure> {
    let recipe = choice.recipe(&replay.made);
    let of_entry = |words| (choice.entry, words);
    let subject = choice.subject()?;
    if let Some(words) = words(&recipe, replay, subject.tasks()) {
        return Ok(Some(of_entry(words)));
    }
    let hastened = subject.replay(&replay.transcript.hastened()).ok_or_else(no_room)?;
    let is_alike = hastened.end.kind() == replay.end.kind() && hastened.trouble.is_none();
    Ok(words(&recipe, &hastened, subject.tasks()).filter(|_| is_alike).map(of_entry))
}

/// The runs that force the shortest counterexample of each experiment in the kernel: its name, and the words.
/// Those that can.
pub fn forced() -> Result<Vec<(&'static str, Vec<String>)>, Failure> {
    let mut runs = Vec::new();
    for entry in experiment::ALL {
        let choice = Choice::smallest(entry, entry.unguarded(), MemoryModel::Sc)?;
        if choice.subject().is_err() {
            continue;
        }
        let account = all(&choice)?;
        let Some(replay) = &account.shortest else { continue };
        let Some((_, words)) = run(&choice, replay)? else { continue };
        let words = words.into_iter().map(|(key, word)| format!("{key}={word}"));
        let line: Vec<String> = ["run", entry.name].map(str::to_string).into_iter().chain(words).collect();
        if catalogue::check(entry, &line, Config::Full).is_ok() {
            runs.push((entry.name, line));
        }
    }
    Ok(runs)
}

/// What a run is told that forces it in the kernel: the same work by so many `tasks`, and the steps of the
/// execution in their order. [`None`] when these cannot be forced there: a script begins anew with each round.
fn words(recipe: &Recipe, replay: &Replay, tasks: u32) -> Option<Words> {
    let ([_, quanta, 1], [quantum, qset]) = (recipe.sizes, recipe.geometry) else { return None };
    let turns = replay.transcript.for_a_kernel()?;
    let turns: Vec<String> =
        turns.turns().iter().map(|turn| format!("{}*{}", Name(turn.task), turn.steps)).collect();
    let mut words = vec![
        ("lock", recipe.lock.to_string()),
        ("writers", tasks.to_string()),
        ("quanta", quanta.to_string()),
        ("rounds", "1".to_string()),
        ("quantum", quantum.to_string()),
        ("qset", qset.to_string()),
        ("probe", format!("script={}", turns.join(","))),
        ("expect", replay.end.verdict.to_string()),
        ("cpus", tasks.max(2).to_string()),
    ];
    let entry = experiment::find(&recipe.experiment).ok()?;
    words.retain(|(key, _)| entry.takes(key));
    words.extend(recipe.object.map(|object| ("object", object.to_string())));
    Some(words)
}
