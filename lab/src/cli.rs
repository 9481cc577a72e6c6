//! The command line: `scullery COMMAND --key value`.
//!
//! Every value that the kernel will read is checked by the kernel's own parser, so that the two cannot
//! disagree, and every mistake gets one line that says what would be right.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use kcore::settings::{
    self, CommandLine, Config, FAIL_ALLOCATIONS, Fault, Key, Policy, RunSettings, Scope, Usage, Values,
};

use crate::module;
use crate::status::Status;
use crate::usage::{condense, hint};

/// A race laboratory that boots: the scull device of LDD3, raced by every CPU of a virtual machine.
#[derive(Clone, Debug, Parser)]
#[command(name = "scullery", version, allow_negative_numbers = true, after_help = Status::explained())]
pub struct Request {
    /// What to do; the tour, unless said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How.
    #[command(flatten)]
    pub options: Options,
}

/// How much of all executions is made, by what, and what is left of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Search {
    /// On so many threads [default: one for each CPU of this host]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_JOBS))]
    pub jobs: Option<u64>,
    /// Keep what is known and what is still to be made in this file, now and then and at the end; if it is
    /// there, go on from it
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// Make only part K of N, which is kept in the file of --resume; then merge
    #[arg(long, value_name = "K/N", value_parser = shard, requires = "resume")]
    pub shard: Option<(usize, usize)>,
    /// Begin with what merge has written to this file
    #[arg(long, value_name = "FILE", requires = "resume")]
    pub from: Option<PathBuf>,
}

/// Threads that explore at most.
const MOST_JOBS: u64 = 32;

/// `2/5`.
fn shard(text: &str) -> Result<(usize, usize), String> {
    let numbers =
        text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
    numbers
        .filter(|(number, of)| (1..=*of).contains(number))
        .ok_or_else(|| "say which part of how many: 1/4, 2/4, 3/4 or 4/4".to_string())
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
        /// Instead, every command and option with its words, the exit statuses, and the fields of the JSON
        /// lines
        #[arg(long, conflicts_with = "long")]
        commands: bool,
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
        /// Draw what the report says of lost blocks, and of tasks that wait for ever
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Make every order of an experiment's steps, and find what is wrong or prove that nothing is
    ///
    /// On this host, without a machine, unless it takes interrupts or one CPU, or --on says otherwise: two
    /// tasks do one unit of work each, unless the experiment takes more to show what it shows, or --writers,
    /// --quanta and --rounds say otherwise. After --timeout seconds it ends with what is known
    Explore {
        /// Its name, as list shows it
        #[arg(required_unless_present = "all")]
        experiment: Option<String>,
        /// Instead, each form of each experiment that can be explored on this host, at the smallest sizes, as
        /// docs/PROOFS.md has them
        #[arg(long, conflicts_with_all = ["experiment", "memory_model", "on", "svg", "jobs", "resume"])]
        all: bool,
        /// Which stores other tasks see, and when
        #[arg(long, value_enum, default_value = "sc")]
        memory_model: Model,
        /// Where: what needs interrupts, or one CPU for all tasks, is made in the kernel
        #[arg(long, value_enum)]
        on: Option<Maker>,
        /// How much of them
        #[command(flatten)]
        search: Search,
        /// Draw the shortest that goes wrong
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Put together what explore --shard has made
    Merge {
        /// The files of all shards, in any order
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Write what is known, and what is still to be made, to this file
        #[arg(long, value_name = "FILE")]
        into: Option<PathBuf>,
    },
    /// Make one execution again, which explore has found: here, and then on the CPUs of a machine
    ///
    /// With another form or other sizes, by --lock, --writers, --quanta and --rounds, it is made as far as it
    /// fits, and goes on from there: the task that made the last step for as long as it can (non-preemptive),
    /// the first task that can, by its letter (fixed-priority), or each with a step in its turn
    /// (round-robin). What was explored in the kernel is made again there alone, by its explorer
    Replay {
        /// What explore says after again: or @ and the file that has it
        string: String,
        /// Where
        #[arg(long, value_enum, default_value = "both")]
        on: On,
        /// How it goes on.
        #[arg(long, default_value = "non-preemptive", value_parser = policy, help = Policy::VALUES.listed("How it goes on from where the string does not fit any more"))]
        then: Policy,
        /// Draw it
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Run the in-kernel test cases
    Test {
        /// Only those whose names contain this
        #[arg(value_parser = filter)]
        filter: Option<String>,
        /// Instead, what the shell can do (lines that contain the filter), while each allocation in turn
        /// fails, and then all from there on (--rounds: so many of each line at most)
        #[arg(long)]
        fail_allocations: bool,
    },
    /// Measure the primitives
    ///
    /// First from outside, how fast the kernel starts, against a guest of a few bytes (the floor), and how
    /// large its ELF is; then, inside, the primitives, beside those of the crate `spin`
    Bench {
        /// Instead: what makes all orders of small programs here, beside loom and shuttle
        #[arg(value_enum, conflicts_with = "configs")]
        what: Option<Benched>,
        /// Compare the kernel's configurations with each other, on one machine (of one CPU, unless --cpus
        /// says otherwise)
        #[arg(long)]
        configs: bool,
    },
    /// Break the machine on purpose, to see it report
    Fault {
        /// How.
        #[arg(value_parser = fault, help = Fault::VALUES.listed("How"))]
        kind: String,
    },
    /// Run every form of every experiment on every kind of machine, and hold it against the catalogue
    ///
    /// Of the six machines, --config and --cpus leave only some
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
        /// Show copies of the files in this folder at /mnt
        #[arg(long, value_name = "DIR")]
        mount: Option<PathBuf>,
        /// A driver in C, shown as /mnt/NAME.ko: a module, or the source of which it is made
        #[arg(long, value_name = "FILE.c|FILE.ko")]
        module: Vec<PathBuf>,
        /// The script's arguments: $1, $2 and so on
        #[arg(requires = "script", value_name = "ARGUMENT")]
        arguments: Vec<String>,
    },
    /// Your own driver, in C: build it, and see what it may call
    #[command(subcommand)]
    Module(module::Command),
    /// Make disk images for BIOS and UEFI machines (needs ./setup.sh --image)
    Image {
        /// The directory to put them into (target/image)
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// What the kernel does where no QEMU tells it, in the words of its own command line: 'run counter
        /// lock=none' (tour)
        #[arg(long, value_name = "LINE")]
        command: Option<String>,
    },
}

/// Which stores other tasks see, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Model {
    /// All, at once
    Sc,
    /// Each waits in a buffer that its task alone sees, as on x86
    Tso,
}

