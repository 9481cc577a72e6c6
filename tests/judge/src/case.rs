//! A kernel with a command line, and what must come of it.

use std::path::PathBuf;
use std::sync::{Once, OnceLock};

use kcore::report::{Boot, Record, Run, Step, Wait};
use kcore::settings::Config;
use lab::build::{self, Executable};
use lab::image;
use lab::machine::Machine;
use lab::profile::Profile;
use lab::session::Outcome;
use lab::status::{Failure, Status};
use libtest_mimic::{Completion, Failed, Trial};

use crate::ensure::{self, Answer, same};

type Check = Box<dyn Fn(&Outcome) -> Answer + Send>;

/// The kernel built as `config`, once for all cases.
pub fn kernel(config: Config) -> Result<PathBuf, Failure> {
    executable(Executable::Kernel, config)
}

/// The same of one of the executables.
pub fn executable(which: Executable, config: Config) -> Result<PathBuf, Failure> {
    static BUILT: [[OnceLock<Result<PathBuf, Failure>>; Config::ALL.len()]; 2] =
        [const { [const { OnceLock::new() }; Config::ALL.len()] }; 2];
    let built = &BUILT[which as usize][config as usize];
    built.get_or_init(|| build::kernel(which, config, Some(Profile::Release))).clone()
}

/// One machine: its words, and the demands on what comes of it. A builder.
///
/// Always demanded: the exit status (as expected, unless another is named), a greeting on COM1, and a report
/// that does not contradict itself. The time limit is that of `qemu-run.sh` unless `timeout=` is among the
/// words; a machine that exceeds it ends with [`Status::TimeLimit`].
pub struct Case {
    name: String,
    machine: Vec<String>,
    door: Option<&'static str>,
    config: Config,
    symbols: bool,
    status: Status,
    checks: Vec<Check>,
}

impl Case {
    /// A test called `name` of a machine with the command line `words`, which are parted by spaces.
    pub fn new(name: impl Into<String>, words: impl AsRef<str>) -> Self {
        let machine = words.as_ref().split_whitespace().map(str::to_string).collect();
        let (door, config, status) = (None, Config::Full, Status::Expected);
        Case { name: name.into(), machine, door, config, symbols: true, status, checks: Vec::new() }
    }

    /// Boots the kernel that is built as `config`.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Boots a kernel without symbols of its own, also where the lab would hand it some.
    pub fn without_symbols(mut self) -> Self {
        self.symbols = false;
        self
    }

    /// Adds one word as it is, with the spaces that it may contain.
    pub fn word(mut self, word: impl Into<String>) -> Self {
        self.machine.push(word.into());
        self
    }

    /// Boots the disk image of `door` (`bios` or `uefi`) that `cargo run -- image` has made. Where there is
    /// none that is as new as the kernel, the test is ignored.
    pub fn disk(mut self, door: &'static str) -> Self {
        self.door = Some(door);
        self.word(format!("boot={door}"))
    }

    /// How it must end.
    pub fn ends(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// COM1 must say `part`.
    pub fn says(self, part: impl Into<String>) -> Self {
        let part = part.into();
        self.check(move |outcome| ensure::contains(&outcome.com1, &part))
    }

    /// COM1 must not say `part`.
    pub fn never_says(self, part: impl Into<String>) -> Self {
        let part = part.into();
        self.check(move |outcome| ensure::lacks(&outcome.com1, &part))
    }

    /// There must be exactly one run, and `check` must hold for it.
    pub fn run(self, check: impl Fn(&Run) -> Answer + Send + 'static) -> Self {
        self.check(move |outcome| {
            same("the number of runs", outcome.report.runs().count(), 1)?;
            outcome.report.runs().try_for_each(&check)
        })
    }

    /// `check` must hold for what the machine reports of its boot.
    pub fn boot(self, check: impl Fn(&Boot) -> Answer + Send + 'static) -> Self {
        self.check(move |outcome| match outcome.report.records().next() {
            Some(Record::Boot(boot)) => check(boot),
            other => Err(format!("the first record is that of the boot, not {other:?}")),
        })
    }

    /// `check` must hold for all that is left of the machine.
    pub fn check(mut self, check: impl Fn(&Outcome) -> Answer + Send + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// The test.
    pub fn trial(self) -> Trial {
        Trial::ignorable_test(self.name.clone(), move || {
            if let Some(why) = self.no_image()? {
                return Ok(Completion::ignored_with(why));
            }
            self.holds().map(|()| Completion::Completed)
        })
    }

    /// The test of so many machines, one after the other. It is left out unless it is asked for (`--ignored`).
    pub fn often(self, machines: usize) -> Trial {
        Trial::test(self.name.clone(), move || {
            let failed: Vec<Failed> = (0..machines).filter_map(|_| self.holds().err()).collect();
            match failed.first().map(|first| first.message().unwrap_or_default()) {
                None => Ok(()),
                Some(first) => Err(format!("{} of {machines} do not hold: {first}", failed.len()).into()),
            }
        })
        .with_ignored_flag(true)
    }

    fn holds(&self) -> Result<(), Failed> {
        let outcome = self.boot_it()?;
        let answer = self.judge(&outcome);
        answer.map_err(|why| format!("{why}\nwords: {:?}\n{outcome}", self.machine).into())
    }

    /// Boots the machine and waits for its end.
    pub fn boot_it(&self) -> Result<Outcome, Failure> {
        let machine = Machine::new(self.kernel()?).symbols(self.symbols);
        let machine = self.machine.iter().fold(machine, Machine::word);
        match self.door {
            Some(door) => machine.image(&image::find(None, door, &self.kernel()?)?).run(),
            None => machine.run(),
        }
    }

    fn kernel(&self) -> Result<PathBuf, Failure> {
        let which = if self.door.is_some() { Executable::Cases } else { Executable::of(&self.machine) };
        executable(which, self.config)
    }

    /// Why there is no image to boot, if it needs one.
    fn no_image(&self) -> Result<Option<Failure>, Failure> {
        static TOLD: Once = Once::new();
        let Some(door) = self.door else { return Ok(None) };
        let missing = image::find(None, door, &self.kernel()?).err();
        if missing.is_some() {
            TOLD.call_once(|| eprintln!("disk doors: no images: make them with cargo run -- image"));
        }
        Ok(missing)
    }

    fn judge(&self, outcome: &Outcome) -> Answer {
        same("the exit status", outcome.status, self.status)?;
        same("what contradicts itself in the report", &outcome.report.problems, &Vec::new())?;
        ensure::holds("the machine greets", outcome.com1.starts_with("Scullery "))?;
        self.checks.iter().try_for_each(|check| check(outcome))
    }
}

/// The steps of a script that could not happen, as the report tells them to people.
pub fn steps(outcome: &Outcome) -> Vec<String> {
    let step = |record: &Record| match record {
        Record::Step(step) => Some(Step::to_string(step)),
        _ => None,
    };
    outcome.report.records().filter_map(step).collect()
}

/// The edges of the wait-for graph that were reported.
pub fn waits(outcome: &Outcome) -> Vec<&Wait> {
    let records = outcome.report.records();
    records.filter_map(|record| if let Record::Wait(wait) = record { Some(wait) } else { None }).collect()
}
