//! The options that commands share: the keys of the kernel's command line, and what only the host knows.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, FromArgMatches};
use kcore::settings::{self, Config, Key, RunSettings, Scope, Values};

use crate::build::{self, Executable};
use crate::profile::Profile;
use crate::status::Failure;
use crate::values::{Listed, checked};

/// How to do it.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What the kernel's command line says.
    #[command(flatten)]
    pub told: Told,

    /// How the kernel is built.
    #[arg(long, global = true, value_parser = Listed(str::parse::<Config>, Config::WORDS.to_vec()), hide_possible_values = true, help_heading = MACHINE, help = Config::VALUES.listed("How the kernel is built") + " (smp+preempt)")]
    pub config: Option<Config>,
    /// Compile the kernel in parts, so that it is there soon [default: where it is not that of the last
    /// commit]
    #[arg(long, global = true, help_heading = MACHINE)]
    pub fast: bool,
    /// Whether it is to be measured, and so compiled whole whatever has changed.
    #[arg(skip)]
    pub measured: bool,
    /// The disk image to boot by bios or uefi, if not the one that `image` makes
    #[arg(long, global = true, value_name = "FILE", help_heading = MACHINE)]
    pub disk: Option<PathBuf>,
    /// Write the report as JSON lines to a file, or to stdout (-), with the text on stderr
    #[arg(long, global = true, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<PathBuf>,
    /// Whether there are colours [default: on a terminal, unless NO_COLOR is set]
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = OUTPUT, hide_possible_values = true, help = "Colours: auto (on a terminal, unless NO_COLOR is set), always, never")]
    pub color: Option<clap::ColorChoice>,
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
            ("fast", self.fast),
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

    /// The same, for a kernel that is measured.
    pub fn measured(self) -> Self {
        Options { measured: true, ..self }
    }

    /// How Cargo is to compile it, if that is said.
    pub fn profile(&self) -> Option<Profile> {
        match self {
            Options { fast: true, .. } => Some(Profile::Fast),
            Options { measured: true, .. } => Some(Profile::Release),
            _ => None,
        }
    }

    /// The kernel that a machine with this command line boots, built. A disk image brings the larger one.
    pub fn kernel(&self, words: &[&str]) -> Result<PathBuf, Failure> {
        let which = if self.is_from_disk() { Executable::Cases } else { Executable::of(words) };
        build::kernel(which, self.config(), self.profile())
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
        .value_parser(Listed(move |word: &str| checked(key, word), key.values.beginnings().collect()))
        .hide_possible_values(true)
        .help(key.help())
        .help_heading(heading)
}
