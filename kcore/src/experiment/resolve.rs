//! From a command line and an entry to a run that can be started.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::ALL;
use super::choice::Choice;
use super::entry::{Experiment, Placement, Quanta, Role, Work};
use super::needs::{Extent, Needs};
use super::verdict::Verdict;
use crate::probe::{Defaults, Name, Plan, Step};
use crate::settings::{Config, Expect, Form, Key, MAX_WRITERS, Object, Probe, RunSettings, Usage};

/// A run with every choice made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The entry.
    pub experiment: &'static Experiment,
    /// The guard.
    pub lock: Form,
    /// The probe mode with its points or steps filled in, as the report and the command that repeats the run
    /// show it.
    pub probe: Probe,
    /// The same for the [`Engine`](crate::probe::Engine).
    pub plan: Plan,
    /// What the writers of `scull-leak` find missing; None for all others.
    pub object: Option<Object>,
    /// Tasks.
    pub writers: u32,
    /// Work of each task in a round, in the entry's unit.
    pub quanta: u32,
    /// Rounds.
    pub rounds: u32,
    /// What the run must give.
    pub expected: Expect,
}

impl Resolved {
    /// What task `who` (from 0) does.
    pub fn role(&self, who: u32) -> Role {
        self.experiment.roles.of(who, &self.probe)
    }

    /// The CPU of task `who`, on a machine of `cpus`.
    pub fn cpu_of(&self, who: u32, cpus: u32) -> u32 {
        match self.experiment.placement {
            Placement::Spread => who % cpus,
            Placement::OneCpu => cpus - 1,
            Placement::FirstCpu => 0,
        }
    }

    /// What it was told, with every choice made: the settings that make this run again. What `settings`
    /// expect of it they still do.
    pub fn settings(&self, settings: &RunSettings) -> RunSettings {
        RunSettings {
            lock: Some(self.lock),
            probe: Some(self.probe.clone()),
            writers: Some(self.writers),
            quanta: Some(self.quanta),
            rounds: settings.seconds.is_none().then_some(self.rounds),
            ..settings.clone()
        }
    }

    /// Whether `verdict` is as expected.
    pub fn is_ok(&self, verdict: Verdict) -> bool {
        self.expected.allows(verdict)
    }
}

/// Makes every choice that `settings` leaves open, for a machine of `cpus` CPUs with a kernel built as
/// `config`. Fails with a line for the user when a choice does not fit the experiment.
pub fn resolve(
    settings: &RunSettings,
    entry: &'static Experiment,
    cpus: u32,
    config: Config,
) -> Result<Resolved, Usage> {
    let lock = lock(settings.lock, entry)?;
    fits(entry, lock, cpus, config)?;
    let object = object(settings.object, entry)?;
    let points = Defaults {
        points: entry.points_for(lock, object),
        script: entry.script_for(object),
        fire: entry.fire,
    };
    let wanted = settings.probe.clone().unwrap_or_else(|| entry.usual());
    let plan = Plan::new(&wanted, &points)?;
    plan.check(entry.name, entry.known_points)?;
    let probe = filled_in(&wanted, &plan);
    is_heard(entry, &probe, &plan)?;
    let writers = writers(settings.writers.or(entry.tasks), &plan, cpus)?;
    let Work { quanta, rounds } = work(settings, &wanted, object, entry)?;
    has_what_it_needs(entry, object, &Extent { geometry: settings.geometry(), writers, quanta })?;
    let choice = Choice { lock, probe: &probe, object, writers, quanta };
    let expected = settings.expect.unwrap_or_else(|| entry.expected(&choice, cpus, config));
    Ok(Resolved { experiment: entry, lock, probe, plan, object, writers, quanta, rounds, expected })
}

/// Refuses what `settings` were told and `entry` has no use for: how a device is divided, where there is
/// none.
pub fn check(settings: &RunSettings, entry: &Experiment) -> Result<(), Usage> {
    match settings.told().find(|(key, _)| !entry.takes(key.name)) {
        None => Ok(()),
        Some((Key { name, .. }, _)) => {
            Err(Usage::new(format!("{name}= is for experiments on a device, not for {}", entry.name)))
        }
    }
}

fn fits(entry: &Experiment, lock: Form, cpus: u32, config: Config) -> Result<(), Usage> {
    match entry.cell(lock, cpus, config) {
        Some(_) => Ok(()),
        None => Err(Usage::new(format!(
            "{} with lock={lock} does not fit a machine of cpus={cpus} and a kernel built {config}",
            entry.name
        ))),
    }
}

