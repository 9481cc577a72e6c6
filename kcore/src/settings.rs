//! The words of the command line, shared by the lab (`--key value`) and the kernel (`key=value`).
//!
//! [`Settings::parse`] reads a whole kernel command line. The lab checks each value with the same `FromStr`
//! implementations, so a word that one of them accepts is a word of the other.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeInclusive;
use core::str::FromStr;

use crate::probe::Step;
use crate::scull::Geometry;

pub use crate::words::{Config, Expect, Fault, Input, Lock, Object};

/// What the machine is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The tour: every lock in turn, natural and at the rendezvous.
    Tour,
    /// One experiment, by its name in the catalogue.
    Run(String),
    /// The in-kernel test cases whose names contain the filter.
    Test(Option<String>),
    /// Everything that the shell can do, those whose lines contain the filter, with each allocation failing in turn.
    FailAllocations(Option<String>),
    /// Measure the primitives.
    Bench,
    /// Break the machine on purpose, to see it report: see [`Fault`].
    Fault(Fault),
    /// Every form of every experiment, or of the one that is named, that fits this machine.
    Matrix(Option<String>),
    /// A shell on COM1, or the script that the machine was given.
    Shell,
}

/// How tasks pass probe points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// They do not notice them.
    Off,
    /// They execute PAUSE once.
    Pause,
    /// They execute PAUSE this often, or for 10 microseconds each.
    Delay(u32),
    /// All tasks meet at one of these points before any goes on. Empty: the experiment's own points.
    Rendezvous(Vec<String>),
    /// They pass in this order. Empty: the experiment's own script.
    Script(Vec<String>),
    /// The experiment's interrupt comes when a task is at one of these points. Empty: the experiment's own points.
    Fire(Vec<String>),
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Probe::Off => f.write_str("off"),
            Probe::Pause => f.write_str("pause"),
            Probe::Delay(n) => write!(f, "delay={n}"),
            Probe::Rendezvous(points) if points.is_empty() => f.write_str("rendezvous"),
            Probe::Rendezvous(points) => write!(f, "rendezvous={}", points.join(",")),
            Probe::Script(steps) if steps.is_empty() => f.write_str("script"),
            Probe::Script(steps) => write!(f, "script={}", steps.join(",")),
            Probe::Fire(points) if points.is_empty() => f.write_str("fire"),
            Probe::Fire(points) => write!(f, "fire={}", points.join(",")),
        }
    }
}

impl FromStr for Probe {
    type Err = Usage;
    /// `off`, `pause`, `delay=N`, `rendezvous[=POINT,...]`, `fire[=POINT,...]`, `script[=STEP,...]`; steps may also be parted by spaces.
    fn from_str(word: &str) -> Result<Self, Usage> {
        let (mode, argument) = match word.split_once('=') {
            Some((mode, argument)) => (mode, Some(argument)),
            None => (word, None),
        };
        let list = || -> Vec<String> {
            let parts = argument.unwrap_or("").split([',', ' ']);
            parts.filter(|part| !part.is_empty()).map(ToString::to_string).collect()
        };
        match (mode, argument) {
            ("off", None) => Ok(Probe::Off),
            ("pause", None) => Ok(Probe::Pause),
            ("delay", Some(n)) => Ok(Probe::Delay(number("probe delay", n, 1, 1_000_000)? as u32)),
            ("delay", None) => Err(Usage::new("probe delay needs a number of PAUSEs: delay=N")),
            ("rendezvous", _) => Ok(Probe::Rendezvous(list())),
            ("fire", _) => Ok(Probe::Fire(list())),
            ("script", _) => {
                let steps = list();
                steps.iter().try_for_each(|step| step.parse::<Step>().map(drop))?;
                Ok(Probe::Script(steps))
            }
            _ => Err(Usage::unknown(
                "probe mode",
                word,
                &["off", "pause", "delay=N", "rendezvous[=POINT]", "script[=STEPS]", "fire[=POINT]"],
            )),
        }
    }
}

/// A line for the person who typed the command. Exit status 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The line.
    pub message: String,
}

