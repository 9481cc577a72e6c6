//! `tour`: what a newcomer sees first. The race, what it costs, what stops it, and at what price.

use alloc::format;
use alloc::vec::Vec;

use kcore::counted::Counted;
use kcore::experiment::page::wrap;
use kcore::experiment::{Resolved, find, resolve};
use kcore::explore::account::plural;
use kcore::report::{Boot, LockStats, Record, Run, Summary};
use kcore::settings::{Config, Form, Probe, RunSettings, Usage, Verdict};

use crate::arch::exit::Exit;
use crate::console::com2;
use crate::experiments::{self, Outcome};
use crate::println;

use super::report::{self, Bytes, NARROW, Time};

/// Quanta of each writer in the natural race, if the heap has room for the case that each of them leaks.
const NATURAL: u64 = 1000;
/// Quanta of each writer at the rendezvous: each costs the time of waking every writer.
const RENDEZVOUS: u32 = 25;
/// Rounds of the natural race: luck differs from one to the next.
const ROUNDS: u32 = 3;
/// A quantum with what the heap needs around it.
const QUANTUM_ROOM: u64 = 5000;

/// Gives the tour.
pub(super) fn main(settings: &RunSettings, boot: &Boot) -> Result<Exit, Usage> {
    let writers = settings.writers.unwrap_or(boot.cpus.max(2));
    let most = boot.heap_bytes / (u64::from(writers) * QUANTUM_ROOM);
    let natural = settings.quanta.unwrap_or(NATURAL.min(most).max(1) as u32);
    report::boot_lines(boot);
    println!();
    explain(writers);
    println!();
    let mut tour = Tour { settings, boot, writers, outcomes: Vec::new() };
    table_heading();
    let rounds = settings.rounds.unwrap_or(ROUNDS);
    let (by, times) = (Counted(writers.into(), "writer"), Counted(rounds.into(), "round"));
    println!("as it happens: {by} x {} x {times}", plural(natural as usize, "quantum", "quanta"));
    tour.warm_up(natural)?;
    tour.rows(Probe::Off, natural, rounds)?;
    let must = (writers - 1) * RENDEZVOUS;
    println!("meeting before the store: {by} x {RENDEZVOUS} quanta; so {must} must leak");
    tour.rows(Probe::Rendezvous(Vec::new()), RENDEZVOUS, 1)?;
    println!();
    tour.leaks();
    tour.locks();
    Ok(tour.verdict())
}

fn explain(writers: u32) {
    let text = format!(
        "Two writers write to the same place of an empty scull device (Linux Device Drivers, chapter 5). Both look at \
         the slot and find it empty, both allocate a quantum, both store its address: the second store wins, and \
         nothing leads to the first quantum any more. Now with {}:",
        Counted(writers.into(), "writer")
    );
    println!("{}", wrap(&text, NARROW, "", ""));
}

fn table_heading() {
    println!("{:18}{:>16}{:>20}", "", "leaked", "lost");
    println!(
        "  {:11}{:>5}{:>6}{:>8}{:>9}{:>8}{:>5}{:>10}{:>6}",
        "lock", "node", "array", "quantum", "bytes", "updates", "torn", "time", "MB/s"
    );
}

struct Tour<'a> {
    settings: &'a RunSettings,
    boot: &'a Boot,
    writers: u32,
    outcomes: Vec<Outcome>,
}

