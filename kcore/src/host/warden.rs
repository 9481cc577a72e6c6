//! Who sees to the tasks of an experiment on a machine of threads: it lets them pass points, and gives them up when they can
//! never go on.
//!
//! The decisions are those of [`Engine`] and [`Graph`]; here is how they are told and obeyed. A task that is given up stays where
//! it is for ever: its thread is parked with all that it has, as a task of the kernel keeps its stack.

use core::panic::Location;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
use std::thread;
use std::vec::Vec;

use crate::event::{Access, Actor, Event, Kinds, LockId, LockStep, TaskStep, Waiting, What};
use crate::host::machine::{Host, HostMachine, Listener};
use crate::host::task::{Token, lock};
use crate::machine::{Cpu, CpuId, Sched, TaskId};
use crate::probe::{Decision, Engine, Plan, Wake};
use crate::report::Step;
use crate::settings::Verdict;
use crate::wait_for::{Finding, Graph, Seat, Tasks, Where};

/// One run's.
pub(super) struct Warden {
    host: Host,
    /// The tasks may come to a stop.
    watches: bool,
    /// PAUSEs at each point, where the plan is that and no more.
    pauses: u32,
    books: Mutex<Books>,
    /// A task has ended or was given up.
    gone: Condvar,
}

struct Books {
    engine: Engine,
    graph: Graph,
    /// The tasks of the round, and which participant each is.
    crew: BTreeMap<TaskId, u8>,
    /// Of these, the ones that do nothing any more.
    gone: u32,
    found: Option<Verdict>,
}

impl Warden {
    pub(super) fn new(host: &Host, plan: &Plan, participants: u32, watches: bool) -> Self {
        let engine = Engine::new(plan.clone(), participants);
        let books = Books { engine, graph: Graph::new(), crew: BTreeMap::new(), gone: 0, found: None };
        let pauses = if let Plan::Delay(pauses) = plan { *pauses } else { 0 };
        Warden { host: host.clone(), watches, pauses, books: Mutex::new(books), gone: Condvar::new() }
    }

    /// What it has to hear of.
    pub(super) fn wants(&self, plan: &Plan) -> Kinds {
        let points = if *plan == Plan::Pass { Kinds::empty() } else { Kinds::POINTS_AND_LOCKS };
        if self.watches { points | Kinds::LOCKS | Kinds::TASKS } else { points }
    }

    /// A round of these tasks begins, participant 0 first. None of them runs yet.
    pub(super) fn begin_round(&self, crew: &[TaskId]) {
        let mut books = lock(&self.books);
        let books = &mut *books;
        books.engine.begin_round();
        books.graph.forget_all();
        books.crew = crew.iter().copied().zip(0..).collect();
        (books.gone, books.found) = (0, None);
        for (task, who) in &books.crew {
            books.engine.running_on(*who, CpuId(task.0));
        }
    }

    /// The running task begins what it is there for.
    pub(super) fn enter(&self) {
        self.pass(|engine, who| engine.start(who));
    }

    /// The running task, whose token this is, has come to its end. It counts as a task that runs until all have heard of it.
    pub(super) fn leave(&self, token: &Token) {
        self.tell(|books, who| {
            books.graph.ended(HostMachine::task());
            books.engine.finished(who)
        });
        token.end();
        self.went();
        self.look();
    }

    /// Waits until no task of the round does anything any more, and says why they were given up, if they were.
    pub(super) fn end_round(&self) -> Option<Verdict> {
        let all_are_gone = |books: &mut Books| books.gone < books.crew.len() as u32;
        let books = self.gone.wait_while(lock(&self.books), all_are_gone);
        books.expect("no task dies with the books in its hand").found
    }

    /// The steps of a script that could not happen.
    pub(super) fn given_up(&self) -> Vec<Step> {
        lock(&self.books).engine.given_up()
    }

    /// Gives the tasks of the round up, unless that was done before.
    pub(super) fn stop(&self, why: Verdict) {
        let mut books = lock(&self.books);
        if books.found.is_none() {
            books.found = Some(why);
            books.crew.keys().filter_map(|task| self.host.token(*task)).for_each(|token| token.doom());
        }
    }

    /// Does not return to a task that was given up.
    fn check(&self) {
        if self.host.token(HostMachine::task()).is_some_and(|token| token.is_doomed()) {
            self.went();
            loop {
                thread::park();
            }
        }
    }

    fn went(&self) {
        lock(&self.books).gone += 1;
        self.gone.notify_all();
    }

