//! The command line: `scullery COMMAND --key value`.
//!
//! Every value that the kernel will read is checked by the kernel's own parser, so that the two cannot disagree, and
//! every mistake gets one line that says what would be right.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use kcore::settings::{self, Config, Expect, Fault, Input, Lock, Object, Settings, Usage};

use crate::suggest::hint;
use crate::usage::condense;

/// Machine types that `qemu-run.sh` knows.
pub const MACHINES: &[&str] = &["microvm", "q35", "pc"];
/// Accelerators that `qemu-run.sh` knows.
pub const ACCELERATORS: &[&str] = &["tcg", "tcg-single", "icount", "kvm"];
/// Doors that `qemu-run.sh` knows.
pub const DOORS: &[&str] = &["pvh", "bios", "uefi"];
/// Whether the machine has ACPI tables, as `qemu-run.sh` knows it.
pub const ACPI: &[&str] = &["on", "off"];

const EXIT_STATUS: &str = "\
Exit status: 0 as expected, 1 a verdict that was not expected, 2 a mistake on the command line,
3 kernel panic or CPU exception, 4 time limit, 5 the machine could not start or died,
or its report could not be written.";

/// A race laboratory that boots: the scull device of LDD3, raced by every CPU of a virtual machine.
#[derive(Clone, Debug, Parser)]
#[command(name = "scullery", version, allow_negative_numbers = true, after_help = EXIT_STATUS)]
pub struct Request {
    /// What to do; the tour, unless said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How.
    #[command(flatten)]
    pub options: Options,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Show the race of the book, what it costs, and what stops it (the default)
    Tour,
    /// List the experiments
    List {
        /// Also their locks, tasks and expected verdicts
        #[arg(long)]
        long: bool,
    },
    /// Explain an experiment: the race, a hint, where the books treat it
    Explain {
        /// Its name, as list shows it; or the number of a race, R1
        experiment: String,
    },
    /// Run an experiment
    Run {
        /// Its name, as list shows it
        experiment: String,
    },
    /// Run the in-kernel test cases
    Test {
        /// Only those whose names contain this
        filter: Option<String>,
        /// Instead, what the shell can do (lines that contain the filter), while each allocation in turn fails, and then all from
        /// there on (--rounds: so many of each line at most)
        #[arg(long)]
        fail_allocations: bool,
    },
    /// Measure the primitives
    Bench {
        /// Compare the kernel's configurations with each other, on one machine (of one CPU, unless --cpus says otherwise)
        #[arg(long)]
        configs: bool,
    },
    /// Break the machine on purpose, to see it report
    Fault {
        /// How: panic, page-fault, stack-overflow, ...
        #[arg(value_parser = fault)]
        kind: String,
    },
    /// Run every form of every experiment on every kind of machine, and hold it against the catalogue
    Matrix {
        /// Only this experiment, as list shows it
        experiment: Option<String>,
        /// Write the tables as Markdown, too
        #[arg(long, value_name = "FILE")]
        markdown: Option<PathBuf>,
    },
    /// A shell on the machine: load modules, poke devices, run experiments
    Shell {
        /// Do what is in this file instead of asking, and end with the status of its last command
        #[arg(long, value_name = "FILE")]
        script: Option<PathBuf>,
    },
    /// Make disk images for BIOS and UEFI machines (needs ./setup.sh --image)
    Image {
        /// The directory to put them into (target/image)
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// What the kernel does where no QEMU tells it, in the words of its own command line: 'run counter lock=none' (tour)
        #[arg(long, value_name = "LINE")]
        command: Option<String>,
    },
}

