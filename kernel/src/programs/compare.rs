//! `run` of an experiment that is held against its cures: the same work on the same heap, without a lock and
//! with one.

use alloc::vec::Vec;

use kcore::experiment::{Experiment, resolve};
use kcore::report::{Boot, Record, Run, Summary};
use kcore::settings::{Config, Form, Probe, RunSettings, Usage};

use crate::arch::exit::Exit;
use crate::arch::smp;
use crate::console::com2;
use crate::experiments::{self, Outcome};
use crate::println;

use super::report::{self, Bytes, Time};

/// The most that one writer writes: what the script of the book's reader does.
const MOST: u64 = 512 << 20;
/// One writer's data is this part of the heap: it fits with ease, twice if need be, and that of five does
/// not.
const SHARE: u64 = 4;
/// What a quantum costs besides itself: its slot, and what the heap needs.
const BESIDES: u64 = 32;

/// The settings with as much work as the heap has room for, if that is the experiment's habit and nothing
/// else was said.
pub(super) fn scaled(settings: &RunSettings, entry: &Experiment, boot: &Boot) -> RunSettings {
    let room = (boot.heap_bytes / SHARE).min(MOST) / settings.quantum.saturating_add(BESIDES);
    let own = (!entry.compared_with.is_empty()).then_some(room.max(1) as u32);
    RunSettings {
        quanta: settings.quanta.or(own),
        rounds: settings.rounds.or(own.map(|_| 1)),
        ..settings.clone()
    }
}

/// Whether the experiment is held against its cures: unless the command line has chosen a form or a mode
/// itself.
pub(super) fn is_wanted(settings: &RunSettings, entry: &Experiment) -> bool {
    let chosen = settings.lock.is_some() || settings.probe.is_some() || settings.expect.is_some();
    !chosen && !entry.compared_with.is_empty()
}

/// Runs all forms as it happens, and the first two where the race is forced.
pub(super) fn main(entry: &'static Experiment, settings: &RunSettings, boot: &Boot) -> Result<Exit, Usage> {
    let forms: Vec<Form> = [entry.unguarded()].iter().chain(entry.compared_with).copied().collect();
    report::boot_lines(boot);
    println!();
    println!("{}: {}", entry.name, entry.title);
    let run = |lock, probe| run(entry, lock, probe, settings);
    // The first to touch the heap's pages pays for the host's memory: that is charged to no row.
    let warm = run(entry.unguarded(), Probe::Off)?.run;
    let each = u64::from(warm.quanta) * settings.quantum;
    println!("  {} writers, {} each, a heap of {}", warm.writers, Bytes(each), Bytes(boot.heap_bytes));
    println!();
    heading();
    let mut outcomes = Vec::new();
    let natural = (Probe::Off, "as it happens", &forms[..]);
    let forced = (entry.forced(), "meeting before every store of a pointer", &forms[..2]);
    for (probe, says, forms) in [natural, forced] {
        println!("{says}:");
        for &lock in forms {
            let outcome = run(lock, probe.clone())?;
            row(&outcome.run, boot);
            report::emit(&outcome);
            outcomes.push(outcome);
        }
    }
    example(&outcomes);
    Ok(verdict(&outcomes))
}

fn run(
    entry: &'static Experiment,
    lock: Form,
    probe: Probe,
    settings: &RunSettings,
) -> Result<Outcome, Usage> {
    let settings = RunSettings { lock: Some(lock), probe: Some(probe), ..settings.clone() };
    let resolved = resolve(&settings, entry, smp::cpus(), Config::OURS)?;
    experiments::run(&resolved, &settings).map_err(|refusal| report::refused(refusal, &settings))
}

fn heading() {
    println!("{:43}{:>18}", "", "leaked");
    println!(
        "  {:10}{:>8}{:>10}{:>5}{:>8}{:>5}{:>6}{:>8}{:>8}  verdict",
        "lock", "wrote", "time", "MB/s", "-ENOMEM", "node", "array", "quantum", "bytes"
    );
}

fn row(run: &Run, boot: &Boot) {
    let Run { lock, leaked, leaked_bytes, out_of_memory, cycles, verdict, .. } = run;
    let time = Time::new(*cycles, boot.tsc_hz);
    println!(
        "  {lock:10}{:>8}{time:>10}{:>5}{out_of_memory:>8}{:>5}{:>6}{:>8}{:>8}  {verdict}",
        Bytes(run.bytes_written),
        report::rate(run, boot),
        leaked.node,
        leaked.array,
        leaked.quantum,
        Bytes(*leaked_bytes)
    );
}

/// A block that was lost, and how.
fn example(outcomes: &[Outcome]) {
    if let Some(lost) = outcomes.iter().rev().find_map(|outcome| outcome.lost.first()) {
        println!();
        report::leak(lost, 4);
    }
}

fn verdict(outcomes: &[Outcome]) -> Exit {
    println!();
    for Outcome { run, broken_account, .. } in outcomes {
        if let Some(broken) = broken_account {
            println!("the account is broken, nothing above is worth anything: {broken}");
        }
        if !run.ok {
            let Run { lock, probe, verdict, expected, .. } = run;
            println!("NOT as expected: lock {lock}, probe {probe}: {verdict} ({expected})");
        }
    }
    let passed = outcomes.iter().filter(|outcome| outcome.run.ok).count() as u32;
    let failed = outcomes.len() as u32 - passed;
    if failed == 0 {
        println!(
            "verdict: without the lock it raced where that was forced, with it it was clean, as expected"
        );
    }
    com2::record(&Record::Summary(Summary { passed, failed }));
    if failed == 0 { Exit::Success } else { Exit::Unexpected }
}
