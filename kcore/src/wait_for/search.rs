//! The search.

use super::finding::{Edge, Finding, What};
use super::graph::{Graph, Wait};
use super::set::Set;
use super::tasks::{Tasks, Where};
use crate::event::{Actor, Mode, Waiting};
use crate::holds::Lock;
use crate::list::List;
use crate::machine::{Context, CpuId};
use crate::settings::Verdict;

type Holder = crate::holds::Holder<Actor>;

/// How much the caller vouches for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    /// For nothing: tasks run, and events are on their way.
    Certain,
    /// Nothing moves, and every event has been told.
    Still,
}

/// Why an actor cannot go on.
#[derive(Clone, Copy)]
enum Reason {
    /// A holder of the lock that it waits for cannot, or has ended.
    Held(usize, Holder),
    /// This actor is on top of it, and cannot.
    Under(usize, CpuId),
    /// This one keeps its CPU, and cannot.
    Kept(usize, CpuId),
}

impl Graph {
    /// Why `actor` will never go on, if that is certain now: the edges from it to the cycle (or to the task
    /// that has ended with the lock) and round it. To be called after each wait that it [hears](Graph::step):
    /// the last of them closes the cycle.
    ///
    /// Not every deadlock is certain at once. A later search finds it, or [`stuck`](Graph::stuck):
    /// - Of locks with several holders (readers, counting semaphores) a unit may be on its way to the waiter.
    /// - A reader of a seqlock may have seen that the writer is through.
    /// - A task may have lost its CPU for ever between what happened to it and the event that says so.
    ///
    /// One wrong answer is possible: the first time in a round that a lock of units goes from one holder to
    /// several, or a reader joins another while a writer waits, a search in the middle of that takes it for a
    /// lock with one. Name such a lock [`Waiting::Event`] where that matters.
    pub fn search(&self, actor: Actor, tasks: &impl Tasks) -> Option<Finding> {
        let from = self.wait_of(actor)?;
        let mut view = View::new(self, tasks, Proof::Certain);
        // Mostly somebody who can run has the lock, and that is seen at once.
        view.reason(actor)?;
        view.strike_out(Some(from));
        view.stuck.contains(from).then(|| view.path(from))
    }

    /// [`search`](Graph::search) from every actor that waits: a cycle if there is one. For a watchdog that
    /// looks from time to time.
    pub fn search_all(&self, tasks: &impl Tasks) -> Option<Finding> {
        View::new(self, tasks, Proof::Certain).find()
    }

    /// What is wrong when nothing moves any more: the caller vouches that no task can run and no event is on
    /// its way. A cycle, if there is one; else a chain that ends at a task that has ended; else all that wait
    /// for what nobody has. `None` when nobody waits.
    pub fn stuck(&self, tasks: &impl Tasks) -> Option<Finding> {
        if let Some(finding) = View::new(self, tasks, Proof::Still).find() {
            return Some(finding);
        }
        let mut edges = List::new();
        self.edges().for_each(|edge| edges.push(edge));
        (!edges.is_empty()).then_some(Finding { verdict: Verdict::Stuck, edges })
    }

    /// Every wait, with a holder if one is known. For the report of a watchdog.
    pub fn edges(&self) -> impl Iterator<Item = Edge> {
        self.waits.iter().map(|wait| lock_edge(wait, self.lock(wait).and_then(|lock| lock.holders().next())))
    }
}

fn lock_edge(wait: &Wait, holder: Option<&Holder>) -> Edge {
    Edge {
        waiter: wait.actor,
        cpu: wait.seat.cpu,
        what: What::Lock(wait.lock),
        at: Some(wait.at),
        holder: holder.map(|holder| holder.actor),
        held_since: holder.map(|holder| holder.since),
        has_ended: holder.is_some_and(|holder| holder.ended),
        in_cycle: false,
    }
}

/// The graph at one moment.
struct View<'a, T> {
    graph: &'a Graph,
    tasks: &'a T,
    proof: Proof,
    /// All waits at first. Then those whose actors can never go on: the largest set of which each one has a
    /// [`Reason`] within the set.
    stuck: Set,
}

impl<'a, T: Tasks> View<'a, T> {
    fn new(graph: &'a Graph, tasks: &'a T, proof: Proof) -> Self {
        let all = match proof == Proof::Certain && graph.unseen() > 0 {
            true => 0,
            false => graph.waits.len(),
        };
        View { graph, tasks, proof, stuck: Set::first(all) }
    }

    /// Strikes out those who can go on, and those whom they can help, until nothing changes or `asked` is
    /// out.
    fn strike_out(&mut self, asked: Option<usize>) {
        loop {
            let before = self.stuck;
            for index in before.iter() {
                if self.reason(self.graph.waits[index].actor).is_none() {
                    self.stuck.remove(index);
                }
            }
            if self.stuck == before || asked.is_some_and(|index| !self.stuck.contains(index)) {
                return;
            }
        }
    }

    /// Why `actor` cannot go on, given that those of `stuck` cannot.
    fn reason(&self, actor: Actor) -> Option<Reason> {
        self.held(actor).or_else(|| self.under(actor)).or_else(|| self.kept(actor))
    }

