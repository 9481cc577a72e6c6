//! A counterexample as people pass it on: an experiment, its sizes, and the turns of its tasks.
//!
//! `counter:none:2x1x1:16x2:A3B5A2:9c1f`: the form, tasks x units x rounds, the geometry of devices, what is
//! unusual about it in a word each, the turns, and a check, so that a letter which was lost on the way is
//! noticed.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use kcore::explore::account::WIDTH;
use kcore::explore::{BUFFER, Schedule};
use kcore::host::explored::{MemoryModel, Replay};
use kcore::probe::Name;
use kcore::settings::{Form, MAX_WRITERS, Object, RunSettings, With};

use super::choice::Choice;
use crate::cli::Words;
use crate::status::Failure;
use crate::{catalogue, workspace};

/// All that makes an execution again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recipe {
    pub(super) experiment: String,
    pub(super) lock: Form,
    pub(super) sizes: [u32; 3],
    pub(super) geometry: [u64; 2],
    pub(super) model: MemoryModel,
    /// What else than tasks makes steps.
    pub(super) with: Option<With>,
    /// What is missing at first, if that is not the usual.
    pub(super) object: Option<Object>,
    pub(super) schedule: Schedule,
}

impl Recipe {
    /// Of an execution of `choice`.
    pub(super) fn of(choice: &Choice, schedule: &Schedule) -> Self {
        let resolved = &choice.resolved;
        Recipe {
            experiment: choice.name().to_string(),
            lock: resolved.lock,
            sizes: [resolved.writers, resolved.quanta, resolved.rounds],
            geometry: [choice.settings.quantum, choice.settings.qset],
            model: choice.model,
            with: choice.settings.with,
            object: choice.settings.object,
            schedule: schedule.clone(),
        }
    }

    /// What a user has given: a string, or `@` and the file that has one.
    pub(super) fn given(text: &str) -> Result<Self, Failure> {
        let unreadable = |file: &str, why: io::Error| {
            Failure::usage(format!("the file '{file}' of a replay string cannot be read: {why}"))
        };
        let kept =
            text.strip_prefix('@').map(|file| fs::read_to_string(file).map_err(|why| unreadable(file, why)));
        let string = kept.transpose()?;
        let string = string.as_deref().unwrap_or(text);
        string.parse().map_err(|why| Failure::usage(format!("{why} (try explore)")))
    }

    /// What makes it again, as it is typed. A string that is too long for two lines is kept in a file.
    pub(super) fn again(&self) -> String {
        let string = self.to_string();
        let line = format!("again: cargo run -- replay {string}");
        let kept = (line.len() > 2 * WIDTH).then(|| self.keep(&string));
        match kept {
            Some(Ok(file)) => {
                format!(
                    "again: cargo run -- replay @{} (a string of {} characters)",
                    file.display(),
                    string.len()
                )
            }
            _ => line,
        }
    }

    fn keep(&self, string: &str) -> Result<PathBuf, Failure> {
        let directory = workspace::root()?.join("target/replays");
        let file = directory.join(format!("{}-{:016x}", self.experiment, hash(string.as_bytes())));
        let lost =
            |error: io::Error| Failure::usage(format!("'{}' cannot be written: {error}", file.display()));
        fs::create_dir_all(&directory)
            .and_then(|()| fs::write(&file, format!("{string}\n")))
            .map_err(lost)?;
        let here = std::env::current_dir().ok();
        let below = here.and_then(|here| file.strip_prefix(here).map(PathBuf::from).ok());
        Ok(below.unwrap_or(file))
    }

    /// What a run is told to be of the same work.
    pub(super) fn words(&self) -> Words {
        let ([writers, quanta, rounds], [quantum, qset]) = (self.sizes, self.geometry);
        let mut words = vec![
            ("lock", self.lock.to_string()),
            ("writers", writers.to_string()),
            ("quanta", quanta.to_string()),
            ("rounds", rounds.to_string()),
            ("quantum", quantum.to_string()),
            ("qset", qset.to_string()),
        ];
        words.extend(self.object.map(|object| ("object", object.to_string())));
        words
    }

    /// The same, as settings.
    pub(super) fn settings(&self) -> RunSettings {
        let ([writers, quanta, rounds], [quantum, qset]) = (self.sizes, self.geometry);
        RunSettings {
            lock: Some(self.lock),
            object: self.object,
            writers: Some(writers),
            quanta: Some(quanta),
            rounds: Some(rounds),
            quantum,
            qset,
            with: self.with,
            ..RunSettings::default()
        }
    }

    /// What it is an execution of, if `settings` say the rest.
    pub(super) fn choice(&self, settings: RunSettings) -> Result<Choice, Failure> {
        Choice::new(catalogue::find(&self.experiment)?, settings, self.model)
    }