    /// Tells of an event of the running task that may make it wait; and waits.
    fn pass(&self, event: impl FnOnce(&mut Engine, u8) -> (Decision, Wake)) {
        let mut decision = Decision::Go;
        self.tell(|books, who| {
            let (decided, wake) = event(&mut books.engine, who);
            decision = decided;
            wake
        });
        while decision == Decision::Wait {
            HostMachine::block();
            let books = lock(&self.books);
            if books.who().is_none_or(|who| books.engine.may_go(who)) {
                decision = Decision::Go;
            }
        }
    }

    /// Tells of an event of the running task, if it is of the crew, and wakes whom the answer names.
    fn tell(&self, event: impl FnOnce(&mut Books, u8) -> Wake) {
        let mut books = lock(&self.books);
        let Some(who) = books.who() else { return };
        let wake = event(&mut books, who);
        let named = |(task, who): (&TaskId, &u8)| (wake & 1 << who != 0).then_some(*task);
        let woken: Vec<TaskId> = books.crew.iter().filter_map(named).collect();
        drop(books);
        woken.into_iter().for_each(HostMachine::wake);
    }

    /// Looks whether all tasks of the crew that have not ended sleep, so that none will ever wake another.
    fn look(&self) {
        if !self.watches {
            return;
        }
        let before = self.host.news();
        let books = lock(&self.books);
        let mut left =
            books.crew.keys().filter_map(|task| self.host.token(*task)).filter(|token| !token.has_ended());
        let Some(first) = left.next() else { return };
        let is_still = first.is_still() && left.all(|token| token.is_still());
        drop(books);
        if is_still && self.host.news() == before {
            let finding = lock(&self.books).graph.stuck(&Threads(&self.host));
            self.stop(finding.map_or(Verdict::Stuck, |finding| finding.verdict));
        }
    }

    /// The running task is at a point.
    fn point(&self, access: &Access) {
        self.check();
        match self.pauses {
            0 => self.pass(|engine, who| engine.arrive(who, access, false, HostMachine::cpu())),
            pauses => (0..pauses).for_each(|_| HostMachine::relax()),
        }
    }

    fn lock(&self, step: LockStep, id: &LockId, at: &'static Location<'static>) {
        if self.watches {
            if step == LockStep::Wait && id.name.waiting != Waiting::Spins {
                self.check_sleep();
            }
            let seat = Seat { cpu: HostMachine::cpu(), keeps_cpu: false };
            let finding = lock(&self.books).graph.step(me(), seat, step, id, at, &Threads(&self.host));
            self.found(finding);
            self.with_token(|token| token.held.step(step, id, at));
        }
        self.tell(|Books { engine, .. }, who| engine.lock(who, step, id));
    }

    /// The running task is about to sleep, or may be. With a lock in its hand that spins it must not.
    fn check_sleep(&self) {
        if self.watches && self.with_token(|token| token.held.spinlocks() > 0) {
            self.stop(Verdict::InvalidContext);
        }
    }

    fn with_token<R>(&self, ask: impl FnOnce(&Token) -> R) -> R {
        ask(&self.host.token(HostMachine::task()).expect("the running task has not ended"))
    }

    fn found(&self, finding: Option<Finding>) {
        if let Some(finding) = finding {
            self.stop(finding.verdict);
        }
    }
}

impl Books {
    /// Which participant the running task is.
    fn who(&self) -> Option<u8> {
        self.crew.get(&HostMachine::task()).copied()
    }
}

impl Listener for Warden {
    fn on(&self, event: &Event) {
        match &event.what {
            What::Access(access) => self.point(access),
            What::Lock(step, lock) => self.lock(*step, lock, event.at),
            What::Task(TaskStep::MaySleep) => self.check_sleep(),
            What::Block(_) => {}
        }
    }

    /// A search in the middle of an event may have missed a circle. One that spins looks again.
    fn spinning(&self) {
        self.check();
        if self.watches {
            let finding = lock(&self.books).graph.search_all(&Threads(&self.host));
            self.found(finding);
        }
    }

    fn sleeps(&self) {
        self.look();
    }

    fn was_woken(&self) {
        self.check();
    }
}

/// The running task. Nothing interrupts a thread.
fn me() -> Actor {
    Actor::task(HostMachine::task())
}

/// The scheduler of the host: each task has a CPU of its own.
struct Threads<'a>(&'a Host);

impl Tasks for Threads<'_> {
    fn whereabouts(&self, task: TaskId) -> Where {
        match self.0.token(task) {
            Some(token) if !token.has_ended() => Where::OnCpu(CpuId(task.0)),
            _ => Where::Ended,
        }
    }
}
