//! An experiment, a form and sizes, as they are explored.

use std::time::Duration;

use kcore::experiment::{self, Experiment, Resolved};
use kcore::explore::sheet::Sheet;
use kcore::explore::{MemoryModel, QSET, QUANTUM, Recipe, Replay, Schedule, account};
use kcore::host::explored::Subject;
use kcore::settings::{CommandLine, Config, Expect, Form, RunSettings, Verdict, With};

use super::picture;
use crate::catalogue;
use crate::cli::Options;
use crate::status::Failure;

/// CPUs: one for each task.
const CPUS: u32 = 64;

/// What is explored.
pub(super) struct Choice {
    pub(super) entry: &'static Experiment,
    pub(super) resolved: Resolved,
    pub(super) settings: RunSettings,
    pub(super) model: MemoryModel,
    /// What is to be found.
    pub(super) expected: Expect,
    /// How long that may take.
    pub(super) patience: Option<Duration>,
}

impl Choice {
    /// The experiment that is called so, as the options say.
    pub(super) fn of(name: &str, model: MemoryModel, options: &Options) -> Result<Self, Failure> {
        let entry = catalogue::find(name)?;
        let words: Vec<String> =
            ["explore".to_string(), name.to_string()].into_iter().chain(options.told.words()).collect();
        let CommandLine { run: mut settings, machine, .. } = catalogue::read(&words)?;
        catalogue::suits(entry, &options.told.run())?;
        if options.told.word("quantum").is_none() {
            settings.quantum = QUANTUM;
        }
        if options.told.word("qset").is_none() {
            settings.qset = QSET;
        }
        let patience = machine.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        Ok(Choice { patience, ..Self::new(entry, settings, model)? })
    }

    /// The experiment with one form, at the sizes at which it is explored unless said otherwise.
    pub(super) fn smallest(
        entry: &'static Experiment,
        lock: Form,
        model: MemoryModel,
    ) -> Result<Self, Failure> {
        let settings =
            RunSettings { lock: Some(lock), quantum: QUANTUM, qset: QSET, ..RunSettings::default() };
        Self::new(entry, settings, model)
    }

    pub(super) fn new(
        entry: &'static Experiment,
        settings: RunSettings,
        model: MemoryModel,
    ) -> Result<Self, Failure> {
        let mut settings = account::smallest(&settings, entry);
        settings.with = match (Subject::has_ended_waits(entry), settings.with) {
            (true, None) => Some(With::Signal),
            (true, with @ Some(With::Signal | With::Timeout)) => with,
            (true, Some(with)) => return Err(Self::without(entry, with)),
            (false, Some(with @ (With::Signal | With::Timeout))) => return Err(Self::without(entry, with)),
            (false, with) => with,
        };
        let resolved = experiment::resolve(&settings, entry, CPUS, Config::Full)
            .map_err(|usage| Failure::usage(format!("{usage} (try explain {})", entry.name)))?;
        if settings.with == Some(With::Timeout) && resolved.lock == Form::Mutex {
            let why = "a wait for a mutex has no deadline: no --with timeout";
            return Err(Failure::usage(why.to_string()));
        }
        let known = entry.cell(resolved.lock, CPUS, Config::Full).unwrap_or(Expect::Any);
        let expected = settings.expect.unwrap_or(known);
        Ok(Choice { entry, resolved, settings, model, expected, patience: None })
    }

    pub(super) fn without(entry: &Experiment, with: With) -> Failure {
        let why = match with {
            With::Timeout => "has no wait with a deadline",
            _ => "has nothing that could come so",
        };
        Failure::usage(format!("{} {why}: no --with {with}", entry.name))
    }

    /// What makes its executions.
    pub(super) fn subject(&self) -> Result<Subject<'_>, Failure> {
        Subject::of(&self.resolved, &self.settings, self.model).ok_or_else(|| {
            let name = self.name();
            Failure::usage(format!(
                "{name} cannot be explored here: it needs interrupts, timers, work queues, or one CPU for all its \
                 tasks (try run {name})"
            ))
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.entry.name
    }

    /// An execution of it.
    pub(super) fn recipe(&self, schedule: &Schedule) -> Recipe {
        Recipe::of(&self.resolved, &self.settings, self.model, schedule)
    }

    /// An execution of it as people read it.
    pub(super) fn sheet(&self, replay: &Replay) -> Sheet {
        Sheet::of(replay, &self.recipe(&replay.made))
    }

    /// The picture of one; of none, it says what all have come to.
    pub(super) fn picture(&self, sheet: Option<&Sheet>, verdict: Verdict) -> String {
        let preemptions = self.settings.preemptions.map(|most| format!(" --preemptions {most}"));
        let command = self.recipe(&Schedule::default()).command() + &preemptions.unwrap_or_default();
        picture::of(self.entry, &command, sheet, verdict)
    }

    /// What `recipe` is an execution of, if `settings` say the rest.
    pub(super) fn of_recipe(recipe: &Recipe, settings: RunSettings) -> Result<Self, Failure> {
        Self::new(catalogue::find(&recipe.experiment)?, settings, recipe.model)
    }

    /// What is explored, in some lines.
    pub(super) fn heading(&self) -> String {
        let heading = account::heading(&self.resolved, self.model.word(), self.settings.with);
        match self.settings.preemptions {
            None => heading,
            Some(most) => {
                format!("{heading}\n {}: switches from a task that could go on", account::within(most))
            }
        }
    }
}
