//! The events and their answers.

use super::finding::{Finding, Slept};
use crate::event::{
    Access, Actor, Block, Event, LockId, LockName, LockStep, Op, Site, TaskStep, Waiting, What,
};
use crate::holds::Held;
use crate::machine::TaskId;
use crate::probe::{Decision, Engine, Plan, Wake};
use crate::settings::Verdict;
use crate::wait_for::{Apart, Graph, Seat, Tasks};

/// A step that has no site.
static STEP: Site = Site::new("step");

/// How the actor of an event stands, as its machine knows.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'h> {
    /// Which participant it is, if it is one.
    pub who: Option<u8>,
    /// The locks that its task has.
    pub held: &'h Held,
    /// It must not sleep, whatever it holds. What was switched off to tell of the event does not count.
    pub is_atomic: bool,
    /// It has interrupts off.
    pub interrupts_off: bool,
    /// The machine takes the CPU from a task that is not atomic.
    pub preemptive: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether the actor goes on.
    pub decision: Decision,
    /// Who is to be woken.
    pub wake: Wake,
    /// Something was [found](Session::found), for the first time in this round: the tasks are to be given up.
    pub stops: bool,
}

impl Answer {
    /// The actor goes on, and that is all.
    pub const GO: Answer = Answer { decision: Decision::Go, wake: 0, stops: false };
}

impl From<(Decision, Wake)> for Answer {
    fn from((decision, wake): (Decision, Wake)) -> Self {
        Answer { decision, wake, stops: false }
    }
}

/// What is known of the run under way. No event allocates or panics, so all of them may be told with
/// interrupts off.
#[derive(Debug)]
pub struct Session {
    /// Who may pass: it is told directly of what is no event.
    pub engine: Engine,
    /// None where no task can come to a stop.
    graph: Option<Graph>,
    found: Option<Finding>,
}

impl Session {
    /// Nothing runs.
    pub const NONE: Session = Session { engine: Engine::NONE, graph: None, found: None };

    /// A run of `participants` that pass points as `plan` says. With a `graph` they may come to a stop.
    pub fn new(plan: &Plan, participants: u32, graph: Option<Graph>) -> Self {
        Session { engine: Engine::new(plan.clone(), participants), graph, found: None }
    }

    /// Begins a round: see [`Engine::begin_round`] and [`Graph::forget_all`]. To be called while no
    /// participant runs.
    pub fn begin_round(&mut self) {
        self.engine.begin_round();
        self.graph.iter_mut().for_each(Graph::forget_all);
        self.found = None;
    }

    /// Participant `who` is through with the round. Its `task`, if it has begun, gives nothing back from now
    /// on.
    pub fn finished(&mut self, who: u8, task: Option<TaskId>) -> Answer {
        if let (Some(graph), Some(task)) = (&mut self.graph, task) {
            graph.ended(task);
        }
        (Decision::Go, self.engine.finished(who)).into()
    }

    /// The actor of `event` is about to do that.
    pub fn on(&mut self, event: &Event, standing: &Standing<'_>, tasks: &impl Tasks) -> Answer {
        let Some(who) = standing.who else {
            return Answer { stops: self.look(event, standing, tasks), ..Answer::GO };
        };
        match &event.what {
            What::Access(access) => {
                self.engine.arrive(who, access, standing.must_not_sleep(), event.cpu).into()
            }
            What::Lock(step, lock) => {
                let stops = self.look(event, standing, tasks);
                Answer { wake: self.engine.lock(who, *step, lock, event.at), stops, ..Answer::GO }
            }
            // Told of a participant only where a plan orders all steps.
            What::Units(_, LockId { address, .. }, _) | What::Block(Block::Freed { address, .. }) => {
                let access = Access { site: &STEP, op: Op::Update, address: *address, size: 0 };
                self.engine.arrive(who, &access, standing.must_not_sleep(), event.cpu).into()
            }
            What::Task(_) | What::Irq(_) | What::Block(Block::Allocated { .. }) => {
                Answer { stops: self.look(event, standing, tasks), ..Answer::GO }
            }
        }
    }

    /// Whether `event` shows for the first time in this round that something is wrong.
    // A finding has no room in the frame of each event.
    #[inline(never)]
    fn look(&mut self, event: &Event, standing: &Standing<'_>, tasks: &impl Tasks) -> bool {
        let Some(graph) = &mut self.graph else { return false };
        let (mut slept, mut waits) = (None, None);
        match &event.what {
            What::Lock(step, lock) => {
                if *step == LockStep::Wait && lock.name.waiting != Waiting::Spins {
                    slept = Slept::of(event, standing);
                }
                let seat = Seat { cpu: event.cpu, keeps_cpu: !standing.preemptive || standing.is_atomic };
                waits = graph.step(event.actor, seat, *step, lock, event.at, tasks);
            }
            What::Task(TaskStep::MaySleep) => slept = Slept::of(event, standing),
            // A search in the middle of other events may have missed a circle: one that spins looks again.
            What::Task(TaskStep::Spins) => waits = graph.search_all(tasks),
            What::Task(_) | What::Irq(_) | What::Access(_) | What::Block(_) | What::Units(..) => {}
        }
        self.find(slept.map(Finding::Slept).or(waits.map(Finding::Waits)))
    }

    /// Looks for a circle that the event which closed it did not show; whether it is the first finding of the
    /// round.
    #[inline(never)]
    pub fn search(&mut self, tasks: &impl Tasks) -> bool {
        let finding = self.graph.as_ref().and_then(|graph| graph.search_all(tasks));
        self.find(finding.map(Finding::Waits))
    }

    /// Nothing moves any more: what is found then, if nothing was before, is what those wait for who wait.
    pub fn look_at_still(&mut self, tasks: &impl Tasks) {
        let finding = self.graph.as_ref().and_then(|graph| graph.stuck(tasks));
        self.find(finding.map(Finding::Waits));
    }

    /// What it is called that no task goes on, each on a CPU of its own, and not all have ended; `spins`: one
    /// waits in a loop.
    pub fn standstill(&mut self, spins: bool) -> Verdict {
        self.look_at_still(&Apart);
        let otherwise = if spins { Verdict::Livelock } else { Verdict::Stuck };
        self.found.map_or(otherwise, |finding| finding.verdict())
    }

    /// What was found in this round.
    pub fn found(&self) -> Option<Finding> {
        self.found
    }

    /// The lock that `task` waits for.
    pub fn awaited_by(&self, task: TaskId) -> Option<LockName> {
        self.graph.as_ref()?.awaited_by(Actor::task(task))
    }

    /// Keeps the first of a round; whether it was that.
    fn find(&mut self, finding: Option<Finding>) -> bool {
        let is_first = self.found.is_none() && finding.is_some();
        if is_first {
            self.found = finding;
        }
        is_first
    }
}

impl Standing<'_> {
    /// Whether it must not give its CPU to another task, which might spin for what it has.
    pub fn must_not_sleep(&self) -> bool {
        self.is_atomic || self.held.spinlocks() > 0
    }
}
