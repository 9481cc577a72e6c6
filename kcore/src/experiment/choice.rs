//! What of a run decides what it must give, and what that is.

use super::entry::Experiment;
use crate::settings::{Config, Expect, Form, Object, Probe, Verdict};

const CLEAN: Expect = Expect::Only(Verdict::Clean);

/// What of a run decides what it must give.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// The form.
    pub lock: Form,
    /// How tasks pass probe points.
    pub probe: &'a Probe,
    /// What the writers of `scull-leak` find missing.
    pub object: Option<Object>,
    /// Tasks.
    pub writers: u32,
    /// Work of each task in a round.
    pub quanta: u32,
}

impl Experiment {
    /// What a run must give on a machine of `cpus` CPUs with a kernel built as `config`. `probe` may leave
    /// its points or steps open.
    ///
    /// A cure always gives `clean`. Another form gives what its row says where that is certain: of two or
    /// more tasks, and as many as the entry asks for, that meet at the entry's own points, of exactly those
    /// that its own script names, of the entry's own number of tasks when its interrupt comes at its own
    /// points, or if the entry leaves nothing to chance and has all the tasks that it asks for. All else is
    /// left to chance: one task more, which begins when the script is over, may write over the damage, as
    /// further work may if the entry says so, and of more tasks than CPUs some share one, where a form that
    /// is right for one task a CPU may be wrong.
    pub fn expected(&self, choice: &Choice<'_>, cpus: u32, config: Config) -> Expect {
        let Some(row) = self.row(choice.lock) else { return Expect::Any };
        if row.is_cure() {
            return CLEAN;
        }
        let Choice { probe, object, writers, quanta, .. } = *choice;
        let certain = &self.certain;
        let is_certain = match probe {
            Probe::Off => certain.off && self.tasks.is_none_or(|tasks| writers >= tasks),
            Probe::Pause | Probe::Delay(_) => false,
            Probe::Rendezvous(points) => {
                certain.rendezvous
                    && writers >= self.tasks.unwrap_or(2).max(2)
                    && (points.is_empty() || points == self.points_for(choice.lock, object))
            }
            Probe::Script(steps) => {
                certain.script
                    && (quanta == 1 || !certain.heals)
                    && writers == self.tasks.unwrap_or(2)
                    && (steps.is_empty() || steps == self.script_for(object))
            }
            Probe::Fire(points) => {
                certain.fire && Some(writers) == self.tasks && (points.is_empty() || points == self.fire)
            }
        };
        let certainly = row.cell(cpus, config).unwrap_or(Expect::Any);
        // What keeps CPUs apart need not keep those tasks apart that must share one.
        let crowded = writers > cpus && certainly == CLEAN && row.cell(1, config) != Some(CLEAN);
        if is_certain && !crowded { certainly } else { Expect::Any }
    }
}
