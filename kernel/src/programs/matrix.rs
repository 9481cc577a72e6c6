//! `matrix`: every form of every experiment that fits this machine, each where its race is forced.

use kcore::experiment::{Column, Trial, chosen, resolve, trials};
use kcore::report::{Boot, Record, Summary};
use kcore::settings::{Config, RunSettings, Usage};

use crate::arch::exit::Exit;
use crate::console::com2;
use crate::experiments::{self, Outcome};
use crate::println;

use super::report;

/// Runs the column of the matrix that this machine is; `name` is the only experiment, if there is one.
pub(super) fn main(name: Option<&str>, settings: &RunSettings, boot: &Boot) -> Result<Exit, Usage> {
    report::boot_lines(boot);
    let column = Column { cpus: boot.cpus, config: Config::OURS };
    let mut tally = Summary::default();
    for trial in chosen(name)?.flat_map(|entry| trials(entry, column)) {
        match run(&trial, settings) {
            true => tally.passed += 1,
            false => tally.failed += 1,
        }
    }
    let failed = tally.failed;
    com2::record(&Record::Summary(tally));
    Ok(if failed == 0 { Exit::Success } else { Exit::Unexpected })
}

/// Runs one cell; whether it gave what it must. A cell that cannot be run does not keep the others from it.
fn run(trial: &Trial, settings: &RunSettings) -> bool {
    let Trial { experiment, row, column, expected } = trial;
    let settings = trial.settings(settings);
    let outcome = resolve(&settings, experiment, column.cpus, column.config).and_then(|resolved| {
        experiments::run(&resolved, &settings).map_err(|refusal| report::refused(refusal, &settings))
    });
    let (verdict, ok) = match &outcome {
        Ok(Outcome { run, .. }) => (run.verdict.word(), run.ok),
        Err(usage) => (usage.message.as_str(), false),
    };
    let remark = if ok { "" } else { " NOT as expected: " };
    println!("{} {}: {verdict}{remark}{}", experiment.name, row.lock, if ok { "" } else { expected.word() });
    if let Ok(mut outcome) = outcome {
        if let Some(broken) = &outcome.broken_account {
            println!("  the account is broken: {broken}");
        }
        outcome
            .notes
            .iter()
            .filter(|note| note.starts_with("lost blocks"))
            .for_each(|note| println!("  {note}"));
        // A verdict is all that is asked for; which blocks were lost, `run` tells.
        outcome.lost.clear();
        report::emit(&outcome);
    }
    ok
}
