//! A cell of the matrix as a run: what a machine is asked to do for it.

use super::ALL;
use super::catalogue::find;
use super::entry::Experiment;
use super::matrix::{Column, Row};
use crate::settings::{Expect, Probe, RunSettings, Usage};

/// Work of each task in a round at a rendezvous: what is certain shows at once, and each unit costs a wake-up
/// of every task.
const QUANTA: u32 = 10;

/// A form of an experiment on one kind of machine, and what it gives there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The experiment.
    pub experiment: &'static Experiment,
    /// The form.
    pub row: &'static Row,
    /// The machine.
    pub column: Column,
    /// The verdict where the race is forced.
    pub expected: Expect,
}

impl Trial {
    /// The settings of its run; what they do not decide comes from `settings`.
    ///
    /// There are two tasks at least, also on one CPU: a task that is alone meets no other.
    pub fn settings(&self, settings: &RunSettings) -> RunSettings {
        let entry = self.experiment;
        let probe = entry.forced();
        let tasks = entry.tasks.unwrap_or(self.column.cpus.max(2));
        let (writers, work) = match probe {
            // A script names its tasks.
            Probe::Script(_) => (entry.tasks, None),
            Probe::Rendezvous(_) => (Some(tasks), Some((entry.defaults.rendezvous.quanta.min(QUANTA), 1))),
            _ => (Some(tasks), None),
        };
        RunSettings {
            lock: Some(self.row.lock),
            probe: Some(probe),
            object: None,
            writers,
            quanta: work.map(|(quanta, _)| quanta),
            rounds: work.map(|(_, rounds)| rounds),
            expect: Some(self.expected),
            ..settings.clone()
        }
    }
}

/// The experiment called `name`, or all of them.
pub fn chosen(name: Option<&str>) -> Result<impl Iterator<Item = &'static Experiment> + use<>, Usage> {
    let one = name.map(find).transpose()?;
    Ok(ALL.iter().copied().filter(move |entry| one.is_none_or(|one| core::ptr::eq(one, *entry))))
}

/// Every form of `experiment` that fits the machine of `column`.
pub fn trials(experiment: &'static Experiment, column: Column) -> impl Iterator<Item = Trial> {
    experiment.rows.iter().filter_map(move |row| {
        let expected = row.cell(column.cpus, column.config)?;
        Some(Trial { experiment, row, column, expected })
    })
}