    fn held(&self, actor: Actor) -> Option<Reason> {
        let index = self.graph.wait_of(actor).filter(|index| self.stuck.contains(*index))?;
        let wait = &self.graph.waits[index];
        let lock = self.graph.lock(wait).filter(|lock| self.counts(lock, wait))?;
        let helpless = |holder: &Holder| self.has_ended(holder) || self.reason_of_holder(actor, holder);
        if !lock.holders().all(helpless) {
            return None;
        }
        let holder = *lock.holders().next()?;
        Some(Reason::Held(index, Holder { ended: self.has_ended(&holder), ..holder }))
    }

    /// Whether `lock` is one whose holders alone decide about `wait`.
    fn counts(&self, lock: &Lock<Actor>, wait: &Wait) -> bool {
        let sleeps = wait.lock.waiting != Waiting::Spins;
        // One that only waits until a writer is through may have seen that it is, and not have told so yet,
        // nor has the writer: unless the writer is below it and gets nowhere meanwhile.
        let is_above = |holder: &Holder| wait.actor.is_on_top_of(holder.actor);
        let passes = || wait.mode == Mode::Passing && lock.holders().all(is_above);
        (self.proof == Proof::Still || passes() || lock.is_withheld(wait.mode, wait.since))
            && !(sleeps && wait.actor.context == Context::Task && self.tasks.gives_up(wait.actor.task))
    }

    fn has_ended(&self, holder: &Holder) -> bool {
        holder.ended
            || (holder.actor.context == Context::Task
                && self.tasks.whereabouts(holder.actor.task) == Where::Ended)
    }

    /// Whether `holder` cannot go on, as far as `stuck` says. Its own wait is looked up there and not
    /// searched again.
    fn reason_of_holder(&self, waiter: Actor, holder: &Holder) -> bool {
        let waits = self.graph.wait_of(holder.actor).is_some_and(|index| self.stuck.contains(index));
        holder.actor == waiter
            || waits
            || self.under(holder.actor).is_some()
            || self.kept(holder.actor).is_some()
    }

    fn under(&self, actor: Actor) -> Option<Reason> {
        let index = self.stuck.iter().find(|index| self.graph.waits[*index].actor.is_on_top_of(actor))?;
        Some(Reason::Under(index, self.graph.waits[index].seat.cpu))
    }

    fn kept(&self, actor: Actor) -> Option<Reason> {
        if actor.context != Context::Task {
            return None;
        }
        let cpu = match self.tasks.whereabouts(actor.task) {
            Where::Runnable(cpu) | Where::Asleep(cpu) => cpu,
            Where::OnCpu(_) | Where::Ended => return None,
        };
        let index = self.stuck.iter().find(|index| {
            let wait = &self.graph.waits[*index];
            wait.actor.task != actor.task && self.keeps(wait, cpu)
        })?;
        Some(Reason::Kept(index, cpu))
    }

    /// Whether the actor of `wait` lets no other task onto `cpu`.
    fn keeps(&self, wait: &Wait, cpu: CpuId) -> bool {
        let spins = wait.lock.waiting == Waiting::Spins;
        wait.seat.cpu == cpu && spins && (wait.seat.keeps_cpu || wait.actor.context != Context::Task)
    }

    /// From the first wait from which a cycle is found, or else from the first one that is stuck.
    fn find(mut self) -> Option<Finding> {
        self.strike_out(None);
        let mut first = None;
        for index in self.stuck.iter() {
            let finding = self.path(index);
            if finding.verdict == Verdict::Deadlock {
                return Some(finding);
            }
            first = first.or(Some(finding));
        }
        first
    }

    /// From the actor of a stuck wait along the reasons, until an actor comes again or has ended.
    fn path(&self, from: usize) -> Finding {
        let mut edges = List::new();
        let mut actor = self.graph.waits[from].actor;
        let mut verdict = Verdict::Stuck;
        let mut to_go = 2 * self.graph.waits.len() + 2;
        while let Some(edge) = self.reason(actor).map(|reason| self.edge(actor, reason)) {
            edges.push(edge);
            let Some(next) = edge.holder.filter(|_| !edge.has_ended) else { break };
            let begin = edges.iter().position(|edge: &Edge| edge.waiter == next);
            if let Some(begin) = begin {
                verdict = Verdict::Deadlock;
                edges.iter_mut().skip(begin).for_each(|edge| edge.in_cycle = true);
                break;
            }
            // An actor whose edge was dropped does not end the walk by itself.
            to_go -= 1;
            if to_go == 0 {
                verdict = Verdict::Deadlock;
                break;
            }
            actor = next;
        }
        Finding { verdict, edges }
    }

    fn edge(&self, waiter: Actor, reason: Reason) -> Edge {
        let (index, what) = match reason {
            Reason::Held(index, holder) => return lock_edge(&self.graph.waits[index], Some(&holder)),
            Reason::Under(index, cpu) => (index, What::Handler(cpu)),
            Reason::Kept(index, cpu) => (index, What::Cpu(cpu)),
        };
        let keeper = &self.graph.waits[index];
        let own = self.graph.wait_of(waiter).map(|index| &self.graph.waits[index]);
        Edge {
            waiter,
            cpu: keeper.seat.cpu,
            what,
            at: own.map(|wait| wait.at),
            holder: Some(keeper.actor),
            held_since: Some(keeper.at),
            has_ended: false,
            in_cycle: false,
        }
    }
}
