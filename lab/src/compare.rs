//! The kernel's configurations side by side: how large each is, and how fast on one and the same machine.
//!
//! The kernels take turns, and each figure is a median, since the host has other work too.

use std::fmt::Write as _;
use std::path::Path;

use kcore::report::Record;
use kcore::settings::Config;
use object::{Object, ObjectSection};

use crate::bench::{median, stripped};
use crate::build::{self, Executable};
use crate::cli::Options;
use crate::machine::Machine;
use crate::session::Outcome;
use crate::status::{Failure, Status};

/// Boots of each kernel with each command.
const TURNS: usize = 5;
const CPUS: &str = "cpus=1";

/// What of a natural run is looked at: its command, and its name in the table.
const RUNS: [(&str, &str); 4] = [
    ("run scull-leak lock=none rounds=20", "natural run, no lock: ms"),
    ("run scull-leak lock=spinlock rounds=20", "natural run, spinlock: ms"),
    ("run scull-leak lock=semaphore rounds=20", "natural run, semaphore: ms"),
    ("run scull-leak lock=mutex rounds=20", "natural run, mutex: ms"),
];

/// The measurements of `bench` that are of interest.
const MEASUREMENTS: [&str; 5] = ["spinlock", "semaphore", "completion", "mutex", "context switch"];

/// What is loaded, and which sections of `boot/kernel.ld` it is made of.
const PARTS: [(&str, &[&str]); 4] = [
    ("text", &[".text.boot", ".text"]),
    ("rodata", &[".note.pvh", ".rodata", ".bootloader-config", ".eh_frame"]),
    ("data", &[".data"]),
    ("bss", &[".bss"]),
];

/// Measures every configuration on a machine of the options' words; returns a table.
pub fn configurations(options: &Options) -> Result<String, Failure> {
    let kernels = Config::ALL
        .iter()
        .map(|config| build::kernel(Executable::Kernel, *config, options.profile()))
        .collect::<Result<Vec<_>, _>>()?;
    let words = &options.told.words();
    let mut rows = sizes(&kernels)?;
    let in_turn = |command: &str, measure: &dyn Fn(&Outcome) -> Result<f64, Failure>| {
        let mut figures = vec![Vec::new(); kernels.len()];
        for _ in 0..TURNS {
            for (kernel, figures) in kernels.iter().zip(&mut figures) {
                figures.push(measure(&boot(kernel, command, words)?)?);
            }
        }
        Ok::<Vec<f64>, Failure>(figures.into_iter().map(median).collect())
    };
    let tour = in_turn("tour", &|outcome| Ok(outcome.elapsed.as_secs_f64() * 1e3))?;
    rows.push(Row::new("tour, start of QEMU to its exit: ms", tour, 0));
    for (command, name) in RUNS {
        rows.push(Row::new(name, in_turn(command, &milliseconds)?, 2));
    }
    rows.extend(measurements(&kernels, words)?);
    Ok(table(&rows))
}

/// A line of the table: a figure for each configuration, in the order of [`Config::ALL`].
struct Row {
    name: String,
    figures: Vec<f64>,
    /// Digits after the point.
    digits: usize,
}

impl Row {
    fn new(name: impl Into<String>, figures: Vec<f64>, digits: usize) -> Self {
        Row { name: name.into(), figures, digits }
    }
}

/// Bytes: what is loaded, by its kind, and the file without what `strip` takes out.
fn sizes<P: AsRef<Path>>(kernels: &[P]) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for (name, sections) in PARTS {
        let size = |kernel: &P| section_bytes(kernel.as_ref(), sections);
        rows.push(Row::new(format!("{name}: bytes"), kernels.iter().map(size).collect::<Result<_, _>>()?, 0));
    }
    let whole = kernels.iter().map(|kernel| stripped(kernel.as_ref()).map(|bytes| bytes as f64));
    rows.push(Row::new("ELF, stripped: bytes", whole.collect::<Result<_, _>>()?, 0));
    Ok(rows)
}

