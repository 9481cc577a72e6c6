//! The keys of a terminal, and how fast it is.

use std::time::Duration;

use tests::ensure::{Answer, same};

use crate::terminal::Terminal;

/// Tab completes commands, modules, parameters and files.
pub(crate) fn completion(terminal: &mut Terminal) -> Answer {
    terminal.edited("ins\tscu\tlock=no\t", "insmod scull lock=none ")?;
    terminal.edited("echo seen > /dev/scu\t0", "echo seen > /dev/scull0")?;
    terminal.says("cat /dev/scull0", "seen\n")
}

/// The arrows bring back what was typed, and it can be changed.
pub(crate) fn history(terminal: &mut Terminal) -> Answer {
    terminal.says("echo one", "one\n")?;
    terminal.says("echo two", "two\n")?;
    same("the answer", terminal.edited("\x1b[A\x1b[A more", " more")?.as_str(), "one more\n")?;
    terminal.says("history | head -3", "    1  echo one\n    2  echo two\n    3  echo one more\n")
}

/// What the terminal does not take at once is not lost.
pub(crate) fn slow_terminal(terminal: &mut Terminal) -> Answer {
    const TIMES: usize = 12;
    let once = terminal.line("help")?;
    let line = ["help"; TIMES].join(";");
    terminal.begin(&line, &line)?;
    // For a user that stops reading for a moment; the terminal has room for a part of one of them.
    std::thread::sleep(Duration::from_millis(1500));
    let all = terminal.rest()?;
    same("what is shown", all == once.repeat(TIMES), true)
}
