//! A counterexample as people pass it on: an experiment, its sizes, and the turns of its tasks.
//!
//! `counter:none:2x1x1:16x2:A3B5A2:9c1f`: the form, tasks x units x rounds, the geometry of devices, what is
//! unusual about it in a word each, the turns, and a check, so that a letter which was lost on the way is
//! noticed.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::schedule::{BUFFER, Schedule};
use crate::experiment::{Resolved, find};
use crate::settings::{Form, MAX_WRITERS, Object, RunSettings, With};

/// Bytes of a quantum, unless said: two words, so that a copy has two halves.
pub const QUANTUM: u64 = 16;
/// Pointers in a quantum set, unless said.
pub const QSET: u64 = 2;

/// Which stores other tasks see, and when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemoryModel {
    /// All, at once (sequential consistency).
    #[default]
    Sc,
    /// Each waits in its task's buffer, which the task alone sees (total store order, as on x86).
    Tso,
}

impl MemoryModel {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            MemoryModel::Sc => "sc",
            MemoryModel::Tso => "tso",
        }
    }
}

/// All that makes an execution again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Its name.
    pub experiment: String,
    /// The form.
    pub lock: Form,
    /// Tasks, units of work, rounds.
    pub sizes: [u32; 3],
    /// Bytes of a quantum, and pointers in a quantum set.
    pub geometry: [u64; 2],
    /// The memory model.
    pub model: MemoryModel,
    /// It is made in the kernel, where steps are others than on the host.
    pub in_kernel: bool,
    /// What else than tasks makes steps.
    pub with: Option<With>,
    /// What is missing at first, if that is not the usual.
    pub object: Option<Object>,
    /// Who makes which step.
    pub schedule: Schedule,
}

impl Recipe {
    /// Of an execution of what is so explored, in the kernel or on the host.
    pub fn of(resolved: &Resolved, settings: &RunSettings, model: MemoryModel, schedule: &Schedule) -> Self {
        Recipe {
            experiment: resolved.experiment.name.to_string(),
            lock: resolved.lock,
            sizes: [resolved.writers, resolved.quanta, resolved.rounds],
            geometry: [settings.quantum, settings.qset],
            model,
            in_kernel: false,
            with: settings.with,
            object: settings.object,
            schedule: schedule.clone(),
        }
    }

    /// The settings of what it is an execution of.
    pub fn settings(&self) -> RunSettings {
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

    /// What is typed to explore that.
    pub fn command(&self) -> String {
        let Recipe { experiment, lock, sizes: [writers, quanta, rounds], geometry: [quantum, qset], .. } =
            self;
        let smallest = find(experiment).map(|entry| &entry.smallest);
        let (tasks, units) = smallest.map_or((0, 0), |smallest| (smallest.tasks, smallest.quanta));
        let numbers = [
            ("writers", u64::from(*writers), u64::from(tasks)),
            ("quanta", u64::from(*quanta), u64::from(units)),
            ("rounds", u64::from(*rounds), 1),
            ("quantum", *quantum, QUANTUM),
            ("qset", *qset, QSET),
        ];
        let unusual = numbers.iter().filter(|(_, number, usual)| number != usual);
        let unusual: String = unusual.map(|(key, number, _)| format!(" --{key} {number}")).collect();
        let model = if self.model == MemoryModel::Tso { " --memory-model tso" } else { "" };
        let with = self.with.map_or_else(String::new, |with| format!(" --with {with}"));
        let object = self.object.map_or_else(String::new, |object| format!(" --object {object}"));
        let on = if self.in_kernel { " --on kernel" } else { "" };
        format!("cargo run -- explore {experiment} --lock {lock}{unusual}{model}{with}{object}{on}")
    }

    fn body(&self) -> String {
        let ([writers, quanta, rounds], [quantum, qset]) = (self.sizes, self.geometry);
        let Recipe { experiment, lock, schedule, .. } = self;
        let model = if self.model == MemoryModel::Tso { ":tso" } else { "" };
        let on = if self.in_kernel { ":kernel" } else { "" };
        let with = self.with.map_or_else(String::new, |with| format!(":{with}"));
        let object = self.object.map_or_else(String::new, |object| format!(":{object}"));
        format!(
            "{experiment}:{lock}:{writers}x{quanta}x{rounds}:{quantum}x{qset}{model}{on}{with}{object}:{schedule}"
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
        let in_kernel = unusual.contains(&"kernel");
        let with = unusual.iter().find_map(|word| word.parse().ok());
        let object = unusual.iter().find_map(|word| word.parse().ok());
        let lock = lock.parse().map_err(|_| wrong("its form is none"))?;
        let sizes: [u32; 3] = numbers(sizes).ok_or_else(|| wrong("its sizes are not three numbers"))?;
        let geometry: [u64; 2] = numbers(geometry).ok_or_else(|| wrong("its geometry is not two numbers"))?;
        let schedule: Schedule = turns.parse().map_err(|why: String| wrong(&why))?;
        // One more ends the waits, or is the interrupt.
        let more = matches!(with, Some(With::Signal | With::Timeout | With::Irq));
        let tasks = sizes[0].min(MAX_WRITERS) + u32::from(more);
        if schedule.turns().iter().any(|turn| u32::from(turn.task % BUFFER) >= tasks) {
            return Err(wrong("a turn is of a task that there is not"));
        }
        let recipe = Recipe {
            experiment: experiment.to_string(),
            lock,
            sizes,
            geometry,
            model,
            in_kernel,
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
pub fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
