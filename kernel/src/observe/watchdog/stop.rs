//! Why an experiment was stopped.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;

use kcore::event::{Actor, LockName};
use kcore::holds::Taken;
use kcore::machine::{Context, TaskId};
use kcore::report;
use kcore::settings::Verdict;
use kcore::wait_for::{At, Finding, List, label};

use super::oops::Oops;
use super::witness::Witness;
use crate::arch::percpu;
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
    /// Tasks wait for what they will never get.
    Waits(Finding),
    /// Tasks sleep, for no lock, and nobody is left to wake them.
    Asleep(List<TaskId, SLEEPERS>),
    /// Tasks have their CPUs, and nothing gets done.
    Busy(List<TaskId, SLEEPERS>),
    /// A task was about to sleep where nobody may.
    Slept(Slept),
    /// A task died.
    Died(Oops),
}

/// A sleep where nobody may.
#[derive(Clone, Copy, Debug)]
pub struct Slept {
    /// Who.
    pub actor: Actor,
    /// On which CPU.
    pub cpu: u32,
    /// Where.
    pub at: &'static Location<'static>,
    /// The lock that forbids it.
    pub holding: Option<Taken>,
    /// Whether interrupts were off.
    pub interrupts_off: bool,
}

impl Cause {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Cause::Waits(finding) => finding.verdict,
            Cause::Asleep(_) => Verdict::Stuck,
            Cause::Busy(_) => Verdict::Livelock,
            Cause::Slept(_) => Verdict::InvalidContext,
            Cause::Died(_) => Verdict::Oops,
        }
    }

    /// The records for the wire. `name` knows the tasks, which have ended by now.
    pub fn records(&self, name: &dyn Fn(TaskId) -> Name) -> Vec<report::Wait> {
        match self {
            Cause::Waits(finding) => finding.records(name),
            Cause::Asleep(tasks) => tasks.iter().map(|task| waits("a wake-up", &name(*task))).collect(),
            Cause::Busy(tasks) => tasks.iter().map(|task| waits("nothing", &name(*task))).collect(),
            Cause::Slept(slept) => vec![slept.record(&name(slept.actor.task))],
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

    /// What is wrong, in a line and one more for each who is in it. `name` knows the tasks, which have ended by now.
    pub fn display<'a>(&'a self, name: &'a dyn Fn(TaskId) -> Name) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| match self {
            Cause::Waits(finding) => write!(f, "{}", finding.display(name)),
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
            Cause::Slept(slept) => slept.say(&name(slept.actor.task), f),
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

impl Slept {
    pub(super) fn here(actor: Actor, at: &'static Location<'static>, interrupts_off: bool) -> Self {
        Slept { actor, cpu: percpu::this_cpu(), at, holding: None, interrupts_off }
    }

    fn record(&self, name: &str) -> report::Wait {
        report::Wait {
            waiter: label(self.actor, |_| name),
            cpu: self.cpu,
            lock: self.holding.map_or("a wake-up", |lock| lock.name).into(),
            at: report::place(self.at),
            holder: None,
            held_since: self.holding.map(|lock| report::place(lock.at)),
            in_cycle: false,
        }
    }
}

impl Slept {
    fn say(&self, who: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "invalid context: {who} (CPU {}) is about to sleep{}",
            self.cpu,
            At(" at ", Some(self.at))
        )?;
        match (self.actor.context, self.holding) {
            (Context::Hardirq, _) => write!(f, "\n  in an interrupt handler on top of it"),
            (Context::Softirq, _) => write!(f, "\n  in a softirq on top of it"),
            (Context::Task, Some(lock)) => {
                write!(f, "\n  with {} held{}", lock.name, At(" since ", Some(lock.at)))
            }
            (Context::Task, None) if self.interrupts_off => write!(f, "\n  with interrupts off"),
            (Context::Task, None) => write!(f, "\n  with preemption off"),
        }
    }
}