fn section_bytes(elf: &Path, names: &[&str]) -> Result<f64, Failure> {
    let unreadable = |error: &dyn std::fmt::Display| Failure::dead(format!("{}: {error}", elf.display()));
    let bytes = std::fs::read(elf).map_err(|error| unreadable(&error))?;
    let file = object::File::parse(&*bytes).map_err(|error| unreadable(&error))?;
    let is_one = |name: &str| names.contains(&name);
    let sections = file.sections().filter(|section| section.name().is_ok_and(is_one));
    Ok(sections.map(|section| section.size()).sum::<u64>() as f64)
}

fn boot(kernel: &Path, command: &str, words: &[String]) -> Result<Outcome, Failure> {
    let machine = Machine::new(kernel).command(command).word(CPUS);
    let outcome = words.iter().fold(machine, |machine, word| machine.word(word)).run()?;
    match outcome.status {
        Status::Expected => Ok(outcome),
        status => Err(Failure { status, message: format!("'{command}' did not end well\n{outcome}") }),
    }
}

/// The time that the tasks of the only run took.
fn milliseconds(outcome: &Outcome) -> Result<f64, Failure> {
    let cycles: u64 = outcome.report.runs().map(|run| run.cycles).sum();
    let hz = outcome.report.records().find_map(|record| match record {
        Record::Boot(boot) if boot.tsc_hz > 0 => Some(boot.tsc_hz),
        _ => None,
    });
    let hz = hz.ok_or_else(|| Failure::dead("the machine has no clock to measure its cycles with"))?;
    Ok(cycles as f64 * 1e3 / hz as f64)
}

/// Cycles of each of the [`MEASUREMENTS`], by `bench`.
fn measurements<P: AsRef<Path>>(kernels: &[P], words: &[String]) -> Result<Vec<Row>, Failure> {
    let mut figures = vec![vec![Vec::new(); kernels.len()]; MEASUREMENTS.len()];
    for _ in 0..TURNS {
        for (number, kernel) in kernels.iter().enumerate() {
            let outcome = boot(kernel.as_ref(), "bench", words)?;
            for (figures, name) in figures.iter_mut().zip(MEASUREMENTS) {
                figures[number].extend(cycles(&outcome, name));
            }
        }
    }
    let row = |(name, figures): (&str, Vec<Vec<f64>>)| {
        Row::new(format!("{name}, nobody else there: cycles"), figures.into_iter().map(median).collect(), 0)
    };
    Ok(MEASUREMENTS.into_iter().zip(figures).map(row).collect())
}

/// Cycles of an operation.
fn cycles(outcome: &Outcome, name: &str) -> Option<f64> {
    outcome.report.records().find_map(|record| match record {
        Record::Bench(bench) if is_measurement(&bench.name, name) => {
            Some(bench.cycles as f64 / bench.operations as f64)
        }
        _ => None,
    })
}

/// Whether `record` is what `bench` calls the measurement `name` without contention.
fn is_measurement(record: &str, name: &str) -> bool {
    ["uncontended", "between"].iter().any(|discipline| record == format!("{discipline}: {name}"))
}

/// A table that is Markdown as well.
fn table(rows: &[Row]) -> String {
    let name = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let mut text = format!("| {:name$} |", "");
    let mut rule = format!("|{}|", "-".repeat(name + 2));
    for config in Config::ALL {
        let _ = write!(text, " {config:>11} |");
        rule.push_str("------------:|");
    }
    let _ = write!(text, "\n{rule}\n");
    for Row { name: what, figures, digits } in rows {
        let _ = write!(text, "| {what:name$} |");
        for figure in figures {
            let _ = write!(text, " {figure:>11.digits$} |");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned() {
        let rows = [Row::new("short", vec![1.0; 4], 0), Row::new("rather longer", vec![12345.678; 4], 2)];
        let table = table(&rows);
        let widths: Vec<usize> = table.lines().map(str::len).collect();
        assert!(widths.len() == 4 && widths.iter().all(|width| *width == widths[0]), "{table}");
        assert!(table.contains("    12345.68 |") && table.contains("smp+preempt"), "{table}");
    }

    #[test]
    fn a_measurement_is_not_taken_for_one_that_begins_alike() {
        assert!(is_measurement("uncontended: spinlock", "spinlock"));
        assert!(!is_measurement("uncontended: spinlock, counting", "spinlock"));
        assert!(!is_measurement("contended: spinlock", "spinlock"));
    }
}