/// How to do it. Those of the kernel's command line are kept as words, already checked.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(next_help_heading = "Experiment")]
pub struct Options {
    /// The form: none, spinlock, semaphore, ... (`list --long` says which an experiment has)
    #[arg(long, global = true, value_parser = word("lock"))]
    pub lock: Option<String>,
    /// How tasks pass probe points: off, pause, delay=N, rendezvous[=POINT], script[=STEPS], fire[=POINT]
    #[arg(long, global = true, value_name = "MODE", value_parser = word("probe"))]
    pub probe: Option<String>,
    /// What the writers of scull-leak find missing: quantum, array, node, all
    #[arg(long, global = true, value_parser = word("object"))]
    pub object: Option<String>,
    /// Writer tasks; one for each CPU unless given
    #[arg(long, global = true, value_name = "N", value_parser = word("writers"))]
    pub writers: Option<String>,
    /// Work of each writer in a round
    #[arg(long, global = true, value_name = "N", value_parser = word("quanta"))]
    pub quanta: Option<String>,
    /// Rounds
    #[arg(long, global = true, value_name = "N", value_parser = word("rounds"))]
    pub rounds: Option<String>,
    /// Make rounds for so long, however many that are
    #[arg(long, global = true, value_name = "N", value_parser = word("seconds"))]
    pub seconds: Option<String>,
    /// Where chance starts
    #[arg(long, global = true, value_name = "S", value_parser = word("seed"))]
    pub seed: Option<String>,
    /// The verdict that counts as success: raced, clean, deadlock, stuck, invalid-context, not-tried, any, ...
    #[arg(long, global = true, value_name = "VERDICT", value_parser = word("expect"))]
    pub expect: Option<String>,
    /// Bytes of a quantum (LDD3: scull_quantum; 4000)
    #[arg(long, global = true, value_name = "BYTES", value_parser = word("quantum"))]
    pub quantum: Option<String>,
    /// Pointers in a quantum set (LDD3: scull_qset; 1000)
    #[arg(long, global = true, value_name = "N", value_parser = word("qset"))]
    pub qset: Option<String>,
    /// Bytes of the kernel's heap: 64M; half of the free memory unless given
    #[arg(long, global = true, value_name = "BYTES", value_parser = word("heap"))]
    pub heap: Option<String>,

    /// CPUs of the machine (4)
    #[arg(long, global = true, value_name = "N", value_parser = word("cpus"), help_heading = "Machine")]
    pub cpus: Option<String>,
    /// How the kernel is built: smp+preempt (default), smp, preempt, up
    #[arg(long, global = true, value_parser = config, help_heading = "Machine")]
    pub config: Option<Config>,
    /// microvm (default), q35, pc
    #[arg(long, global = true, value_parser = one_of(MACHINES), hide_possible_values = true, help_heading = "Machine")]
    pub machine: Option<String>,
    /// tcg (default), tcg-single, icount (repeatable to the last instruction), kvm
    #[arg(long, global = true, value_parser = one_of(ACCELERATORS), hide_possible_values = true, help_heading = "Machine")]
    pub accel: Option<String>,
    /// The model of its CPUs, as QEMU knows it, and what it is to have or to lack: qemu64, max,-smap (max)
    #[arg(long, global = true, value_name = "MODEL", value_parser = cpu, help_heading = "Machine")]
    pub cpu: Option<String>,
    /// The QEMU to run (qemu-system-x86_64)
    #[arg(long, global = true, value_name = "PROGRAM", value_parser = qemu, help_heading = "Machine")]
    pub qemu: Option<String>,
    /// Memory of the machine (128M)
    #[arg(long, global = true, value_name = "BYTES", value_parser = memory, help_heading = "Machine")]
    pub memory: Option<String>,
    /// Seconds until the machine is given up, without those in which the host does not let it run (60; a shell without a script has no limit)
    #[arg(long, global = true, value_name = "SECONDS", value_parser = timeout, help_heading = "Machine")]
    pub timeout: Option<String>,
    /// How the kernel is entered: pvh (default), or from a disk image by bios or uefi
    #[arg(long, global = true, value_name = "DOOR", value_parser = one_of(DOORS), hide_possible_values = true, help_heading = "Machine")]
    pub boot: Option<String>,
    /// The disk image to boot by bios or uefi, if not the one that `image` makes
    #[arg(long, global = true, value_name = "FILE", help_heading = "Machine")]
    pub disk: Option<PathBuf>,
    /// on (default), off (microvm, pc): without ACPI the kernel finds one CPU only
    #[arg(long, global = true, value_parser = one_of(ACPI), hide_possible_values = true, help_heading = "Machine")]
    pub acpi: Option<String>,
    /// A CPU that is never started, to see what the kernel says about it
    #[arg(long, global = true, value_name = "CPU", value_parser = word("mute-cpu"), help_heading = "Machine")]
    pub mute_cpu: Option<String>,

