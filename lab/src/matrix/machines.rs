//! The machines: one for each column, in which all its cells are run one after the other.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use kcore::experiment::Column;
use kcore::report::{Boot, Record, Run};
use kcore::settings::Config;

use crate::build::{self, Executable};
use crate::machine::Machine;
use crate::profile::Profile;
use crate::session::Outcome;
use crate::status::Failure;

/// Machines that run at the same time.
const AT_ONCE: usize = 2;

/// A kernel for each of `columns`, built one after the other by `profile`. Columns of one configuration share
/// theirs.
pub fn kernels(columns: &[Column], profile: Option<Profile>) -> Result<Vec<PathBuf>, Failure> {
    let mut built: Vec<(Config, PathBuf)> = Vec::new();
    for Column { config, .. } in columns {
        if !built.iter().any(|(other, _)| other == config) {
            built.push((*config, build::kernel(Executable::Kernel, *config, profile)?));
        }
    }
    let of = |config| built.iter().find(|(other, _)| *other == config).map(|(_, elf)| elf.clone());
    Ok(columns.iter().map(|column| of(column.config).expect("each was built above")).collect())
}

/// Boots `machines` and waits for their ends. `heard` is called for each line on COM1, with the number of its
/// machine.
pub fn run(machines: &[Machine], heard: impl Fn(usize, &str) + Sync) -> Vec<Result<Outcome, Failure>> {
    let next = AtomicUsize::new(0);
    let ended: Vec<_> = machines.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        loop {
            let number = next.fetch_add(1, Relaxed);
            let Some(machine) = machines.get(number) else { break };
            let outcome = machine.run_and(|line| heard(number, line));
            *ended[number].lock().expect("nobody panics with it") = Some(outcome);
        }
    };
    thread::scope(|scope| (0..AT_ONCE).for_each(|_| drop(scope.spawn(work))));
    let taken = ended.into_iter().map(|slot| slot.into_inner().expect("nobody panicked with it"));
    taken.map(|outcome| outcome.expect("every machine was run")).collect()
}

/// The runs that count for `column`: none, if the machine is another one than it should be. What is wrong
/// with the report is told in sentences.
pub fn runs(column: Column, outcome: &Outcome) -> (Vec<Run>, Vec<String>) {
    let mut problems = outcome.report.problems.clone();
    let boot = outcome.report.records().find_map(|record| match record {
        Record::Boot(boot) => Some(boot),
        _ => None,
    });
    if let Some(Boot { cpus, config, .. }) = boot
        && (*cpus != column.cpus || config != column.config.word())
    {
        problems.push(format!("the machine has cpus={cpus} and a kernel built as {config}"));
        return (Vec::new(), problems);
    }
    (outcome.report.runs().cloned().collect(), problems)
}