/// Where all executions are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Maker {
    /// On this host
    Host,
    /// In the kernel, on one CPU of a machine
    Kernel,
}

/// What is measured on the host alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Benched {
    /// The explorer
    Explore,
}

/// Where an execution is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum On {
    /// On this host
    Host,
    /// In the kernel; what was found on this host is made here first
    Kernel,
    /// On this host, and then in the kernel
    Both,
}

/// How to do it.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What the kernel's command line says.
    #[command(flatten)]
    pub told: Told,

    /// How the kernel is built.
    #[arg(long, global = true, value_parser = config, help_heading = MACHINE, help = Config::VALUES.listed("How the kernel is built") + " (smp+preempt)")]
    pub config: Option<Config>,
    /// The disk image to boot by bios or uefi, if not the one that `image` makes
    #[arg(long, global = true, value_name = "FILE", help_heading = MACHINE)]
    pub disk: Option<PathBuf>,
    /// Write the report as JSON lines to a file, or to stdout (-), with the text on stderr
    #[arg(long, global = true, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<PathBuf>,
    /// Print QEMU's command line, and how long things took
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub verbose: bool,
    /// Stop before the first instruction and wait for gdb on port 1234
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub gdb: bool,
}

impl Options {
    /// The names of those that were given.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
        let host = [
            ("config", self.config.is_some()),
            ("disk", self.disk.is_some()),
            ("json", self.json.is_some()),
            ("verbose", self.verbose),
            ("gdb", self.gdb),
        ];
        self.told
            .0
            .iter()
            .map(|(key, _)| *key)
            .chain(host.into_iter().filter(|(_, is)| *is).map(|(name, _)| name))
    }

    /// Whether the machine boots from a disk image.
    pub(crate) fn is_from_disk(&self) -> bool {
        matches!(self.told.word("boot"), Some("bios" | "uefi"))
    }

    /// How the kernel is to be built.
    pub fn config(&self) -> Config {
        self.config.unwrap_or(Config::Full)
    }
}

/// Keys of the kernel's command line, with their words.
pub type Words = Vec<(&'static str, String)>;

/// The options that are keys of the kernel's command line, as they were given, already checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(pub Words);

impl Told {
    /// The same with `words`, which count where a key was given already.
    pub fn with(&self, words: Words) -> Self {
        let new = Told(words);
        let word = |key: &'static Key| {
            new.word(key.name).or(self.word(key.name)).map(|word| (key.name, word.to_string()))
        };
        Told(settings::keys().filter_map(word).collect())
    }

    /// What was given for the key called `name`.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| *key == name).map(|(_, word)| word.as_str())
    }

    /// As settings of a run, without the probe of a replay string.
    pub(crate) fn run(&self) -> RunSettings {
        let mut run = RunSettings::default();
        for (key, word) in &self.0 {
            let _ = run.set(key, word);
        }
        run
    }

    /// `key=value` for each, in the order of the table.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(|(key, word)| format!("{key}={word}")).collect()
    }
}

