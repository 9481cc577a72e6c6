//! What a driver says to the kernel's log (LDD3 ch. 4, "Debugging by Printing").

use alloc::boxed::Box;
use core::fmt;

use crate::machine::TaskId;

/// What a driver does for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The task goes to sleep.
    Sleeps,
    /// The task wakes the sleepers.
    Awakens,
    /// The task has slept and was woken.
    Awoken,
    /// It has opened the device of this name.
    Opened(&'static str),
    /// It has emptied that of this name, which had so many bytes.
    Trimmed(&'static str, usize),
}

impl Said {
    /// The line in the log for `task`, which runs the program `comm`.
    pub fn line<'a>(self, task: TaskId, comm: &'a str) -> impl fmt::Display + use<'a> {
        Line { said: self, task, comm }
    }
}

struct Line<'a> {
    said: Said,
    task: TaskId,
    comm: &'a str,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (task, comm) = (self.task.0, self.comm);
        match self.said {
            Said::Sleeps => write!(f, "process {task} ({comm}) going to sleep"),
            Said::Awakens => write!(f, "process {task} ({comm}) awakening the readers..."),
            Said::Awoken => write!(f, "awoken {task} ({comm})"),
            Said::Opened(name) => write!(f, "{name}: opened by process {task} ({comm})"),
            Said::Trimmed(name, size) => write!(f, "{name}: {size} bytes trimmed by process {task} ({comm})"),
        }
    }
}

/// Where a driver says it: called by the task that it is about, which holds no lock. It is given to the
/// driver when the driver is made, as a driver knows neither a log nor the names of programs.
pub type Printk = Box<dyn Fn(Said, TaskId) + Send + Sync>;
