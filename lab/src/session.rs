//! A machine that runs, and what is left of it.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use rustix::process::Pid;

use crate::machine::Script;
use crate::report::Report;
use crate::signals::{self, Running};
use crate::status::{Failure, Status};

/// A booted machine. Dropping it before [`finish`](Session::finish) ends it, and QEMU with it.
#[derive(Debug)]
pub struct Session {
    child: Child,
    /// Until the child is gone.
    running: Option<Running>,
    com1: BufReader<ChildStdout>,
    com2: File,
    stderr: Option<File>,
    started: Instant,
    first_line: Option<Duration>,
    text: String,
    /// Whether there is firmware that writes to both serial lines before the kernel does, and clears the
    /// screen.
    talkative: bool,
}

/// How the kernel's first line on COM1 begins, and its first record on COM2.
const BANNER: &str = "Scullery ";
const RECORD: &str = "{\"type\":";

impl Session {
    /// Runs the script; its stderr goes to the file, or else to ours.
    pub(crate) fn start(script: Script, stderr: Option<File>) -> Result<Self, Failure> {
        let Script { mut command, kernel, words } = script;
        let talkative = words.iter().any(|word| word == "boot=uefi");
        // A file without a name, which none has to remove, whatever ends this program.
        let com2 = tempfile::tempfile().map_err(no_file)?;
        let handed = handed_down(&com2).map_err(|error| no_file(error.into()))?;
        command.arg("--json").arg(format!("/dev/fd/{}", handed.as_raw_fd()));
        command.arg(kernel).args(words).stdout(Stdio::piped());
        if let Some(file) = &stderr {
            command.stderr(file.try_clone().map_err(no_file)?);
        }
        let started = Instant::now();
        let mut child = command
            .spawn()
            .map_err(|error| Failure::dead(format!("qemu-run.sh could not be started: {error}")))?;
        let running = Some(Running::new(&child));
        let com1 = BufReader::new(child.stdout.take().expect("stdout is a pipe, as asked for above"));
        Ok(Session {
            child,
            running,
            com1,
            com2,
            stderr,
            started,
            first_line: None,
            text: String::new(),
            talkative,
        })
    }

    /// The next line of COM1, without its end; waits for it. `None` when the machine is gone.
    /// What firmware says before the kernel is left out.
    pub fn line(&mut self) -> Option<String> {
        let mut line = self.any_line()?;
        while self.talkative && self.first_line.is_none() {
            match line.find(BANNER) {
                Some(at) => {
                    line.drain(..at);
                    break;
                }
                None => line = self.any_line()?,
            }
        }
        self.first_line.get_or_insert_with(|| self.started.elapsed());
        self.text.push_str(&line);
        self.text.push('\n');
        Some(line)
    }

    /// Waits until COM1 has more to say or has ended, or until `output` has no reader any more: whether it is
    /// that.
    pub fn outlasts(&self, output: &impl AsFd) -> bool {
        if !self.com1.buffer().is_empty() {
            return false;
        }
        let gone = PollFlags::ERR | PollFlags::HUP;
        let mut both =
            [PollFd::new(self.com1.get_ref(), PollFlags::IN), PollFd::new(output, PollFlags::empty())];
        // When that cannot be found out, the next line finds it out.
        poll(&mut both, None).is_ok() && both[1].revents().intersects(gone)
    }

    /// What COM1 says next, as it is; waits for it. [`None`] when the machine is gone.
    pub fn bytes(&mut self) -> Option<Vec<u8>> {
        let bytes = self.com1.fill_buf().unwrap_or(&[]).to_vec();
        if bytes.is_empty() {
            return None;
        }
        self.com1.consume(bytes.len());
        self.first_line.get_or_insert_with(|| self.started.elapsed());
        self.text.push_str(&String::from_utf8_lossy(&bytes));
        Some(bytes)
    }

    /// Since the start of the script.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The session types no more.
    pub fn hang_up(&mut self) {
        self.child.stdin = None;
    }