impl Args for Told {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(settings::keys().map(argument))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Told {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let word = |key: &'static Key| Some((key.name, matches.get_one::<String>(key.name)?.clone()));
        Ok(Told(settings::keys().filter_map(word).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

const MACHINE: &str = "Machine";
const OUTPUT: &str = "Output";

/// The option that a key is.
fn argument(key: &'static Key) -> Arg {
    let heading = match key.scope {
        Scope::Run => "Experiment",
        Scope::Machine => MACHINE,
        Scope::Terminal => OUTPUT,
    };
    let stands_for = match key.values {
        Values::Words { .. } => key.name.to_uppercase(),
        Values::Number { .. } => "N".to_string(),
        Values::Size { .. } => "SIZE".to_string(),
        Values::Text { stands_for, .. } => stands_for.to_string(),
    };
    Arg::new(key.name)
        .long(key.name)
        .global(true)
        .value_name(stands_for)
        .value_parser(move |word: &str| checked(key, word))
        .help(key.help())
        .help_heading(heading)
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

/// What begins the word of a probe that is a replay string.
pub const REPLAY: &str = "replay=";

/// Checks the value of a key exactly as the kernel does, unless it is for the host alone.
fn checked(key: &Key, value: &str) -> Result<String, Usage> {
    if key.name == "probe" && value.starts_with(REPLAY) {
        return Ok(value.to_string());
    }
    within_quotes(value)?;
    match CommandLine::parse(&format!("{}=\"{value}\"", key.name)) {
        Ok(_) => Ok(value.to_string()),
        Err(usage) => Err(Usage::new(usage.message + &hint(value, key.values.words()))),
    }
}

/// Refuses what would end the quotes in which a kernel's command line has its words.
pub(crate) fn within_quotes(word: &str) -> Result<(), Usage> {
    match word.contains('"') {
        true => {
            Err(Usage::new(format!("'{word}' has a double quote in it, which no word of a kernel can have")))
        }
        false => Ok(()),
    }
}

/// What the kernel does not take for a key, or for its other command.
fn filter(value: &str) -> Result<String, Usage> {
    match value.split_once('=') {
        _ if value == FAIL_ALLOCATIONS => Err(Usage::new(format!("say --{FAIL_ALLOCATIONS}"))),
        Some((key, word)) => {
            Err(Usage::new(format!("unexpected word '{value}'; did you mean '--{key} {word}'?")))
        }
        None => within_quotes(value).map(|()| value.to_string()),
    }
}

fn fault(value: &str) -> Result<String, Usage> {
    match value.parse::<Fault>() {
        Ok(fault) => Ok(fault.to_string()),
        Err(usage) => Err(Usage::new(usage.message + &hint(value, Fault::WORDS.iter().copied()))),
    }
}

fn policy(value: &str) -> Result<Policy, Usage> {
    value.parse()
}

fn config(value: &str) -> Result<Config, Usage> {
    let with_hint = |usage: Usage| Usage::new(usage.message + &hint(value, Config::WORDS.iter().copied()));
    value.parse().map_err(with_hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        let arguments = line.split_whitespace().map(OsString::from);
        parse(arguments).expect(line).options.told.words()
    }

    #[test]
    fn the_definition_is_sound() {
        Request::command().debug_assert();
    }

    #[test]
    fn options_stand_before_and_after_the_command() {
        assert_eq!(words("scullery --cpus 2 tour --seed 7"), ["seed=7", "cpus=2"]);
        assert_eq!(words("scullery --cpus 2"), ["cpus=2"]);
    }

    #[test]
    fn every_key_of_the_kernel_has_an_option() {
        let sample = |key: &Key| match key.values {
            Values::Words { words, .. } => words[0],
            Values::Size { .. } => "64M",
            Values::Number { .. } | Values::Text { .. } => "1",
        };
        for key in settings::keys() {
            let (name, word) = (key.name, sample(key));
            assert_eq!(words(&format!("scullery --{name} {word}")), [format!("{name}={word}")]);
        }
    }

    #[test]
    fn a_script_keeps_its_spaces() {
        let probe = "script=A.slot.load B.slot.load";
        let arguments = ["scullery", "run", "scull-leak", "--probe", probe].map(OsString::from);
        assert_eq!(parse(arguments).unwrap().options.told.words(), [format!("probe={probe}")]);
    }
}
