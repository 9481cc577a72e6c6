//! What is wrong.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::events::Standing;
use crate::event::{Actor, Event};
use crate::holds::Taken;
use crate::machine::{Context, CpuId, TaskId};
use crate::place::Place;
use crate::report;
use crate::settings::Verdict;
use crate::sync::PREEMPTION_OFF;
use crate::wait_for::{self, At, label};

/// What the events of a run have shown. It is made without allocating, and is put into words later.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it must not be allocated")]
pub enum Finding {
    /// Actors wait for what they will never get.
    Waits(wait_for::Finding),
    /// One was about to sleep where none may.
    Slept(Slept),
}

/// A sleep where none may be.
#[derive(Clone, Copy, Debug)]
pub struct Slept {
    /// Who was about to.
    pub actor: Actor,
    /// On which CPU.
    pub cpu: CpuId,
    /// Where.
    pub at: Place,
    /// The lock that forbids it.
    pub holding: Option<Taken>,
    /// Whether interrupts were off.
    pub interrupts_off: bool,
}

impl Finding {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Finding::Waits(finding) => finding.verdict,
            Finding::Slept(_) => Verdict::InvalidContext,
        }
    }

    /// The records for the wire. `name` knows the tasks.
    pub fn records<D: fmt::Display>(&self, name: impl Fn(TaskId) -> D) -> Vec<report::Wait> {
        match self {
            Finding::Waits(finding) => finding.records(name),
            Finding::Slept(slept) => vec![report::Wait {
                waiter: label(slept.actor, name),
                cpu: slept.cpu.0,
                lock: slept.holding.map_or("a wake-up", |lock| lock.name).into(),
                at: report::place(slept.at),
                holder: None,
                held_since: slept.holding.map(|lock| report::place(lock.at)),
                in_cycle: false,
            }],
        }
    }

    /// What is wrong, in a line and more below it. `name` knows the tasks.
    pub fn display<D: fmt::Display>(&self, name: impl Fn(TaskId) -> D) -> impl fmt::Display {
        fmt::from_fn(move |f| match self {
            Finding::Waits(finding) => write!(f, "{}", finding.display(&name)),
            Finding::Slept(slept) => slept.say(name(slept.actor.task), f),
        })
    }
}

impl Slept {
    /// With `event` its actor is about to sleep, or may be: says so if it must not.
    pub fn of(event: &Event, standing: &Standing<'_>) -> Option<Self> {
        let Event { actor, cpu, at, .. } = *event;
        let forbids = |lock: &Taken| lock.spins && (standing.preemptive || lock.name != PREEMPTION_OFF);
        let is_task = actor.context == Context::Task;
        let holding = standing.held.observed().find(forbids).filter(|_| is_task);
        let slept = Slept { actor, cpu, at, holding, interrupts_off: standing.interrupts_off };
        // Of many locks some are only counted.
        let is_atomic = standing.is_atomic || (standing.preemptive && standing.must_not_sleep());
        (is_atomic || holding.is_some() || !is_task).then_some(slept)
    }

    /// The lines in which Linux says so (`__might_sleep`), of the task called `who`.
    pub fn bug(&self, who: impl fmt::Display) -> impl fmt::Display {
        fmt::from_fn(move |f| {
            let (task, is_off) = (self.actor.task.0, u32::from(self.interrupts_off));
            let is_atomic = u32::from(self.holding.is_some() || !self.interrupts_off);
            writeln!(f, "BUG: sleeping function called from invalid context{}", At(" at ", Some(self.at)))?;
            write!(f, "in_atomic(): {is_atomic}, irqs_disabled(): {is_off}, pid: {task}, name: {who}")?;
            self.holding.map_or(Ok(()), |lock| {
                write!(f, "\n1 lock held by {who}/{task}: {}{}", lock.name, At(", since ", Some(lock.at)))
            })
        })
    }

    fn say(&self, who: impl fmt::Display, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cpu, at) = (self.cpu.0, At(" at ", Some(self.at)));
        write!(f, "invalid context: {who} (CPU {cpu}) is about to sleep{at}")?;
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