    /// Columns of the terminal, for the shell; asked of stdin unless given
    #[arg(long, global = true, value_name = "N", value_parser = word("columns"), help_heading = "Output")]
    pub columns: Option<String>,
    /// What a shell's COM1 is connected with: terminal, pipe (which has an end), none; asked of stdin unless given
    #[arg(long, global = true, value_parser = word("input"), help_heading = "Output")]
    pub input: Option<String>,
    /// Write the report as JSON lines to a file, or to stdout (-), with the text on stderr
    #[arg(long, global = true, value_name = "FILE|-", help_heading = "Output")]
    pub json: Option<PathBuf>,
    /// Print QEMU's command line, and how long things took
    #[arg(long, global = true, help_heading = "Output")]
    pub verbose: bool,
    /// Stop before the first instruction and wait for gdb on port 1234
    #[arg(long, global = true, help_heading = "Output")]
    pub gdb: bool,
}

impl Options {
    /// How the kernel is to be built.
    pub fn config(&self) -> Config {
        self.config.unwrap_or(Config::Full)
    }

    /// `key=value` for every option that is a word of the kernel's command line, in the order of [`settings::KEYS`].
    pub fn words(&self) -> Vec<String> {
        let value = |key: &&str| match *key {
            "lock" => self.lock.as_ref(),
            "probe" => self.probe.as_ref(),
            "object" => self.object.as_ref(),
            "cpus" => self.cpus.as_ref(),
            "writers" => self.writers.as_ref(),
            "quanta" => self.quanta.as_ref(),
            "rounds" => self.rounds.as_ref(),
            "seconds" => self.seconds.as_ref(),
            "seed" => self.seed.as_ref(),
            "expect" => self.expect.as_ref(),
            "quantum" => self.quantum.as_ref(),
            "qset" => self.qset.as_ref(),
            "heap" => self.heap.as_ref(),
            "machine" => self.machine.as_ref(),
            "accel" => self.accel.as_ref(),
            "cpu" => self.cpu.as_ref(),
            "qemu" => self.qemu.as_ref(),
            "memory" => self.memory.as_ref(),
            "timeout" => self.timeout.as_ref(),
            "boot" => self.boot.as_ref(),
            "acpi" => self.acpi.as_ref(),
            "mute-cpu" => self.mute_cpu.as_ref(),
            "columns" => self.columns.as_ref(),
            "input" => self.input.as_ref(),
            _ => None,
        };
        settings::KEYS.iter().filter_map(|key| Some(format!("{key}={}", value(key)?))).collect()
    }
}

/// Reads the arguments, of which the first is the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Answer> {
    // Of each command for itself: clap does not hand it down.
    let command = Request::command().mut_subcommands(|command| command.allow_negative_numbers(true));
    let matches = command.try_get_matches_from(arguments);
    matches.and_then(|matches| Request::from_arg_matches(&matches)).map_err(|error| condense(&error))
}

/// What the command line leads to when it is no request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Text that was asked for: `--help`, `--version`.
    Text(String),
    /// A mistake, in one line.
    Mistake(String),
}

