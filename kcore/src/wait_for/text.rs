//! The answer for people.

use core::fmt;

use super::finding::{Edge, Finding, What};
use crate::counted::Counted;
use crate::event::{Actor, Waiting};
use crate::machine::{Context, TaskId};
use crate::place::Place;
use crate::settings::Verdict;

impl Finding {
    /// The finding for people: a heading, and an indented line for each wait. `name` knows the tasks.
    ///
    /// ```text
    /// deadlock: 2 tasks wait for each other
    ///   writer-A (CPU 0) waits for scull1.lock at abba.rs:41; writer-B holds it since abba.rs:52
    ///   writer-B (CPU 1) waits for scull0.lock at abba.rs:53; writer-A holds it since abba.rs:40
    /// ```
    pub fn display<D: fmt::Display>(&self, name: impl Fn(TaskId) -> D) -> impl fmt::Display {
        Text { finding: self, name }
    }
}

struct Text<'a, N> {
    finding: &'a Finding,
    name: N,
}

impl<D: fmt::Display, N: Fn(TaskId) -> D> fmt::Display for Text<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.finding.verdict)?;
        self.heading(f)?;
        let mut before = None;
        for edge in self.finding.edges.iter() {
            match edge.what {
                What::Lock(lock) => self.lock_line(f, edge, lock.name, lock.waiting)?,
                // Said at the end of the holder's line.
                _ if before == Some(edge.waiter) => self.clause(f, edge, " and cannot run: ")?,
                _ => {
                    write!(f, "\n  {} (CPU {})", self.who(edge.waiter), edge.cpu.0)?;
                    self.clause(f, edge, " cannot run: ")?;
                }
            }
            before = edge.holder;
        }
        self.end(f)
    }
}

impl<D: fmt::Display, N: Fn(TaskId) -> D> Text<'_, N> {
    fn heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edges = &self.finding.edges;
        if self.finding.verdict == Verdict::Deadlock {
            return self.cycle(f);
        }
        let waiters =
            edges.iter().filter(|edge| matches!(edge.what, What::Lock(_))).count() + edges.dropped();
        let (actors, verb) = plural(waiters, edges.iter().all(|edge| edge.waiter.context == Context::Task));
        match edges.iter().any(|edge| edge.has_ended) {
            true => write!(f, "{actors} {verb} for a lock that was never given back"),
            false => write!(f, "{actors} {verb}, and nobody is left to end it"),
        }
    }

    fn cycle(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edges = &self.finding.edges;
        let mut cycle = edges.iter().filter(|edge| edge.in_cycle);
        let first = cycle.next().or(edges.iter().next());
        let (members, tasks) = (cycle.count() + 1 + edges.dropped(), self.tasks_in_cycle() + edges.dropped());
        match first {
            Some(edge) if members == 1 => write!(f, "{} waits for itself", self.who(edge.waiter)),
            Some(edge) if tasks == 1 => {
                write!(f, "a handler waits for {}, which it has interrupted", (self.name)(edge.waiter.task))
            }
            _ => write!(f, "{tasks} tasks wait for each other"),
        }
    }

    fn tasks_in_cycle(&self) -> usize {
        let cycle = || self.finding.edges.iter().filter(|edge| edge.in_cycle).map(|edge| edge.waiter.task);
        cycle().enumerate().filter(|(i, task)| !cycle().take(*i).any(|earlier| earlier == *task)).count()
    }

    fn lock_line(&self, f: &mut fmt::Formatter<'_>, edge: &Edge, lock: &str, by: Waiting) -> fmt::Result {
        match edge.waiter.context {
            Context::Task => write!(f, "\n  {} (CPU {}) waits", self.who(edge.waiter), edge.cpu.0)?,
            context => {
                let (kind, task) = (handler(context), (self.name)(edge.waiter.task));
                write!(f, "\n  {kind} on CPU {}, on top of {task}, waits", edge.cpu.0)?;
            }
        }
        write!(f, " for {lock}{}", At(" at ", edge.at))?;
        match edge.holder {
            None if by == Waiting::Event => Ok(()),
            None => write!(f, "; nobody holds it"),
            Some(holder) if holder == edge.waiter => {
                write!(f, "; has it already, since {}", At("", edge.held_since))
            }
            Some(holder) => {
                write!(f, "; {} holds it{}", self.who(holder), At(" since ", edge.held_since))?;
                match edge.has_ended {
                    true => write!(f, " and has returned without giving it back"),
                    false => Ok(()),
                }
            }
        }
    }

    /// Why the waiter of `edge` does not get a CPU.
    fn clause(&self, f: &mut fmt::Formatter<'_>, edge: &Edge, begin: &str) -> fmt::Result {
        match (edge.what, edge.holder) {
            (What::Cpu(_), Some(keeper)) => write!(f, "{begin}{} spins on its CPU", self.who(keeper)),
            (What::Handler(_), Some(Actor { context, .. })) => {
                write!(f, "{begin}the {} is on top of it", handler(context))
            }
            _ => Ok(()),
        }
    }

    fn end(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.finding.edges.dropped() {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }

    fn who(&self, actor: Actor) -> Who<D> {
        Who { context: actor.context, task: (self.name)(actor.task) }
    }
}

/// So many tasks, and the verb that goes with them.
fn plural(count: usize, are_tasks: bool) -> (Counted<'static>, &'static str) {
    let noun = if are_tasks { "task" } else { "actor" };
    (Counted(count as u64, noun), if count == 1 { "waits" } else { "wait" })
}

struct Who<D> {
    context: Context,
    task: D,
}

impl<D: fmt::Display> fmt::Display for Who<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.context {
            Context::Task => write!(f, "{}", self.task),
            context => write!(f, "the {} on top of {}", handler(context), self.task),
        }
    }
}

fn handler(context: Context) -> &'static str {
    match context {
        Context::Task => "task",
        Context::Softirq => "softirq",
        Context::Hardirq => "interrupt handler",
    }
}

/// A source line after some words: the last component of the path is enough for people. Nothing, when there
/// is none.
#[derive(Clone, Copy, Debug)]
pub struct At<'a>(pub &'a str, pub Option<Place>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = self.1 else { return Ok(()) };
        let file = place.file().rsplit(['/', '\\']).next().unwrap_or(place.file());
        write!(f, "{}{file}:{}", self.0, place.line())
    }
}
