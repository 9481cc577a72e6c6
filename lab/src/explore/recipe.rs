//! A counterexample as people pass it on: an experiment, its sizes, and the turns of its tasks.
//!
//! `counter:none:2x1x1:16x2:A3B5A2:9c1f`: the form, tasks x units x rounds, the geometry of devices, what is
//! unusual about it in a word each, the turns, and a check, so that a letter which was lost on the way is
//! noticed.

use std::fmt;
use std::str::FromStr;

use kcore::explore::{BUFFER, Schedule};
use kcore::host::explored::{MemoryModel, Replay};
use kcore::probe::Name;
use kcore::settings::{Form, MAX_WRITERS, Object, RunSettings, With};

use super::choice::Choice;
use crate::catalogue;
use crate::status::Failure;

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

    /// What it is an execution of.
    pub(super) fn choice(&self) -> Result<Choice, Failure> {
        let ([writers, quanta, rounds], [quantum, qset]) = (self.sizes, self.geometry);
        let settings = RunSettings {
            lock: Some(self.lock),
            object: self.object,
            writers: Some(writers),
            quanta: Some(quanta),
            rounds: Some(rounds),
            quantum,
            qset,
            with: self.with,
            ..RunSettings::default()
        };
        Choice::new(catalogue::find(&self.experiment)?, settings, self.model)
    }

    /// The words of a run that forces it in the kernel: the same work, and the steps of the execution in
    /// their order. [`None`] when these cannot be forced there.
    pub(super) fn run(&self, replay: &Replay) -> Option<Vec<String>> {
        let ([writers, quanta, rounds], [quantum, qset]) = (self.sizes, self.geometry);
        let turns = replay.transcript.for_a_kernel()?;
        let turns: Vec<String> =
            turns.turns().iter().map(|turn| format!("{}*{}", Name(turn.task), turn.steps)).collect();
        let mut words = vec!["run".to_string(), self.experiment.clone()];
        words.extend(self.object.map(|object| format!("object={object}")));
        words.extend([
            format!("lock={}", self.lock),
            format!("probe=script={}", turns.join(",")),
            format!("writers={writers}"),
            format!("quanta={quanta}"),
            format!("rounds={rounds}"),
            format!("quantum={quantum}"),
            format!("qset={qset}"),
            format!("expect={}", replay.end.verdict),
            format!("cpus={}", writers.max(2)),
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
        // One more sends the signals.
        let tasks = sizes[0].min(MAX_WRITERS) + u32::from(with == Some(With::Signal));
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
