//! What is typed behind the name of a driver to have it explored so.

use alloc::vec::Vec;
use core::fmt;

use kcore::explore::Schedule;
use kcore::settings::quoted;

use super::Fault;

/// What is typed behind the name of a driver to have it explored so.
pub(in crate::shell) struct Asked<'a> {
    pub(in crate::shell) setup: Option<&'a str>,
    pub(in crate::shell) tasks: Vec<&'a str>,
    pub(in crate::shell) after: Option<&'a str>,
    pub(in crate::shell) check: Option<&'a str>,
    pub(in crate::shell) fault: Option<Fault>,
    pub(in crate::shell) keeps_open: bool,
    pub(in crate::shell) is_atomic: bool,
    /// All orders, if this is empty.
    pub(in crate::shell) schedule: &'a Schedule,
}

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setup = self.setup.map(|line| ("setup", line));
        let tasks = self.tasks.iter().map(|line| ("task", *line));
        let rest = [("after", self.after), ("check", self.check)];
        let rest = rest.into_iter().filter_map(|(key, line)| Some((key, line?)));
        for (key, line) in setup.into_iter().chain(tasks).chain(rest) {
            write!(f, " --{key} {}", quoted(line))?;
        }
        self.fault.map_or(Ok(()), |fault| write!(f, " --fail {fault}"))?;
        f.write_str(if self.keeps_open { " --keep-open" } else { "" })?;
        f.write_str(if self.is_atomic { " --atomic" } else { "" })?;
        if *self.schedule == Schedule::default() {
            Ok(())
        } else {
            write!(f, " --schedule {}", self.schedule)
        }
    }
}