/// Checks the value of a key exactly as the kernel does.
fn word(key: &'static str) -> impl Fn(&str) -> Result<String, Usage> + Clone + Send + Sync {
    move |value| match Settings::parse(&format!("{key}=\"{value}\"")) {
        Ok(_) => Ok(value.to_string()),
        Err(usage) => Err(Usage::new(usage.message + &hint(value, words_of(key).iter().copied()))),
    }
}

/// The words that a key may have, if they can be listed.
fn words_of(key: &str) -> &'static [&'static str] {
    match key {
        "lock" => Lock::WORDS,
        "object" => Object::WORDS,
        "expect" => Expect::WORDS,
        "input" => Input::WORDS,
        "probe" => &["off", "pause", "delay", "rendezvous", "script", "fire"],
        _ => &[],
    }
}

fn one_of(words: &'static [&'static str]) -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(words)
}

fn fault(value: &str) -> Result<String, Usage> {
    match value.parse::<Fault>() {
        Ok(fault) => Ok(fault.to_string()),
        Err(usage) => Err(Usage::new(usage.message + &hint(value, Fault::WORDS.iter().copied()))),
    }
}

fn config(value: &str) -> Result<Config, Usage> {
    let with_hint = |usage: Usage| Usage::new(usage.message + &hint(value, Config::WORDS.iter().copied()));
    value.parse().map_err(with_hint)
}

/// The same letters as in `qemu-run.sh`. Which models there are, QEMU knows.
fn cpu(value: &str) -> Result<String, Usage> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || "_.,=+-".contains(c);
    match value.starts_with(|c: char| c.is_ascii_alphanumeric()) && value.chars().all(is_fit) {
        true => Ok(value.to_string()),
        false => {
            Err(Usage::new(format!("cpu '{value}' is no model of a CPU; valid: max, qemu64, max,-smap, ...")))
        }
    }
}

/// The same as in `qemu-run.sh`, which finds out whether it is there.
fn qemu(value: &str) -> Result<String, Usage> {
    match value.is_empty() || value.contains(['"', '\n']) {
        true => {
            Err(Usage::new(format!("qemu '{value}' is no program; valid: a name, or a path without quotes")))
        }
        false => Ok(value.to_string()),
    }
}

/// The same bounds as in `qemu-run.sh`.
fn memory(value: &str) -> Result<String, Usage> {
    settings::bytes("memory", value, 16 << 20, 1 << 40).map(|_| value.to_string())
}

/// The same bounds as in `qemu-run.sh`.
fn timeout(value: &str) -> Result<String, Usage> {
    settings::number("timeout", value, 1, 86_400).map(|_| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let arguments = line.split_whitespace().map(OsString::from);
        parse(arguments).expect(line).options.words()
    }

    #[test]
    fn the_definition_is_sound() {
        Request::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_the_command() {
        assert_eq!(words("scullery --cpus 2 tour --seed 7"), ["cpus=2", "seed=7"]);
        assert_eq!(words("scullery --cpus 2"), ["cpus=2"]);
    }

    #[test]
    fn every_key_of_the_kernel_has_an_option() {
        let sample = |key: &str| match key {
            "lock" => "none",
            "probe" => "off",
            "object" => "all",
            "expect" => "any",
            "heap" | "memory" => "64M",
            "machine" => "pc",
            "accel" => "tcg",
            "boot" => "pvh",
            "acpi" => "off",
            "input" => "none",
            _ => "1",
        };
        for key in settings::KEYS {
            assert_eq!(
                words(&format!("scullery --{key} {}", sample(key))),
                [format!("{key}={}", sample(key))]
            );
        }
    }

    #[test]
    fn a_script_keeps_its_spaces() {
        let probe = "script=A.slot.load B.slot.load";
        let arguments = ["scullery", "run", "scull-leak", "--probe", probe].map(OsString::from);
        assert_eq!(parse(arguments).unwrap().options.words(), [format!("probe={probe}")]);
    }
}