    /// What a run is told that forces it in the kernel: the same work, and the steps of the execution in
    /// their order. [`None`] when these cannot be forced there: a script begins anew with each round.
    pub(super) fn run(&self, replay: &Replay) -> Option<Words> {
        let [writers, _, 1] = self.sizes else { return None };
        let turns = replay.transcript.for_a_kernel()?;
        let turns: Vec<String> =
            turns.turns().iter().map(|turn| format!("{}*{}", Name(turn.task), turn.steps)).collect();
        let mut words = self.words();
        words.extend([
            ("probe", format!("script={}", turns.join(","))),
            ("expect", replay.end.verdict.to_string()),
            ("cpus", writers.max(2).to_string()),
        ]);
        Some(words)
    }

    fn body(&self) -> String {
        let ([writers, quanta, rounds], [quantum, qset]) = (self.sizes, self.geometry);
        let Recipe { experiment, lock, schedule, .. } = self;
        let model = if self.model == MemoryModel::Tso { ":tso" } else { "" };
        let with = self.with.map_or_else(String::new, |with| format!(":{with}"));
        let object = self.object.map_or_else(String::new, |object| format!(":{object}"));
        format!(
            "{experiment}:{lock}:{writers}x{quanta}x{rounds}:{quantum}x{qset}{model}{with}{object}:{schedule}"
        )
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = self.body();
        write!(f, "{body}:{:04x}", check(&body))
    }
}

impl FromStr for Recipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("'{text}' is no replay string: {what}");
        let parts: Vec<&str> = text.trim().split(':').collect();
        let [experiment, lock, sizes, geometry, unusual @ .., turns, _] = &parts[..] else {
            return Err(wrong("it has not six parts between colons, or more where it is unusual"));
        };
        let model = if unusual.contains(&"tso") { MemoryModel::Tso } else { MemoryModel::Sc };
        let with = unusual.iter().find_map(|word| word.parse().ok());
        let object = unusual.iter().find_map(|word| word.parse().ok());
        let lock = lock.parse().map_err(|_| wrong("its form is none"))?;
        let sizes: [u32; 3] = numbers(sizes).ok_or_else(|| wrong("its sizes are not three numbers"))?;
        let geometry: [u64; 2] = numbers(geometry).ok_or_else(|| wrong("its geometry is not two numbers"))?;
        let schedule: Schedule = turns.parse().map_err(|why: String| wrong(&why))?;
        // One more ends the waits.
        let tasks = sizes[0].min(MAX_WRITERS) + u32::from(matches!(with, Some(With::Signal | With::Timeout)));
        if schedule.turns().iter().any(|turn| u32::from(turn.task % BUFFER) >= tasks) {
            return Err(wrong("a turn is of a task that there is not"));
        }
        let recipe = Recipe {
            experiment: experiment.to_string(),
            lock,
            sizes,
            geometry,
            model,
            with,
            object,
            schedule,
        };
        if recipe.to_string() != text.trim() {
            return Err(wrong("its check does not fit: something was lost or changed on the way"));
        }
        Ok(recipe)
    }
}

/// `2x1x1`.
fn numbers<T: FromStr, const N: usize>(text: &str) -> Option<[T; N]> {
    let numbers: Option<Vec<T>> = text.split('x').map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok()
}

/// Folded to 16 bits.
fn check(text: &str) -> u16 {
    let hash = hash(text.as_bytes());
    (hash ^ hash >> 16 ^ hash >> 32 ^ hash >> 48) as u16
}

/// Of Fowler, Noll and Vo (FNV-1a).
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

#[cfg(test)]
mod tests {
    use kcore::experiment::ALL;
    use kcore::explore::account::WIDTH;
    use kcore::settings::Policy;

    use super::*;

    /// Of each cell of the catalogue that is raced: what is typed has room in two lines, and what is read of
    /// it makes the same execution again, whatever it ends in.
    #[test]
    fn each_string_fits_two_lines_and_makes_the_same_again() {
        let mut verdicts = std::collections::BTreeSet::new();
        let forms = ALL.iter().copied().flat_map(|entry| entry.locks().map(move |form| (entry, form)));
        for (entry, form) in forms {
            for model in [MemoryModel::Sc, MemoryModel::Tso] {
                let choice = Choice::smallest(entry, form, model).unwrap();
                if choice.subject().is_err() {
                    continue;
                }
                let account = super::super::all(&choice).unwrap();
                let Some(replay) = &account.shortest else { continue };
                let recipe = Recipe::of(&choice, &replay.made);
                let again = recipe.again();
                assert!(again.ends_with(&recipe.to_string()) && again.len() <= 2 * WIDTH, "{again}");
                assert_eq!(Recipe::given(&recipe.to_string()).as_ref(), Ok(&recipe));
                let choice = recipe.choice(recipe.settings()).unwrap();
                let repeated = super::super::made(&choice, &recipe.schedule, Policy::RoundRobin).unwrap();
                assert_eq!((repeated.end, repeated.parted), (replay.end, None), "{recipe}");
                verdicts.insert(repeated.end.verdict.word());
            }
        }
        assert_eq!(
            verdicts.into_iter().collect::<Vec<_>>(),
            ["deadlock", "invalid-context", "raced", "stuck"]
        );
    }
}