    /// Types `text` on the COM1 of a machine that was started with
    /// [`Machine::typed`](crate::machine::Machine::typed); of another one it is an error.
    pub fn type_in(&mut self, text: &str) -> Result<(), Failure> {
        let stdin = self.child.stdin.as_mut().ok_or_else(|| Failure::dead("nobody types on this machine"))?;
        let typed = stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush());
        typed.map_err(|error| Failure::dead(format!("the machine does not listen: {error}")))
    }

    fn any_line(&mut self) -> Option<String> {
        let mut bytes = Vec::new();
        // A pipe that cannot be read has ended, as far as we are concerned: the exit status tells why.
        let count = self.com1.read_until(b'\n', &mut bytes).unwrap_or(0);
        if count == 0 {
            return None;
        }
        Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_string())
    }

    /// Waits for the end and reads the report.
    pub fn finish(mut self) -> Result<Outcome, Failure> {
        let exit =
            self.child.wait().map_err(|error| Failure::dead(format!("qemu-run.sh is lost: {error}")))?;
        self.running = None;
        let elapsed = self.started.elapsed();
        let status = Status::from_code(exit.code());
        let mut stderr = String::new();
        if let Some(file) = &mut self.stderr {
            file.rewind().and_then(|()| file.read_to_string(&mut stderr)).map_err(no_file)?;
        }
        let mut json = Vec::new();
        self.com2.rewind().and_then(|()| self.com2.read_to_end(&mut json)).map_err(no_file)?;
        let json = String::from_utf8_lossy(&json);
        let begin = if self.talkative { json.find(RECORD).unwrap_or(json.len()) } else { 0 };
        let report = Report::read(&json[begin..], status);
        let com1 = std::mem::take(&mut self.text);
        Ok(Outcome { status, com1, stderr, report, elapsed, first_line: self.first_line })
    }
}

impl Drop for Session {
    /// The script is asked to end, which takes QEMU along wherever it is; killed, it could leave one behind
    /// that it has just started.
    fn drop(&mut self) {
        /// Longer than a script takes on any host. It kills its QEMU.
        const PATIENCE: Duration = Duration::from_secs(60);
        const PAUSE: Duration = Duration::from_millis(5);
        let asked = Instant::now();
        // Each of these fails when it is gone already, which is fine.
        signals::end(Pid::from_child(&self.child));
        while asked.elapsed() < PATIENCE && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.running = None;
    }
}

/// A descriptor of `file` that children inherit, out of the way of those that a script opens itself.
fn handed_down(file: &File) -> rustix::io::Result<OwnedFd> {
    const ABOVE: i32 = 10;
    let handed = fcntl_dupfd_cloexec(file, ABOVE)?;
    fcntl_setfd(&handed, FdFlags::empty())?;
    Ok(handed)
}

/// The sentence for a temporary file that cannot be had.
pub(crate) fn no_file(error: std::io::Error) -> Failure {
    Failure::dead(format!("a temporary file could not be used: {error}"))
}

/// What is left of a machine.
#[derive(Debug)]
pub struct Outcome {
    /// The exit status of `qemu-run.sh`. [`Outcome::verdict`] also takes the report into account.
    pub status: Status,
    /// All of COM1, with line ends `\n`.
    pub com1: String,
    /// What QEMU and its script said, if it was kept.
    pub stderr: String,
    /// What came over COM2.
    pub report: Report,
    /// From starting the script to its end.
    pub elapsed: Duration,
    /// From starting the script to the first line on COM1.
    pub first_line: Option<Duration>,
}

impl Outcome {
    /// The status, made worse if the report is broken: [`Status::Dead`] for a run that ended well without a
    /// summary, [`Status::Unexpected`] for one that contradicts itself.
    pub fn verdict(&self) -> Status {
        match self.status {
            Status::Expected if !self.report.is_complete() => Status::Dead,
            Status::Expected if !self.report.problems.is_empty() => Status::Unexpected,
            status => status,
        }
    }
}

impl fmt::Display for Outcome {
    /// Everything a failed assertion should show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "status {:?} after {:?}", self.status, self.elapsed)?;
        for problem in &self.report.problems {
            writeln!(f, "problem: {problem}")?;
        }
        for line in &self.report.lines {
            writeln!(f, "com2: {}", line.text)?;
        }
        write!(f, "--- com1\n{}--- stderr\n{}", self.com1, self.stderr)
    }
}
