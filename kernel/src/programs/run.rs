//! `run EXPERIMENT`: one experiment, reported in full.

use alloc::format;
use alloc::string::ToString;

use kcore::counted::Counted;
use kcore::experiment::page::wrap;
use kcore::experiment::{Resolved, check, find, resolve};
use kcore::report::{Boot, Record, Summary};
use kcore::settings::{Config, MachineSettings, RunSettings, Usage};

use crate::arch::exit::Exit;
use crate::arch::smp;
use crate::console::com2;
use crate::experiments;
use crate::mm::heap::Live;
use crate::println;

use super::report::NARROW;
use super::{compare, report};

/// Runs the experiment `name` as the program of the machine.
pub(super) fn main(
    name: &str,
    settings: &RunSettings,
    machine: &MachineSettings,
    boot: &Boot,
) -> Result<Exit, Usage> {
    let entry = find(name)?;
    check(settings, entry)?;
    let settings = &compare::scaled(settings, entry, boot);
    if compare::is_wanted(settings, entry) {
        return compare::main(entry, settings, boot);
    }
    let resolved = resolve(settings, entry, smp::cpus(), Config::OURS)?;
    report::boot_lines(boot);
    println!();
    let ok = perform(&resolved, settings, Some(machine), boot)?;
    Ok(if ok { Exit::Success } else { Exit::Unexpected })
}

/// Runs an experiment and reports it; whether its verdict was the expected one. `machine`: what makes the
/// machine of it, for one that is there for nothing else.
pub(crate) fn perform(
    resolved: &Resolved,
    settings: &RunSettings,
    machine: Option<&MachineSettings>,
    boot: &Boot,
) -> Result<bool, Usage> {
    // Beside devices that live on it may be refused, and then there is nothing to head.
    let may_be_refused = Live::any();
    if !may_be_refused {
        heading(resolved, settings);
    }
    let outcome =
        experiments::run(resolved, settings).map_err(|refusal| report::refused(refusal, settings))?;
    if may_be_refused {
        heading(resolved, settings);
    }
    report::emit(&outcome);
    // Of a long report the reader is to see it at the top, too.
    if outcome.stopped.is_some() || !outcome.lost.is_empty() {
        report::verdict(&outcome);
        println!();
    }
    report::counts(&outcome);
    report::speed(&outcome.run, boot);
    report::leaks(&outcome);
    report::stopped(&outcome, boot);
    report::steps(&outcome.steps);
    report::notes(&outcome.notes);
    report::lock(&outcome);
    let ok = outcome.run.ok;
    println!();
    report::verdict(&outcome);
    report::again(&outcome.run, &resolved.settings(settings), machine);
    com2::record(&Record::Summary(Summary { passed: u32::from(ok), failed: u32::from(!ok) }));
    Ok(ok)
}

fn heading(resolved: &Resolved, settings: &RunSettings) {
    let Resolved { experiment, lock, probe, writers, quanta, rounds, .. } = resolved;
    let unit = experiment.unit.split(':').next().unwrap_or_default();
    // One word, which is in one line.
    let races = experiment.races.join(",");
    println!("{}", wrap(&format!("{}: {} ({races})", experiment.name, experiment.title), NARROW, "", "  "));
    let line = |text: &str| println!("{}", wrap(text, NARROW, "  ", "    "));
    line(&format!("lock {lock}, probe {probe}, seed {}", settings.seed));
    let tasks = Counted((*writers).into(), "task");
    let rounds = match settings.seconds {
        None => Counted((*rounds).into(), "round").to_string(),
        Some(seconds) => format!("rounds for {}", Counted(seconds.into(), "second")),
    };
    line(&format!("{tasks}, {rounds}; in each, {quanta} of: {unit}"));
    println!();
}
