//! A machine that can be booted: a kernel, the words of its command line, and how it is watched.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::session::{Outcome, Session};
use crate::status::Failure;
use crate::symbols;
use crate::workspace;

/// What `qemu-run.sh` is told. A builder: every method but [`start`](Machine::start) and
/// [`run`](Machine::run) adds to it.
///
/// ```no_run
/// use kcore::settings::Config;
/// use lab::{build::{self, Executable}, machine::Machine, status::Status};
/// let outcome = Machine::new(build::kernel(Executable::Kernel, Config::Full, None)?).command("run scull-leak lock=none cpus=2").run()?;
/// assert_eq!(outcome.status, Status::Expected, "{outcome}");
/// # Ok::<(), lab::status::Failure>(())
/// ```
#[derive(Clone, Debug)]
pub struct Machine {
    kernel: PathBuf,
    words: Vec<String>,
    options: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Input,
    symbols: bool,
}

/// The commands whose kernel names its own functions and lines. To hand it a table of them costs a millisecond or
/// two of the start, and of what the others print the lab names the addresses.
const WITH_SYMBOLS: [&str; 2] = ["shell", "test"];

/// What types on COM1.
#[derive(Clone, Copy, Debug)]
enum Input {
    Nobody,
    /// The user that types on our stdin.
    Ours,
    /// The session's owner.
    Session,
}

impl Machine {
    /// A machine that boots `kernel`, an ELF.
    pub fn new(kernel: impl Into<PathBuf>) -> Self {
        Machine {
            kernel: kernel.into(),
            words: Vec::new(),
            options: Vec::new(),
            environment: Vec::new(),
            input: Input::Nobody,
            symbols: true,
        }
    }

    /// Adds one word of the kernel's command line: `run`, `lock=none`, `probe=script=A.slot.load
    /// B.slot.load`.
    pub fn word(mut self, word: impl Into<String>) -> Self {
        self.words.push(word.into());
        self
    }

    /// Adds every word of `line`, which are parted by spaces.
    pub fn command(mut self, line: &str) -> Self {
        self.words.extend(line.split_whitespace().map(str::to_string));
        self
    }

    /// The disk image to boot when `boot=bios` or `boot=uefi` is among the words.
    pub fn image(self, image: &Path) -> Self {
        self.option("--image").option(image)
    }

    /// What the shell is to do instead of asking.
    pub fn script(self, script: &Path) -> Self {
        self.option("--script").option(script)
    }

    /// What the script is called, and its arguments, with a zero after each, are in this file.
    pub fn arguments(self, arguments: &Path) -> Self {
        self.option("--arguments").option(arguments)
    }

    /// What the shell shows at `/mnt`: a bundle of files.
    pub fn mount(self, bundle: &Path) -> Self {
        self.option("--mount").option(bundle)
    }

    /// Whether a kernel that uses them is handed its own symbols, as it is unless told otherwise.
    pub fn symbols(mut self, on: bool) -> Self {
        self.symbols = on;
        self
    }

    /// Prints QEMU's command line on stderr.
    pub fn verbose(self, on: bool) -> Self {
        if on { self.option("--verbose") } else { self }
    }

    /// Waits for gdb before the first instruction.
    pub fn gdb(self, on: bool) -> Self {
        if on { self.option("--gdb") } else { self }
    }

    /// Connects our stdin to COM1; otherwise nothing is ever typed there.
    pub fn input(mut self, on: bool) -> Self {
        self.input = if on { Input::Ours } else { Input::Nobody };
        self
    }

    /// Connects COM1 to the session: see [`Session::type_in`].
    pub fn typed(mut self) -> Self {
        self.input = Input::Session;
        self
    }

    /// Sets a variable of the script's environment: a `PATH` with another QEMU, say.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    fn option(mut self, option: impl Into<OsString>) -> Self {
        self.options.push(option.into());
        self
    }

    /// The ELF.
    pub fn kernel(&self) -> &Path {
        &self.kernel
    }

    /// Boots it. What QEMU and its script have to say goes to our stderr.
    pub fn start(&self) -> Result<Session, Failure> {
        Session::start(self.qemu_run()?, None)
    }

    /// Boots it, waits for its end, and keeps all it said.
    pub fn run(&self) -> Result<Outcome, Failure> {
        self.run_and(|_| {})
    }

    /// [`run`](Machine::run), with a word to `heard` of each line on COM1 as it comes.
    pub fn run_and(&self, heard: impl Fn(&str)) -> Result<Outcome, Failure> {
        let stderr = tempfile::tempfile().map_err(crate::session::no_file)?;
        let mut session = Session::start(self.qemu_run()?, Some(stderr))?;
        while let Some(line) = session.line() {
            heard(&line);
        }
        session.finish()
    }

    /// `qemu-run.sh` with all its words but `--json`, which is the session's own.
    fn qemu_run(&self) -> Result<Script, Failure> {
        let mut command = Command::new(workspace::root()?.join(workspace::QEMU_RUN));
        command.arg("--tied").args(&self.options);
        let is_handed =
            self.symbols && self.words.first().is_some_and(|word| WITH_SYMBOLS.contains(&word.as_str()));
        if let Some(table) = is_handed.then(|| symbols::table(&self.kernel)).flatten() {
            command.arg("--symbols").arg(table);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(match self.input {
            Input::Nobody => Stdio::null(),
            Input::Ours => Stdio::inherit(),
            Input::Session => Stdio::piped(),
        });
        Ok(Script { command, kernel: self.kernel.clone(), words: self.words.clone() })
    }
}

/// A command line of `qemu-run.sh` that still lacks its `--json`.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) command: Command,
    pub(crate) kernel: PathBuf,
    pub(crate) words: Vec<String>,
}
