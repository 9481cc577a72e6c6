//! The command line: `scullery COMMAND --key value`.
//!
//! Every value that the kernel will read is checked by the kernel's own parser, so that the two cannot
//! disagree, and every mistake gets one line that says what would be right.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use kcore::settings::{Fault, Policy};

use crate::examples;
use crate::module;
pub use crate::options::{Options, Told, Words};
use crate::scope::is_for;
use crate::status::Status;
use crate::usage::condense;
pub use crate::values::REPLAY;
use crate::values::{Listed, experiment, fault, filter, shard};

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

/// What tasks do with a driver in C.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Explored {
    /// Instead, a driver in C: a module, or the source of which it is made
    #[arg(long, value_name = "FILE.c|FILE.ko", requires = "task", conflicts_with_all = ["experiment", "memory_model", "on", "svg", "jobs", "resume"])]
    pub module: Option<PathBuf>,
    /// What one task types; its devices have names in /dev
    #[arg(long, value_name = "LINE", requires = "module")]
    pub task: Vec<String>,
    /// What is typed before
    #[arg(long, value_name = "LINE", requires = "module")]
    pub setup: Option<String>,
    /// What one more task types when all others are through
    #[arg(long, value_name = "LINE", requires = "module")]
    pub after: Option<String>,
    /// What must succeed when all tasks are through
    #[arg(long, value_name = "LINE", requires = "module")]
    pub check: Option<String>,
    /// In each execution a call of the driver fails: init=N, for memory by its init, or to make or register what
    /// takes some; memory=N, the same by what the tasks do; copy=N, from or to a process; sleep=N, as a signal comes
    /// to the first task; counted from 1
    #[arg(long, value_name = "CALL=N", requires = "module")]
    pub fail: Option<String>,
    /// What a task has open stays open until all others are through
    #[arg(long, requires = "module")]
    pub keep_open: bool,
    /// What the driver's calls answer must be what they answer, in some order, if each is made as a whole
    #[arg(long, requires = "module")]
    pub atomic: bool,
    /// Only the execution in which the tasks make so many steps in turn, like A12B3
    #[arg(long, value_name = "TURNS", requires = "module")]
    pub schedule: Option<String>,
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
        #[arg(value_parser = experiment(), hide_possible_values = true)]
        experiment: String,
        /// Only what it is about, and where to look
        #[arg(long)]
        hint: bool,
    },
    /// Run an experiment
    Run {
        /// Its name, as list shows it
        #[arg(value_parser = experiment(), hide_possible_values = true)]
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
        #[arg(required_unless_present_any = ["all", "module"], value_parser = experiment(), hide_possible_values = true)]
        experiment: Option<String>,
        /// Instead, what tasks do with a driver in C
        #[command(flatten)]
        driver: Explored,
        /// Instead, each form of each experiment that can be explored on this host, at the smallest sizes, as
        /// docs/PROOFS.md has them
        #[arg(long, conflicts_with_all = ["experiment", "module", "memory_model", "on", "svg", "jobs", "resume"])]
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
        #[arg(long, default_value = "non-preemptive", value_parser = Listed(str::parse::<Policy>, Policy::WORDS.to_vec()), hide_possible_values = true, help = Policy::VALUES.listed("How it goes on from where the string does not fit any more"))]
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
    /// Find what is wrong with a driver in C, without a word of its author
    ///
    /// It is built and loaded. Its init, and what can be done with its devices and files, are tried by one
    /// task, while its calls for memory and its copies fail one after the other, and by two and three in
    /// every order. It ends with 0 when nothing was found, 1 when something was, and 2 when it does not build
    /// or load
    Check {
        /// A module, or the source of which it is made
        #[arg(value_name = "FILE.c|FILE.ko")]
        module: PathBuf,
        /// Try this number for ioctl, too; those of the source's own macros are known
        #[arg(long, value_name = "NUMBER")]
        ioctl: Vec<String>,
        /// Say what is tried
        #[arg(long)]
        trials: bool,
    },
    /// Measure the primitives
    ///
    /// First from outside, how fast the kernel starts, against a guest of a few bytes (the floor), and how
    /// large its ELF is; then, inside, the primitives, beside those of the crate `spin`
    Bench {
        /// Instead: what makes all orders of small programs here, beside loom and shuttle; or the heap,
        /// beside others
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
        #[arg(value_parser = Listed(fault, Fault::WORDS.to_vec()), hide_possible_values = true, help = Fault::VALUES.listed("How"))]
        kind: String,
    },
    /// Run every form of every experiment on every kind of machine, and hold it against the catalogue
    ///
    /// Of the six machines, --config and --cpus leave only some
    Matrix {
        /// Only this experiment, as list shows it
        #[arg(value_parser = experiment(), hide_possible_values = true)]
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
        /// A driver in C, shown as /mnt/NAME.ko: a module, or the source or folder of which it is made
        #[arg(long, value_name = "FILE.c|FILE.ko")]
        module: Vec<PathBuf>,
        /// The script's arguments: $1, $2 and so on
        #[arg(requires = "script", value_name = "ARGUMENT")]
        arguments: Vec<String>,
    },
    /// Your own driver, in C: build it, and see what it may call
    #[command(subcommand)]
    Module(module::Command),
    /// Write what completes a line in a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write a page of the manual, as man shows it
    Man {
        /// Of this command only
        command: Option<String>,
    },
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
    /// In the kernel, on the CPUs of a machine
    Kernel,
}

/// What is measured instead of the primitives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Benched {
    /// The explorer, beside loom and shuttle, on the host alone
    Explore,
    /// The heap, beside linked_list_allocator and talc, and writes into new memory
    Heap,
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

/// The definition, with the help of each command its own: what it takes, and two examples.
pub(crate) fn program() -> clap::Command {
    let program = Request::command().max_term_width(MOST_COLUMNS);
    let shared: Vec<Arg> = program.get_arguments().cloned().collect();
    program.mut_subcommands(|command| {
        let name = command.get_name().to_string();
        let others = shared.iter().filter(|arg| !is_for(arg.get_id().as_str(), &name));
        let hidden: Vec<Arg> = others.map(|arg| arg.clone().hide(true)).collect();
        // clap does not hand the first down.
        command.allow_negative_numbers(true).args(hidden).after_help(examples::of(&name))
    })
}

/// Columns of help, where there is room.
const MOST_COLUMNS: usize = 100;

/// Reads the arguments, of which the first is the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Answer> {
    let matches = program().try_get_matches_from(arguments);
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

#[cfg(test)]
mod tests {
    use kcore::settings::{self, Key, Values};

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
