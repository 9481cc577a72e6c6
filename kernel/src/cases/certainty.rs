//! What the catalogue says of a run is so, whatever the seed, the work and the number of tasks.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::experiment::{ALL, Experiment, resolve};
use kcore::settings::{Config, Expect, Form, Probe, RunSettings};

use super::case::{Answer, seed};
use crate::arch::smp;
use crate::case;
use crate::experiments;

case! {
    "certainty::claims" => by_two_seeds;
    "certainty::claims-by-200-seeds" => by_two_hundred_seeds, hidden = true;
}

fn by_two_seeds() -> Answer {
    borne_out(2)
}

fn by_two_hundred_seeds() -> Answer {
    borne_out(200)
}

/// Work of each task in a round.
const QUANTA: [u32; 3] = [1, 2, 5];
/// Tasks more than the experiment is about.
const MORE: [u32; 2] = [0, 3];

/// Every run that the catalogue claims to know beforehand gives what it says, with each of so many seeds. The
/// cures are left to other cases: here it is about the damage that is done for certain.
fn borne_out(seeds: u64) -> Answer {
    let mut wrong = Vec::new();
    let (mut tried, first) = (0, seed());
    for seed in first..first + seeds {
        for (entry, lock, probe) in ALL.iter().flat_map(|entry| modes(entry)) {
            for (quanta, more) in QUANTA.iter().flat_map(|quanta| MORE.map(|more| (*quanta, more))) {
                let writers = (more > 0).then(|| entry.tasks.unwrap_or(2) + more);
                let settings = RunSettings {
                    lock: Some(lock),
                    probe: Some(probe.clone()),
                    writers,
                    quanta: Some(quanta),
                    rounds: Some(1),
                    seed,
                    ..RunSettings::default()
                };
                tried += 1;
                wrong.extend(contradiction(entry, &settings));
            }
        }
    }
    match wrong.first() {
        None => Ok(()),
        Some(example) => Err(format!("{} of {tried} runs, the first: {example}", wrong.len())),
    }
}

/// The forms of `entry` that do damage, each with all probe modes.
fn modes(entry: &'static Experiment) -> impl Iterator<Item = (&'static Experiment, Form, Probe)> {
    let harmful = entry.rows.iter().filter(|row| !row.is_cure());
    harmful.flat_map(move |row| {
        let none = Vec::new;
        [Probe::Off, Probe::Rendezvous(none()), Probe::Script(none()), Probe::Fire(none())]
            .map(|probe| (entry, row.lock, probe))
    })
}

/// What a run gave that the catalogue did not say. Nothing where it refuses the run, or leaves it to chance.
fn contradiction(entry: &'static Experiment, settings: &RunSettings) -> Option<String> {
    let resolved = resolve(settings, entry, smp::cpus(), Config::OURS).ok()?;
    if resolved.expected == Expect::Any {
        return None;
    }
    let gave = match experiments::run(&resolved, settings) {
        Ok(outcome) if outcome.run.ok => return None,
        Ok(outcome) => outcome.run.verdict.word().into(),
        Err(refusal) => format!("{refusal:?}"),
    };
    let (lock, probe, writers, quanta) = (resolved.lock, &resolved.probe, resolved.writers, resolved.quanta);
    Some(format!(
        "{} lock={lock} probe={probe} writers={writers} quanta={quanta} seed={}: {gave}, not {}",
        entry.name, settings.seed, resolved.expected
    ))
}
