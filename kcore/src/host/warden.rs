//! The warden that sees to the tasks of an experiment on a machine of threads: it lets them pass points, and
//! gives them up when they can never go on.
//!
//! The decisions are those of the [`Session`]; here is how they are obeyed. A task that is given up stays
//! where it is for ever: its thread is parked with all that it has, as a task of the kernel keeps its stack.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::vec::Vec;

use crate::event::{Event, Kinds, TaskStep, What};
use crate::host::machine::{Host, HostMachine, Listener};
use crate::host::task::{Token, lock};
use crate::machine::{Cpu, CpuId, Sched, TaskId};
use crate::probe::{Decision, Plan};
use crate::report::Step;
use crate::session::{Answer, Crew, Session, Standing};
use crate::settings::Verdict;
use crate::wait_for::{Graph, Tasks, Where};

/// One run's.
pub(super) struct Warden {
    host: Host,
    /// The tasks may come to a stop.
    watches: bool,
    /// PAUSEs at each point, where the plan is that and no more.
    pauses: u32,
    /// The tasks of the round.
    crew: Crew,
    books: Mutex<Books>,
    /// A task has ended or was given up.
    gone: Condvar,
}

struct Books {
    session: Session,
    /// The tasks of the round that do nothing any more.
    gone: u32,
    found: Option<Verdict>,
}

impl Warden {
    pub(super) fn new(host: &Host, plan: &Plan, participants: u32, watches: bool) -> Self {
        let session = Session::new(plan, participants, watches.then(Graph::new));
        let books = Mutex::new(Books { session, gone: 0, found: None });
        let pauses = if let Plan::Delay(pauses) = plan { *pauses } else { 0 };
        Warden { host: host.clone(), watches, pauses, crew: Crew::nobody(), books, gone: Condvar::new() }
    }

    /// What it has to hear of.
    pub(super) fn wants(&self, plan: &Plan) -> Kinds {
        let points = if *plan == Plan::Pass { Kinds::empty() } else { Kinds::POINTS_AND_LOCKS };
        let locks = if self.watches { Kinds::LOCKS } else { Kinds::empty() };
        points | locks | Kinds::TASKS
    }

    /// A round of these tasks begins, participant 0 first. None of them runs yet.
    pub(super) fn begin_round(&self, tasks: &[TaskId]) {
        let mut books = lock(&self.books);
        (books.gone, books.found) = (0, None);
        books.session.begin_round();
        self.crew.begin(tasks.len() as u32);
        for (task, who) in tasks.iter().zip(0..) {
            self.crew.enter(who, *task);
            books.session.engine.running_on(who, CpuId(task.0));
        }
    }

    /// The running task, participant `who`, begins what it is there for.
    pub(super) fn enter(&self, who: u8) {
        let answer = lock(&self.books).session.engine.start(who);
        self.obey(Some(who), answer.into());
    }

    /// The running task, participant `who`, whose token this is, has come to its end. It counts as a task
    /// that runs until all have heard of it.
    pub(super) fn leave(&self, who: u8, token: &Token) {
        let answer = lock(&self.books).session.finished(who, Some(HostMachine::task()));
        self.obey(None, answer);
        token.end();
        self.went();
        self.look();
    }

    /// Waits until no task of the round does anything any more, and says why they were given up, if they
    /// were.
    pub(super) fn end_round(&self) -> Option<Verdict> {
        let all_are_gone = |books: &mut Books| books.gone < self.crew.size();
        let books = self.gone.wait_while(lock(&self.books), all_are_gone);
        books.expect("no task dies with the books in its hand").found
    }

    /// The steps of a script that could not happen.
    pub(super) fn given_up(&self) -> Vec<Step> {
        lock(&self.books).session.engine.given_up()
    }

    /// Gives the tasks of the round up, unless that was done before.
    pub(super) fn stop(&self, why: Verdict) {
        let mut books = lock(&self.books);
        if books.found.is_none() {
            books.found = Some(why);
            self.crew.tasks().filter_map(|task| self.host.token(task)).for_each(|token| token.doom());
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

    /// Tells of an event of the running task, and does what the answer says.
    fn tell(&self, event: &Event) {
        let who = self.crew.who(event.actor.task);
        let token = self.host.token(event.actor.task).expect("the running task has not ended");
        if let What::Lock(step, id) = &event.what {
            token.held.step(*step, id, event.at);
        }
        let standing =
            Standing { who, held: &token.held, is_atomic: false, interrupts_off: false, preemptive: true };
        let answer = lock(&self.books).session.on(event, &standing, &Threads(&self.host));
        self.obey(who, answer);
    }

    /// Does what the answer to an event of the running task says, which is participant `who` and may have to
    /// wait.
    fn obey(&self, who: Option<u8>, answer: Answer) {
        if answer.stops {
            self.stop_as_found();
        }
        self.crew.named(answer.wake).for_each(HostMachine::wake);
        let Some(who) = who.filter(|_| answer.decision == Decision::Wait) else { return };
        loop {
            HostMachine::block();
            if lock(&self.books).session.engine.may_go(who) {
                return;
            }
        }
    }

    fn stop_as_found(&self) {
        let found = lock(&self.books).session.found();
        self.stop(found.map_or(Verdict::Stuck, |finding| finding.verdict()));
    }

    /// Looks whether all tasks of the crew that have not ended sleep, so that none will ever wake another.
    fn look(&self) {
        if !self.watches {
            return;
        }
        let before = self.host.news();
        let mut left =
            self.crew.tasks().filter_map(|task| self.host.token(task)).filter(|token| !token.has_ended());
        let Some(first) = left.next() else { return };
        let is_still = first.is_still() && left.all(|token| token.is_still());
        if is_still && self.host.news() == before {
            lock(&self.books).session.look_at_still(&Threads(&self.host));
            self.stop_as_found();
        }
    }
}

impl Listener for Warden {
    fn on(&self, event: &Event) {
        match &event.what {
            What::Access(_) => {
                self.check();
                match self.pauses {
                    0 => self.tell(event),
                    pauses => (0..pauses).for_each(|_| HostMachine::relax()),
                }
            }
            What::Task(TaskStep::Block) => self.look(),
            What::Task(TaskStep::Woken(_)) => self.check(),
            What::Task(step) => {
                if *step == TaskStep::Spins {
                    self.check();
                }
                if self.watches {
                    self.tell(event);
                }
            }
            What::Lock(..) => self.tell(event),
            What::Block(_) | What::Units(..) | What::Irq(_) => {}
        }
    }
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
