//! Why an experiment was stopped.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use kcore::event::LockName;
use kcore::list::List;
use kcore::machine::TaskId;
use kcore::report;
use kcore::session::Finding;
use kcore::settings::Verdict;

use super::oops::Oops;
use super::witness::Witness;
use crate::task::Name;
use crate::task::listing::Listed;

/// Tasks asleep that are named.
const SLEEPERS: usize = 8;

/// What was found, kept until somebody reports it. Nothing here was allocated.
#[derive(Clone, Debug)]
pub struct Stop {
    /// What is wrong.
    pub cause: Cause,
    /// What the CPUs were doing.
    pub witnesses: List<Witness, SLEEPERS>,
    /// The tasks of the crew, and what each waits for.
    pub tasks: List<Seen, SLEEPERS>,
}

/// A task as the watchdog found it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// What it was doing.
    pub task: Listed,
    /// The lock that it waited for.
    pub lock: Option<LockName>,
}

/// What is wrong.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it must not be allocated")]
pub enum Cause {
    /// What the events have shown.
    Found(Finding),
    /// Tasks sleep, for no lock, and nobody is left to wake them.
    Asleep(List<TaskId, SLEEPERS>),
    /// Tasks have their CPUs, and nothing gets done.
    Busy(List<TaskId, SLEEPERS>),
    /// A task died.
    Died(Oops),
}

impl Cause {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Cause::Found(finding) => finding.verdict(),
            Cause::Asleep(_) => Verdict::Stuck,
            Cause::Busy(_) => Verdict::Livelock,
            Cause::Died(_) => Verdict::Oops,
        }
    }

    /// The records for the wire. `name` knows the tasks, which have ended by now.
    pub fn records(&self, name: &dyn Fn(TaskId) -> Name) -> Vec<report::Wait> {
        match self {
            Cause::Found(finding) => finding.records(name),
            Cause::Asleep(tasks) => tasks.iter().map(|task| waits("a wake-up", &name(*task))).collect(),
            Cause::Busy(tasks) => tasks.iter().map(|task| waits("nothing", &name(*task))).collect(),
            // It waits for nothing: it has a record of its own.
            Cause::Died(_) => Vec::new(),
        }
    }

    /// The record of a task that died.
    pub fn oops(&self, name: &dyn Fn(TaskId) -> Name) -> Option<report::Oops> {
        match self {
            Cause::Died(oops) => Some(oops.record(&name(oops.task))),
            _ => None,
        }
    }

    /// What is wrong, in a line and one more for each who is in it. `name` knows the tasks, which have ended
    /// by now.
    pub fn display<'a>(&'a self, name: &'a dyn Fn(TaskId) -> Name) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| match self {
            Cause::Found(finding) => write!(f, "{}", finding.display(name)),
            Cause::Asleep(tasks) => {
                let count = tasks.len() + tasks.dropped();
                let (noun, verb) = if count == 1 { ("task", "sleeps") } else { ("tasks", "sleep") };
                write!(f, "stuck: {count} {noun} {verb}, and nobody is left to wake them")?;
                tasks.iter().try_for_each(|task| write!(f, "\n  {} sleeps", name(*task)))
            }
            Cause::Busy(tasks) => {
                let count = tasks.len() + tasks.dropped();
                let (noun, verb) = if count == 1 { ("task", "is") } else { ("tasks", "are") };
                write!(f, "livelock: {count} {noun} {verb} busy, and for seconds nothing gets done")?;
                tasks.iter().try_for_each(|task| write!(f, "\n  {} runs", name(*task)))
            }
            Cause::Died(oops) => oops.say(&name(oops.task), f),
        })
    }
}

/// A task that waits for no lock.
fn waits(what: &str, name: &str) -> report::Wait {
    report::Wait {
        waiter: name.into(),
        cpu: 0,
        lock: what.into(),
        at: String::new(),
        holder: None,
        held_since: None,
        in_cycle: false,
    }
}
