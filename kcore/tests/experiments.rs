//! The catalogue on the host: every experiment that needs no kernel, with each of its forms, on a machine of
//! threads.

use kcore::experiment::{ALL, Column, Experiment, Resolved, Rig, resolve, trials};
use kcore::host::{self, HostMachine, Outcome};
use kcore::settings::{Config, Expect, Form, Probe, RunSettings, Verdict};

/// The column of the matrix that a machine of threads is: they run at once, and any of them loses its CPU
/// anywhere.
const COLUMN: Column = Column { cpus: 4, config: Config::Full };

/// Work of a task where nothing is forced: enough for them to meet.
const QUANTA: u32 = 40;

/// Cells that are left to chance here, and why.
const BY_CHANCE: &[(&str, Form, &str)] =
    &[("peterson", Form::None, "no store waits in a buffer where the host runs the two after each other")];

/// The experiments that run here.
fn entries() -> impl Iterator<Item = &'static Experiment> {
    ALL.iter().copied().filter(|entry| host::body_of(entry).is_some())
}

/// Runs it; says what is wrong, if anything is.
fn run(settings: &RunSettings, entry: &'static Experiment) -> Option<String> {
    let resolved = resolve(settings, entry, HostMachine::cpus(), Config::Full).expect("a run");
    let outcome = host::run(&resolved, settings).expect("a body").expect("no refusal");
    wrong(&resolved, &outcome)
}

fn wrong(resolved: &Resolved, outcome: &Outcome) -> Option<String> {
    let Outcome { run, steps, notes, broken_account, .. } = outcome;
    let what = format!("{} lock={} probe={}", run.experiment, run.lock, run.probe);
    match broken_account {
        Some(broken) => Some(format!("{what}: {broken}")),
        None if run.ok => None,
        None => {
            Some(format!("{what}: {}, not {}: {run:?} {steps:?} {notes:?}", run.verdict, resolved.expected))
        }
    }
}

#[track_caller]
fn none(wrong: impl Iterator<Item = Option<String>>) {
    let (mut runs, mut failures) = (0, Vec::new());
    for wrong in wrong {
        runs += 1;
        failures.extend(wrong);
    }
    assert!(runs > 0 && failures.is_empty(), "{} of {runs} runs:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn each_form_gives_what_its_cell_says_where_the_race_is_forced() {
    none(entries().flat_map(|entry| trials(entry, COLUMN)).map(|trial| {
        let mut settings = trial.settings(&RunSettings::default());
        if let Some(Probe::Off) = settings.probe {
            settings = RunSettings { quanta: Some(QUANTA), rounds: Some(1), ..settings };
        }
        if BY_CHANCE.iter().any(|(name, lock, _)| *name == trial.experiment.name && *lock == trial.row.lock) {
            settings.expect = Some(Expect::Any);
        }
        run(&settings, trial.experiment)
    }));
}

/// A cure is clean whatever happens, and the accounts add up.
#[test]
fn each_form_runs_as_it_happens() {
    none(entries().flat_map(|entry| trials(entry, COLUMN)).map(|trial| {
        let entry = trial.experiment;
        let settings = RunSettings {
            lock: Some(trial.row.lock),
            probe: Some(Probe::Off),
            writers: Some(entry.tasks.unwrap_or(COLUMN.cpus)),
            quanta: Some(QUANTA),
            rounds: Some(2),
            expect: trial.row.is_cure().then_some(Expect::Only(Verdict::Clean)).or(Some(Expect::Any)),
            ..RunSettings::default()
        };
        run(&settings, entry)
    }));
}

/// The order of a script, and the meetings of its points, where the entry is certain of them.
#[test]
fn what_is_certain_is_certain_here() {
    none(entries().flat_map(|entry| trials(entry, COLUMN)).flat_map(|trial| {
        let entry = trial.experiment;
        let certain = [
            (entry.certain.script, Probe::Script(Vec::new())),
            (entry.certain.rendezvous, Probe::Rendezvous(Vec::new())),
        ];
        certain.into_iter().filter(|(is_certain, _)| *is_certain).map(move |(_, probe)| {
            let writers = entry.tasks.or(matches!(probe, Probe::Rendezvous(_)).then_some(COLUMN.cpus));
            let (lock, probe, seed) = (Some(trial.row.lock), Some(probe), 7);
            let quanta = matches!(probe, Some(Probe::Rendezvous(_))).then_some(5);
            let rounds = Some(1);
            run(&RunSettings { lock, probe, writers, quanta, rounds, seed, ..RunSettings::default() }, entry)
        })
    }));
}
