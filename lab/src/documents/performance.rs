//! `docs/PERFORMANCE.md`: what machines have measured, with the command for each figure.
//!
//! The figures are those of one host on one day: no test holds them. The machines take turns, and each figure
//! is the median of as many as there were turns, with the least and the most that any of their measurements
//! came to. It wants a quiet host and some minutes, so `cargo documents` leaves it alone.

use std::collections::BTreeMap;
use std::fmt::Write;

use kcore::report::{Bench, Record};
use kcore::settings::Config;

use super::text::{heads, row};
use crate::bench::median;
use crate::build::{self, Executable};
use crate::machine::Machine;
use crate::profile::Profile;
use crate::status::{Failure, Status};

/// The page.
pub const FILE: &str = "docs/PERFORMANCE.md";
/// Boots of each machine, unless its maker says otherwise.
pub const TURNS: usize = 5;
/// The machines that are measured.
const MACHINES: [&str; 3] = ["bench --cpus 4", "bench heap --cpus 4", "bench heap --cpus 1 --accel icount"];

const HEAD: &str = "\
# Performance

Made by `cargo performance`, which boots each machine several times, in turns; here: TURNS. In cycles of an
operation: the median of the medians of nine measurements each, and the least and the most of them all. The unit
is a cycle of the time-stamp counter; under `icount` it is an instruction. A host with other work shows in the
spread, and most in what waits for another CPU. `cargo run -- bench --json FILE` and `bench heap --json FILE` give
the same figures as records ([`bench`](COMMANDS.md#bench)).

## What was to be reached

Beside them stands what a Linux 6.1 guest came to (tinyconfig, PREEMPT, kmemleak, LDD3's scull) on the same line
of QEMU, in turns with an earlier version of this kernel on a quiet host; without `erms,fsrm`, with which the
emulator copies slower. It is quoted as it was measured then, and not measured again here.

";

/// Work that was to take at most so much.
struct Goal {
    work: &'static str,
    machine: usize,
    record: &'static str,
    linux: &'static str,
    most: f64,
    /// What bounds it.
    bound: &'static str,
}

const fn goal(
    work: &'static str,
    (machine, record): (usize, &'static str),
    linux: &'static str,
    most: f64,
    bound: &'static str,
) -> Goal {
    Goal { work, machine, record, linux, most, bound }
}

const WAITS: &str = "a waiter whose CPU has lost its core of the host";

const GOALS: &[Goal] = &[
    goal("rwsem, write, 4 CPUs", (0, "contended: rwsem, write"), "0.9 k", 1e3, WAITS),
    goal("semaphore, 4 CPUs", (0, "contended: semaphore"), "180 k", 2e3, WAITS),
    goal("mutex, alone", (0, "uncontended: mutex"), "199", 100.0, "two locked instructions"),
    goal("mutex, 4 CPUs", (0, "contended: mutex"), "403 to 804", 400.0, WAITS),
    goal(
        "wake-up across CPUs",
        (0, "between: wake-up across CPUs, one way"),
        "182 k",
        40e3,
        "the host wakes the thread of a CPU that has halted",
    ),
    goal(
        "rwlock, read",
        (0, "uncontended: rwlock, read"),
        "spin::RwLock: 76",
        80.0,
        "two locked instructions",
    ),
    goal("atomic inc", (0, "uncontended: atomic, inc"), "core: 24", 24.0, "one locked instruction"),
    goal(
        "test_and_set_bit",
        (0, "uncontended: bits, test_and_set_bit"),
        "core: 46",
        46.0,
        "one locked instruction",
    ),
    goal(
        "kmalloc and kfree of 4000 B, alone",
        (1, "one CPU: 4000 B: ours"),
        "15.6 k",
        7.8e3,
        "1,000 stores of poison, and a page that the emulator has to find",
    ),
    goal(
        "kmalloc and kfree of 4000 B, 4 CPUs",
        (1, "all CPUs: 4000 B: ours"),
        "11.1 k",
        5.5e3,
        "as alone, on as many cores as the host has",
    ),
    goal(
        "kmalloc and kfree of 64 B, 4 CPUs",
        (1, "all CPUs: 64 B: ours"),
        "9.9 k",
        5e3,
        "record and backtrace",
    ),
    goal(
        "write of 4000 B into a new quantum, no lock",
        (2, "one task: write 4000 bytes, new quantum"),
        "969 MB/s, 1,067 here",
        1.6e3,
        "500 zeros, 500 loads and 500 stores, by words of 8 bytes; the record of the block and its backtrace",
    ),
];

/// The figures of a machine, by the names of the records, in their order.
type Figures = Vec<(String, Figure)>;

struct Figure {
    median: f64,
    least: f64,
    most: f64,
}

/// Measures in so many `turns`, and returns the page.
pub fn measure(turns: usize) -> Result<String, Failure> {
    let kernel = build::kernel(Executable::Kernel, Config::Full, Some(Profile::Release))?;
    let mut samples: [Vec<Vec<Bench>>; MACHINES.len()] = Default::default();
    for _ in 0..turns {
        for (line, samples) in MACHINES.iter().zip(&mut samples) {
            let (command, words) = words(line);
            let machine = words
                .iter()
                .fold(Machine::new(&kernel).command(&command), |machine, word| machine.word(word));
            let outcome = machine.run()?;
            if outcome.verdict() != Status::Expected {
                return Err(Failure::dead(format!("'{line}' did not end well\n{outcome}")));
            }
            let bench =
                |record: &Record| if let Record::Bench(bench) = record { Some(bench.clone()) } else { None };
            samples.push(outcome.report.records().filter_map(bench).collect());
        }
    }
    Ok(render(turns, &samples.map(|turns| figures(&turns))))
}

/// The command of a machine and its keys, as the kernel is told them.
fn words(line: &str) -> (String, Vec<String>) {
    let (command, options) = line.split_once(" --").expect("each has options");
    let key = |option: &str| option.trim().replacen(' ', "=", 1);
    (command.to_string(), options.split("--").map(key).collect())
}

fn figures(turns: &[Vec<Bench>]) -> Figures {
    let mut each: BTreeMap<&str, Vec<&Bench>> = BTreeMap::new();
    turns.iter().flatten().for_each(|bench| each.entry(&bench.name).or_default().push(bench));
    let names = turns.first().into_iter().flatten().map(|bench| bench.name.clone());
    names
        .map(|name| {
            let per = |cycles: u64, bench: &Bench| cycles as f64 / bench.operations.max(1) as f64;
            let all = &each[name.as_str()];
            let figure = Figure {
                median: median(all.iter().map(|bench| per(bench.cycles, bench)).collect()),
                least: all.iter().map(|bench| per(bench.least, bench)).fold(f64::INFINITY, f64::min),
                most: all.iter().map(|bench| per(bench.most, bench)).fold(0.0, f64::max),
            };
            (name, figure)
        })
        .collect()
}

fn render(turns: usize, machines: &[Figures; MACHINES.len()]) -> String {
    let mut text = HEAD.replace("TURNS", &turns.to_string());
    heads(
        &mut text,
        &["work", "here", "Linux 6.1, or a peer", "to reach", "reached", "what bounds it", "command"],
    );
    for Goal { work, machine, record, linux, most, bound } in GOALS {
        let found = machines[*machine].iter().find(|(name, _)| name == record);
        let (here, reached) = found.map_or(("-".into(), "-"), |(_, figure)| {
            (figure.shown(), if figure.median <= *most { "yes" } else { "no" })
        });
        let (most, command) = (format!("{most:.0}"), format!("`{}`", MACHINES[*machine]));
        row(&mut text, [*work, &here, linux, &most, reached, bound, &command]);
    }
    for (line, figures) in MACHINES.iter().zip(machines) {
        let _ = writeln!(text, "\n## `cargo run -- {line}`\n");
        heads(&mut text, &["operation", "median, and least to most"]);
        for (name, figure) in figures {
            row(&mut text, [name, &figure.shown()]);
        }
    }
    text
}

impl Figure {
    fn shown(&self) -> String {
        format!("{:.0} ({:.0} to {:.0})", self.median, self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_told_what_its_line_says() {
        let told = words("bench heap --cpus 1 --accel icount");
        assert_eq!(told, ("bench heap".into(), vec!["cpus=1".into(), "accel=icount".into()]));
    }

    #[test]
    fn a_figure_is_the_median_of_the_turns_with_all_that_was_measured() {
        let bench = |least, cycles, most| Bench { name: "a".into(), operations: 10, cycles, least, most };
        let figures =
            figures(&[vec![bench(50, 100, 200)], vec![bench(70, 300, 900)], vec![bench(60, 200, 250)]]);
        assert_eq!(figures[0].1.shown(), "20 (5 to 90)");
    }
}