fn is_heard(entry: &Experiment, probe: &Probe, plan: &Plan) -> Result<(), Usage> {
    let is_own = match probe {
        // Where all steps are ordered it is heard of sleeps, too.
        Probe::Script(steps) => steps == entry.script || plan.orders_all(),
        Probe::Rendezvous(_) => !entry.points.is_empty(),
        Probe::Off | Probe::Pause | Probe::Delay(_) | Probe::Fire(_) => true,
    };
    match is_own || !entry.needs.unheard {
        true => Ok(()),
        false => Err(Usage::new(format!(
            "{} cannot be run with probe={probe}: its tasks sleep for each other, and no probe hears of it",
            entry.name
        ))),
    }
}

fn has_what_it_needs(entry: &Experiment, object: Option<Object>, extent: &Extent) -> Result<(), Usage> {
    let (name, Needs { tasks, ground, .. }) = (entry.name, entry.needs);
    if extent.writers < tasks {
        let writers = extent.writers;
        return Err(Usage::new(format!("{name} needs writers={tasks} at least, not {writers}")));
    }
    let ground = entry.variant(object).map_or(ground, |variant| variant.ground);
    ground.check(extent).map_err(|why| Usage::new(format!("{name} cannot be run with {why}")))
}

fn lock(given: Option<Form>, entry: &Experiment) -> Result<Form, Usage> {
    let lock = given.unwrap_or(entry.unguarded());
    match entry.row(lock).is_some() {
        true => Ok(lock),
        false => {
            let valid: Vec<&str> = entry.locks().map(Form::word).collect();
            Err(Usage::new(format!(
                "{} cannot be run with lock={lock}; valid: {}",
                entry.name,
                valid.join(", ")
            )))
        }
    }
}

fn object(given: Option<Object>, entry: &Experiment) -> Result<Option<Object>, Usage> {
    let first = entry.variants.first().map(|variant| variant.object);
    if given.is_none() || entry.variant(given).is_some() {
        return Ok(given.or(first));
    }
    let with: Vec<&str> =
        ALL.iter().filter(|entry| !entry.variants.is_empty()).map(|entry| entry.name).collect();
    Err(Usage::new(format!("object= is for {} only, not for {}", with.join(", "), entry.name)))
}

fn filled_in(given: &Probe, plan: &Plan) -> Probe {
    match plan {
        Plan::Pass | Plan::Delay(_) => given.clone(),
        Plan::Rendezvous { points } => Probe::Rendezvous(points.clone()),
        Plan::Fire { points } => Probe::Fire(points.clone()),
        Plan::Script(_) if plan.orders_all() => given.clone(),
        Plan::Script(steps) => Probe::Script(steps.iter().map(Step::to_string).collect()),
    }
}

/// One task a CPU; for a script one a letter, and two at least.
fn writers(given: Option<u32>, plan: &Plan, cpus: u32) -> Result<u32, Usage> {
    let Plan::Script(steps) = plan else {
        return Ok(given.unwrap_or(cpus.clamp(1, MAX_WRITERS)));
    };
    let last = steps.iter().map(|step| step.who).max().unwrap_or(0);
    let letters = u32::from(last) + 1;
    match given {
        None => Ok(letters.max(2)),
        Some(writers) if writers >= letters => Ok(writers),
        Some(writers) => Err(Usage::new(format!(
            "the script names {}, so it needs writers={letters} at least, not {writers}",
            Name(last)
        ))),
    }
}

fn work(
    settings: &RunSettings,
    probe: &Probe,
    object: Option<Object>,
    entry: &Experiment,
) -> Result<Work, Usage> {
    let default = entry.defaults.under(probe);
    let rounds = settings.rounds.unwrap_or(default.rounds);
    let most = entry.variant(object).map_or(Quanta::Usual, |variant| variant.quanta);
    let quanta = match (most, settings.quanta) {
        (Quanta::Only(only, _), None) => only,
        (Quanta::Only(only, why), Some(quanta)) if quanta != only => {
            let object = object.map_or("", Object::word);
            return Err(Usage::new(format!("object={object} means quanta={only}, not {quanta}: {why}")));
        }
        (Quanta::AtMost(most), None) => default.quanta.min(most),
        (_, given) => given.unwrap_or(default.quanta),
    };
    Ok(Work { quanta, rounds })
}