impl Usage {
    /// A mistake described by `message`.
    pub fn new(message: impl Into<String>) -> Self {
        Usage { message: message.into() }
    }

    /// `word` is no `what`.
    pub fn unknown(what: &str, word: &str, valid: &[&str]) -> Self {
        Usage::new(format!("unknown {what} '{word}'; valid: {}", valid.join(", ")))
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Usage {}

/// A whole number within bounds.
pub fn number(what: &str, word: &str, least: u64, most: u64) -> Result<u64, Usage> {
    match word.parse::<u64>() {
        Ok(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(Usage::new(format!("{what} '{word}' is not a whole number from {least} to {most}"))),
    }
}

/// A number of bytes: `128M`, `512K`, `1G`, `65536`.
pub fn bytes(what: &str, word: &str, least: u64, most: u64) -> Result<u64, Usage> {
    match parse_bytes(word) {
        Some(n) if (least..=most).contains(&n) => Ok(n),
        _ => Err(Usage::new(format!(
            "{what} '{word}' is not a size from {least} to {most} bytes (K, M and G are understood)"
        ))),
    }
}

fn parse_bytes(word: &str) -> Option<u64> {
    let (digits, unit) = match word.as_bytes().last()? {
        b'K' | b'k' => (&word[..word.len() - 1], 1u64 << 10),
        b'M' | b'm' => (&word[..word.len() - 1], 1 << 20),
        b'G' | b'g' => (&word[..word.len() - 1], 1 << 30),
        _ => (word, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

/// The heap that `line` asks for, in bytes. For a kernel that has no heap yet, in which to keep a parsed line; what is
/// wrong with the word, [`Settings::parse`] says later.
pub fn heap_bytes(line: &str) -> Option<u64> {
    let word = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("heap="))?;
    parse_bytes(word).filter(|bytes| HEAP_BYTES.contains(bytes))
}

/// Sizes that a heap may have.
const HEAP_BYTES: RangeInclusive<u64> = 64 << 10..=1 << 40;

/// Most bytes of a command line. A longer one is refused, since what is left of it when it is cut is another one.
pub const LONGEST_COMMAND_LINE: usize = 4096;

/// The text of a command line, of which the loader has left `bytes`: one byte more than may be is enough to know.
pub fn text(bytes: &[u8]) -> Result<&str, Usage> {
    within_length(bytes)?;
    core::str::from_utf8(bytes).map_err(|_| Usage::new("the command line is not UTF-8"))
}

fn within_length(line: &[u8]) -> Result<(), Usage> {
    match line.len() <= LONGEST_COMMAND_LINE {
        true => Ok(()),
        false => Err(Usage::new(format!(
            "the command line is longer than {LONGEST_COMMAND_LINE} bytes: none of it is done"
        ))),
    }
}

/// Most CPUs of a machine.
pub const MAX_CPUS: u32 = 64;
/// Most writers of an experiment.
pub const MAX_WRITERS: u32 = 64;

/// A parsed command line. `None` leaves the choice to the experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What to do.
    pub command: Command,
    /// `lock=`; the tour and `run` without it take the experiment's unguarded form.
    pub lock: Option<Lock>,
    /// `probe=`.
    pub probe: Option<Probe>,
    /// `object=`.
    pub object: Option<Object>,
    /// `writers=`, 1 to [`MAX_WRITERS`]; one per CPU unless given.
    pub writers: Option<u32>,
    /// `quanta=`, the work of each writer in a round.
    pub quanta: Option<u32>,
    /// `rounds=`.
    pub rounds: Option<u32>,
    /// `seconds=`: rounds are made for so long, however many that are.
    pub seconds: Option<u32>,
    /// `seed=`.
    pub seed: u64,
    /// `expect=`.
    pub expect: Option<Expect>,
    /// `quantum=`, bytes of a quantum (LDD3's `scull_quantum`).
    pub quantum: u64,
    /// `qset=`, pointers in an array (LDD3's `scull_qset`).
    pub qset: u64,
    /// `heap=`, bytes; half of the free memory unless given.
    pub heap: Option<u64>,
    /// `machine=`, for the report.
    pub machine: String,
    /// `accel=`, for the report.
    pub accel: String,
    /// `boot=`, for the report: which loader read the disk.
    pub boot: Option<String>,
    /// `mute-cpu=`, a CPU that is never started, to see the bounded wait.
    pub mute_cpu: Option<u32>,
    /// `cpus=`, how many CPUs the machine was given. The kernel counts for itself.
    pub cpus: Option<u32>,
    /// `cpu=`, `qemu=`, `memory=`, `timeout=`, `acpi=`, for the report: words for `qemu-run.sh`, which have done their work
    /// when the kernel reads them.
    pub host: Vec<(&'static str, String)>,
    /// `columns=`, how wide the terminal of the shell is. Not known unless given.
    pub columns: Option<u32>,
    /// `input=`, what the shell's COM1 is connected with.
    pub input: Input,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            command: Command::Tour,
            lock: None,
            probe: None,
            object: None,
            writers: None,
            quanta: None,
            rounds: None,
            seconds: None,
            seed: 1,
            expect: None,
            quantum: 4000,
            qset: 1000,
            heap: None,
            machine: "unknown".to_string(),
            accel: "unknown".to_string(),
            boot: None,
            mute_cpu: None,
            cpus: None,
            host: Vec::new(),
            columns: None,
            input: Input::Terminal,
        }
    }
}

/// The first words of a command line.
pub const COMMANDS: &[&str] = &["tour", "run", "test", "bench", "fault", "matrix", "shell"];

/// The keys of a command line.
pub const KEYS: &[&str] = &[
    "lock", "probe", "object", "cpus", "writers", "quanta", "rounds", "seconds", "seed", "expect", "quantum",
    "qset", "heap", "machine", "accel", "cpu", "qemu", "memory", "timeout", "boot", "acpi", "mute-cpu",
    "columns",
];

/// Those of them that are for `qemu-run.sh` alone.
const HOST_KEYS: &[&str] = &["cpu", "qemu", "memory", "timeout", "acpi"];

/// Those of them that make the machine and not the experiment: when it runs they cannot be chosen any more.
pub const MACHINE_KEYS: &[&str] = &[
    "cpus", "heap", "machine", "accel", "cpu", "qemu", "memory", "timeout", "boot", "acpi", "mute-cpu",
    "columns",
];

impl Settings {
    /// Reads a kernel command line: `run scull-leak lock=none probe="script=A.slot.load B.slot.load"`. Double quotes keep
    /// spaces. Without a command it is the tour.
    pub fn parse(line: &str) -> Result<Settings, Usage> {
        within_length(line.as_bytes())?;
        let mut settings = Settings::default();
        let mut positional = Vec::new();
        for word in split(line)? {
            match word.split_once('=') {
                Some((key, value)) => settings.set(key, value)?,
                None => positional.push(word),
            }
        }
        settings.command = command(&positional)?;
        Ok(settings)
    }

    /// Refuses what the command has no use for: the tour and the matrix make some choices themselves.
    pub fn check(&self) -> Result<(), Usage> {
        let chosen = [
            ("lock", self.lock.is_some()),
            ("probe", self.probe.is_some()),
            ("object", self.object.is_some()),
            ("expect", self.expect.is_some()),
            ("writers", self.writers.is_some()),
            ("quanta", self.quanta.is_some()),
            ("rounds", self.rounds.is_some()),
            ("seconds", self.seconds.is_some()),
        ];
        // The tour is the same with more or less work.
        let (who, count) = match self.command {
            Command::Tour => ("tour", 4),
            Command::Matrix(_) => ("matrix", chosen.len()),
            Command::Shell => ("shell", chosen.len()),
            _ => return Ok(()),
        };
        match chosen[..count].iter().find(|(_, given)| *given) {
            Some((key, _)) if who == "shell" => Err(Usage::new(format!(
                "{key}= is for run; at the shell's prompt, say: run EXPERIMENT {key}=..."
            ))),
            Some((key, _)) => Err(Usage::new(format!("{key}= is for run; the {who} chooses it itself"))),
            None => Ok(()),
        }
    }

    /// How a device is divided that is made for a run.
    pub fn geometry(&self) -> Geometry {
        Geometry { quantum: self.quantum as usize, qset: self.qset as usize }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), Usage> {
        match key {
            "lock" => self.lock = Some(value.parse()?),
            "probe" => self.probe = Some(value.parse()?),
            "object" => self.object = Some(value.parse()?),
            "cpus" => self.cpus = Some(number(key, value, 1, MAX_CPUS.into())? as u32),
            "writers" => self.writers = Some(number(key, value, 1, MAX_WRITERS.into())? as u32),
            "quanta" => self.quanta = Some(number(key, value, 1, 10_000_000)? as u32),
            "rounds" => self.rounds = Some(number(key, value, 1, 1_000_000)? as u32),
            "seconds" => self.seconds = Some(number(key, value, 1, 86_400)? as u32),
            "seed" => self.seed = number(key, value, 0, u64::MAX)?,
            "expect" => self.expect = Some(value.parse()?),
            // 0 and absurd sizes are let through: the device itself refuses them, as its users would see.
            "quantum" => self.quantum = bytes(key, value, 0, u64::MAX)?,
            "qset" => self.qset = bytes(key, value, 0, u64::MAX)?,
            "heap" => self.heap = Some(bytes(key, value, *HEAP_BYTES.start(), *HEAP_BYTES.end())?),
            "machine" => self.machine = value.to_string(),
            "accel" => self.accel = value.to_string(),
            "boot" => self.boot = Some(value.to_string()),
            "mute-cpu" => self.mute_cpu = Some(number(key, value, 1, u64::from(MAX_CPUS) - 1)? as u32),
            "input" => self.input = value.parse()?,
            "columns" => self.columns = Some(number(key, value, 1, 10_000)? as u32),
            _ => match HOST_KEYS.iter().find(|host| **host == key) {
                Some(key) => self.host.push((key, value.to_string())),
                None => return Err(Usage::unknown("key", key, KEYS)),
            },
        }
        Ok(())
    }
}

/// The word behind `test` that has allocations fail; for the lab it is an option.
pub const FAIL_ALLOCATIONS: &str = "fail-allocations";

fn command(words: &[String]) -> Result<Command, Usage> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["tour"] => Ok(Command::Tour),
        ["run", name] => Ok(Command::Run(name.to_string())),
        ["run"] => Err(Usage::new("run needs the name of an experiment: see list")),
        ["test"] => Ok(Command::Test(None)),
        ["test", FAIL_ALLOCATIONS] => Ok(Command::FailAllocations(None)),
        ["test", FAIL_ALLOCATIONS, filter] => Ok(Command::FailAllocations(Some(filter.to_string()))),
        ["test", filter] => Ok(Command::Test(Some(filter.to_string()))),
        ["bench"] => Ok(Command::Bench),
        ["fault", fault] => Ok(Command::Fault(fault.parse()?)),
        ["fault"] => Err(Usage::new(format!("fault needs a kind: {}", Fault::WORDS.join(", ")))),
        ["matrix"] => Ok(Command::Matrix(None)),
        ["matrix", name] => Ok(Command::Matrix(Some(name.to_string()))),
        ["shell"] => Ok(Command::Shell),
        ["tour" | "bench" | "shell", extra, ..]
        | ["test", FAIL_ALLOCATIONS, _, extra, ..]
        | ["run" | "test" | "fault" | "matrix", _, extra, ..] => {
            Err(Usage::new(format!("unexpected word '{extra}'; options are written key=value")))
        }
        [word, ..] => Err(Usage::unknown("command", word, COMMANDS)),
    }
}

/// Splits at spaces that are not within double quotes; the quotes are dropped.
fn split(line: &str) -> Result<Vec<String>, Usage> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_ascii_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(core::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if quoted {
        return Err(Usage::new("the command line has an opening quote without a closing one"));
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}
