//! The answer.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::event::{Actor, LockName};
use crate::list::List;
use crate::machine::{Context, CpuId, TaskId};
use crate::place::Place;
use crate::report;
use crate::settings::Verdict;

/// Edges of a finding that are kept. Of more than these it only says how many.
pub const EDGES: usize = 16;

/// Why nobody of some actors can ever go on. It is made without allocating, and is put into words later.
#[derive(Clone, Copy, Debug)]
pub struct Finding {
    /// [`Verdict::Deadlock`] when there is a cycle. [`Verdict::Stuck`] when it ends at a task that has
    /// returned, or at a lock that nobody has.
    pub verdict: Verdict,
    /// From the actor that was asked about, each edge beginning where the one before ends. For actors that
    /// wait for what nobody has: one edge each.
    pub edges: List<Edge, EDGES>,
}

/// What an actor waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A lock.
    Lock(LockName),
    /// The CPU that it has to run on, and that another actor keeps.
    Cpu(CpuId),
    /// The return of the handler on this CPU that interrupted it.
    Handler(CpuId),
}

/// One actor waits for another.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Who waits.
    pub waiter: Actor,
    /// On which CPU.
    pub cpu: CpuId,
    /// For what.
    pub what: What,
    /// Where the waiter began to wait for a lock; [`None`] for one that was interrupted or sleeps elsewhere.
    pub at: Option<Place>,
    /// Who has that, if it is known. The first of them, if several have.
    pub holder: Option<Actor>,
    /// Where the holder took it. For a CPU, and for a handler: where it spins.
    pub held_since: Option<Place>,
    /// The holder has returned from its body.
    pub has_ended: bool,
    /// Whether the edge is part of the cycle.
    pub in_cycle: bool,
}

impl Finding {
    /// The records for the wire, one for each edge that was kept. `name` knows the tasks.
    pub fn records<D: fmt::Display>(&self, name: impl Fn(TaskId) -> D) -> Vec<report::Wait> {
        self.edges.iter().map(|edge| edge.record(&name)).collect()
    }
}

impl Edge {
    /// The record for the wire. `name` knows the tasks.
    pub fn record<D: fmt::Display>(&self, name: impl Fn(TaskId) -> D) -> report::Wait {
        report::Wait {
            waiter: label(self.waiter, &name),
            cpu: self.cpu.0,
            lock: match self.what {
                What::Lock(lock) => lock.name.to_string(),
                What::Cpu(cpu) | What::Handler(cpu) => format!("CPU {}", cpu.0),
            },
            at: self.at.map(report::place).unwrap_or_default(),
            holder: self.holder.map(|holder| label(holder, &name)),
            held_since: self.held_since.map(report::place),
            in_cycle: self.in_cycle,
        }
    }
}

/// An actor in a record: the name of its task, and what is on top of that.
pub fn label<D: fmt::Display>(actor: Actor, name: impl Fn(TaskId) -> D) -> String {
    let task = name(actor.task);
    match actor.context {
        Context::Task => format!("{task}"),
        Context::Softirq => format!("{task} (softirq)"),
        Context::Hardirq => format!("{task} (hardirq)"),
    }
}