impl Tour<'_> {
    /// A round that no row counts. It is the first to touch the heap's pages, for which the host must find
    /// memory: without it that would be charged to the run without a lock.
    fn warm_up(&self, quanta: u32) -> Result<(), Usage> {
        self.run(&self.resolve(Form::None, &Probe::Off, quanta, 1)?).map(drop)
    }

    fn run(&self, resolved: &Resolved) -> Result<Outcome, Usage> {
        experiments::run(resolved, self.settings).map_err(|refusal| report::refused(refusal, self.settings))
    }

    /// One row for each lock. How fast one is beside another, a single run on a busy host does not say:
    /// `bench` does.
    fn rows(&mut self, probe: Probe, quanta: u32, rounds: u32) -> Result<(), Usage> {
        for lock in [Form::None, Form::Spinlock, Form::Semaphore, Form::Completion] {
            let resolved = self.resolve(lock, &probe, quanta, rounds)?;
            let outcome = self.run(&resolved)?;
            self.row(&outcome.run);
            report::emit(&outcome);
            self.outcomes.push(outcome);
        }
        Ok(())
    }

    fn resolve(&self, lock: Form, probe: &Probe, quanta: u32, rounds: u32) -> Result<Resolved, Usage> {
        let settings = RunSettings {
            lock: Some(lock),
            probe: Some(probe.clone()),
            object: None,
            writers: Some(self.writers),
            quanta: Some(quanta),
            rounds: Some(rounds),
            expect: None,
            ..self.settings.clone()
        };
        resolve(&settings, find("scull-leak")?, self.boot.cpus, Config::OURS)
    }

    fn row(&self, run: &Run) {
        let Run { lock, leaked, leaked_bytes, lost_updates, torn, cycles, .. } = run;
        let time = Time::new(*cycles, self.boot.tsc_hz);
        let rate = report::rate(run, self.boot);
        println!(
            "  {lock:11}{:>5}{:>6}{:>8}{:>9}{lost_updates:>8}{torn:>5}{time:>10}{rate:>6}",
            leaked.node,
            leaked.array,
            leaked.quantum,
            Bytes(*leaked_bytes)
        );
    }

    /// The first leaks of the rendezvous, in the manner of kmemleak.
    fn leaks(&self) {
        let lost = self.outcomes.iter().rev().flat_map(|outcome| &outcome.lost);
        for (lost, addresses) in lost.zip([2, 0]) {
            report::leak(lost, addresses);
            println!();
        }
    }

    /// What the locks counted in the natural race.
    fn locks(&self) {
        println!("{:24}{:>15}{:>12}{:>14}{:>14}", "lock", "#test-and-set", "#acquire()", "held", "waited");
        let guarded = self.outcomes.iter().filter_map(|outcome| Some((&outcome.run, outcome.lock.as_ref()?)));
        for (run, stats) in guarded.take(3) {
            let LockStats { name, acquire, test_and_set, hold_cycles, wait_cycles } = stats;
            println!(
                "  {name} {:10}{test_and_set:>15}{acquire:>12}{:>14}{:>14}",
                run.lock,
                Time::new(*hold_cycles, self.boot.tsc_hz),
                Time::new(*wait_cycles, self.boot.tsc_hz)
            );
        }
    }

    fn verdict(self) -> Exit {
        let passed = self.outcomes.iter().filter(|outcome| outcome.run.ok).count() as u32;
        let failed = self.outcomes.len() as u32 - passed;
        println!();
        for Outcome { run, .. } in self.outcomes.iter().filter(|outcome| !outcome.run.ok) {
            println!(
                "NOT as expected: lock {}, probe {}: {} ({})",
                run.lock, run.probe, run.verdict, run.expected
            );
        }
        let raced = self.outcomes.iter().any(|outcome| outcome.run.verdict == Verdict::Raced);
        match (failed, raced) {
            (0, true) => println!("verdict: raced without a lock, clean with each of the three, as expected"),
            (0, false) => println!("verdict: clean, with and without a lock: this time nobody met anybody"),
            _ => println!("verdict: {failed} of {} runs were not as expected", passed + failed),
        }
        println!("next: `cargo run -- explain scull-leak` says why, `list` what else there is; try");
        println!("      cargo run -- run scull-trim --probe script");
        println!("      cargo run -- run counter --probe rendezvous --cpus 16");
        com2::record(&Record::Summary(Summary { passed, failed }));
        if failed == 0 { Exit::Success } else { Exit::Unexpected }
    }
}
