//! A terminal with a shell in it.

use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{Eof, Expect, Needle, Regex};
use kcore::settings::Config;
use lab::status::Failure;
use tests::case::kernel;
use tests::ensure::{Answer, same};
use tests::program::cargo_run;

/// Seconds that the machine may take, of its own: a prompt that never comes is waited for no longer. It takes
/// some.
const LIMIT: &str = "120";
/// What the shell asks with.
const PROMPT: &str = "scullery# ";

/// How the shell asks the terminal for its width, at each prompt. This terminal shows no such thing.
const WIDTH: &str = "\x1b7\x1b[999C\x1b[6n\x1b8";

/// Whatever was shown.
const EVERYTHING: &str = "(?s).+";

/// A terminal on which `cargo run -- shell` runs. Dropped before its end, the machine is killed.
pub(crate) struct Terminal {
    session: OsSession,
    /// All that it has shown.
    shown: String,
    /// Where in that the answer to the latest line begins.
    answer: usize,
}

/// Boots a machine, does what is done `at` its terminal, and types `exit`: the program must end with
/// `status`.
pub(crate) fn with(exit: &str, status: i32, at: impl Fn(&mut Terminal) -> Answer) -> Answer {
    let mut terminal = Terminal::boot()?;
    let done = at(&mut terminal).and_then(|()| terminal.end(exit, status));
    done.map_err(|why| format!("{why}\n--- the terminal\n{}", terminal.shown))
}

impl Terminal {
    fn boot() -> Result<Self, String> {
        // Built here, so that a test does not wait for that.
        kernel(Config::Full).map_err(told)?;
        let mut command = cargo_run()?;
        command.args(["shell", "--timeout", LIMIT]);
        let mut session = OsSession::spawn(command).map_err(|error| format!("no terminal: {error}"))?;
        session.set_expect_timeout(None);
        let mut terminal = Terminal { session, shown: String::new(), answer: 0 };
        terminal.wait_for(PROMPT).map_err(|why| format!("{why}\n{}", terminal.shown))?;
        Ok(terminal)
    }

    /// Types a line and waits for the next prompt; what was shown between the two.
    pub(crate) fn line(&mut self, line: &str) -> Result<String, String> {
        self.edited(line, line)
    }

    /// The same for keys that make the line `line`.
    pub(crate) fn edited(&mut self, keys: &str, line: &str) -> Result<String, String> {
        self.begin(keys, line)?;
        self.rest()
    }

    /// Types the keys that make the line `line`, and waits no longer than it takes to show it.
    pub(crate) fn begin(&mut self, keys: &str, line: &str) -> Answer {
        self.keys(&format!("{keys}\r"))?;
        // What is shown while it is typed stands before it: then it is shown again, below that.
        self.wait_for(&format!("{line}\n"))?;
        self.answer = self.shown.len();
        Ok(())
    }

    /// Waits for the next prompt; what was shown since the latest line.
    pub(crate) fn rest(&mut self) -> Result<String, String> {
        self.wait_for(PROMPT)?;
        Ok(self.shown[self.answer..].trim_end_matches(PROMPT).to_string())
    }

    /// Types keys.
    pub(crate) fn keys(&mut self, keys: &str) -> Answer {
        self.session.send(keys).map_err(|error| format!("{keys:?} cannot be typed: {error}"))
    }

    /// Waits until `text` is shown, if it was not since the latest line was typed.
    pub(crate) fn until(&mut self, text: &str) -> Answer {
        if self.shown[self.answer..].contains(text) { Ok(()) } else { self.wait_for(text) }
    }

    /// Types a line again and again until its answer is as `is_so` wants it, or the machine's time is over;
    /// that answer.
    pub(crate) fn ask(&mut self, line: &str, is_so: impl Fn(&str) -> bool) -> Result<String, String> {
        loop {
            let answer = self.line(line)?;
            if is_so(&answer) {
                return Ok(answer);
            }
        }
    }

    /// Types a line, whose answer must be `answer`.
    pub(crate) fn says(&mut self, line: &str, answer: &str) -> Answer {
        let is = self.line(line)?;
        same(line, is.as_str(), answer)
    }

    /// Types lines that have nothing to say.
    pub(crate) fn lines(&mut self, lines: &[&str]) -> Answer {
        lines.iter().try_for_each(|line| self.says(line, ""))
    }

    /// All that was shown up to now.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    fn end(&mut self, exit: &str, status: i32) -> Answer {
        self.begin(exit, exit)?;
        self.take(Eof).map_err(|error| format!("it does not end: {error}"))?;
        let ended = self.session.get_process().wait().map_err(|error| error.to_string())?;
        match ended {
            WaitStatus::Exited(_, code) => same("the exit status", code, status),
            other => Err(format!("the program ended otherwise: {other:?}")),
        }
    }

    fn wait_for(&mut self, text: &str) -> Answer {
        // A terminal goes to the next line in two steps.
        let text = text.replace('\n', "\r\n");
        self.take(text.as_str()).map_err(|error| format!("{text:?} was waited for: {error}"))
    }

    /// Waits until `needle` is shown; all up to it has been shown then.
    fn take(&mut self, needle: impl Needle) -> Result<(), expectrl::Error> {
        let found = self.session.expect(needle);
        let shown = match &found {
            // It was not what was waited for, but tells the reader why.
            Err(_) => self.session.check(Regex(EVERYTHING)).ok(),
            _ => None,
        };
        for bytes in found.iter().chain(&shown).map(expectrl::Captures::as_bytes) {
            self.shown.push_str(&String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace(WIDTH, ""));
        }
        found.map(drop)
    }
}

fn told(failure: Failure) -> String {
    failure.message
}
