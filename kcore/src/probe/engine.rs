//! The events and their answers.

use alloc::string::String;
use alloc::vec::Vec;

use super::crew::{Crew, State};
use super::plan::Plan;
use super::rendezvous::Rendezvous;
use super::script::Script;
use crate::event::{Access, LockId, LockStep, Waiting};
use crate::leak::Hidden;
use crate::machine::CpuId;
use crate::place::Place;
use crate::report;
use crate::settings::MAX_WRITERS;

/// A set of participants to wake: bit n is participant n. A participant must be woken even when it has not
/// gone to sleep yet: [`Sched::wake`](crate::machine::Sched::wake) keeps such a wake-up.
pub type Wake = u64;

/// The answer to a participant that starts or arrives at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Go,
    /// It sleeps until [`Engine::may_go`] says true; ask again after each wake-up.
    Wait,
    /// The experiment's interrupt comes, and it goes on.
    Interrupt,
}

/// How often the participants met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meetings {
    /// Times that the barrier opened.
    pub held: u64,
    /// Times that it opened with every participant at it.
    pub full: u64,
}

#[derive(Debug)]
enum Course {
    Free,
    /// An interrupt comes at these points.
    Fire(Vec<String>),
    Rendezvous(Rendezvous),
    Script(Script),
}

/// The state machine of one run.
///
/// Every event returns the participants that the caller has to wake. No event allocates, loops without bound,
/// or panics, so all of them may be called with interrupts off. Events of participants beyond `participants`
/// are ignored.
///
/// Whatever the participants do, at least one of them can always go on, unless they deadlock by themselves:
/// see [`finished`](Engine::finished) for what they owe in return.
#[derive(Debug)]
pub struct Engine {
    crew: Crew,
    course: Course,
}

impl Engine {
    /// No task takes part, and all pass.
    pub const NONE: Engine = Engine { crew: Crew::NOBODY, course: Course::Free };

    /// An engine for participants 0 to `participants`, at most [`MAX_WRITERS`] of them. None has started.
    /// Where none is ever made to wait, nothing is known of them.
    pub fn new(plan: Plan, participants: u32) -> Self {
        let course = match plan {
            Plan::Pass | Plan::Delay(_) => return Engine::NONE,
            Plan::Fire { points } => return Engine { course: Course::Fire(points), ..Engine::NONE },
            Plan::Rendezvous { points } => Course::Rendezvous(Rendezvous::new(points)),
            Plan::Script(steps) => Course::Script(Script::new(steps)),
        };
        Engine { crew: Crew::new(participants.min(MAX_WRITERS)), course }
    }

    /// Begins a round: no participant has started, no lock is held, a script starts at its first step. To be
    /// called while no participant runs. What was counted and given up stays.
    pub fn begin_round(&mut self) {
        self.crew.begin_round();
        if let Course::Script(script) = &mut self.course {
            script.begin_round();
        }
    }

    /// `who` runs on `cpu` and nowhere else. To be told before the first participant starts.
    pub fn running_on(&mut self, who: u8, cpu: CpuId) {
        self.crew.pin(who, cpu);
    }

    /// `who` is about to enter the experiment's body. Under a script it may have to wait until its first step
    /// is next.
    pub fn start(&mut self, who: u8) -> (Decision, Wake) {
        let state = match self.course {
            Course::Script(_) => State::AtStart,
            Course::Free | Course::Fire(_) | Course::Rendezvous(_) => State::Running,
        };
        let wake = self.moved(who, state);
        self.answer(who, wake)
    }

    /// `who` enters the body where it must not wait, whatever a script says of its first step: it has a lock
    /// in its hand.
    pub fn begin_at_once(&mut self, who: u8) -> Wake {
        self.runs(who)
    }

    /// `who` is about to make `access` on `cpu`. `atomic`: it must not sleep (it holds a spinlock), so that
    /// waiting here means to halt the CPU in place and no other task runs on it.
    pub fn arrive(&mut self, who: u8, access: &Access, atomic: bool, cpu: CpuId) -> (Decision, Wake) {
        if matches!(&self.course, Course::Script(script) if script.ignores(access)) {
            return (Decision::Go, 0);
        }
        self.crew.pin(who, cpu);
        let waits = match &mut self.course {
            Course::Free => false,
            Course::Fire(points) if points.iter().any(|point| access.is(point)) => {
                return (Decision::Interrupt, self.runs(who));
            }
            Course::Fire(_) => false,
            Course::Rendezvous(rendezvous) => rendezvous.names(access),
            Course::Script(script) => script.wants(who, access),
        };
        let wake = self.moved(who, if waits { State::AtPoint { atomic } } else { State::Running });
        self.answer(who, wake)
    }

    /// Whether `who`, which was told to wait, may go on.
    pub fn may_go(&self, who: u8) -> bool {
        !self.crew.at_point(who) && !self.crew.at_start(who)
    }

    /// `who` found `lock` taken and is about to spin or sleep; or has it; or is about to give it back, and
    /// need not be the one that took it (completions); or stops waiting for it, and goes on.
    /// `at` says in which line.
    pub fn lock(&mut self, who: u8, step: LockStep, lock: &LockId, at: Place) -> Wake {
        if self.crew.has(who) {
            self.crew.locks.step(who, step, lock, at);
        }
        match step {
            // It goes on until it sleeps, which is told: what it does before that has its turns, too.
            LockStep::Wait if self.orders_all() && lock.name.waiting != Waiting::Spins => 0,
            LockStep::Wait => {
                let address = Hidden::new(lock.address);
                self.moved(who, State::LockWait { address, lock: lock.name })
            }
            LockStep::Acquired | LockStep::GaveUp => self.runs(who),
            LockStep::Release | LockStep::Downgraded => self.settle(),
        }
    }

    /// `who` is about to sleep until another wakes it. At a point that is known already.
    pub fn sleeps(&mut self, who: u8) -> Wake {
        if self.crew.is(who, State::Running) { self.moved(who, State::Asleep) } else { 0 }
    }

    /// Another has woken `who`.
    pub fn woken(&mut self, who: u8) -> Wake {
        if self.crew.is(who, State::Asleep) { self.runs(who) } else { 0 }
    }

    /// `who` is through with this round. Every participant must come to this, or the others wait for it.
    pub fn finished(&mut self, who: u8) -> Wake {
        self.moved(who, State::Finished)
    }

    /// The steps of a script that could not happen, each once, in the order in which they were given up.
    pub fn given_up(&self) -> Vec<report::Step> {
        match &self.course {
            Course::Script(script) => script.given_up().map(|(why, step)| why.report(step)).collect(),
            Course::Free | Course::Fire(_) | Course::Rendezvous(_) => Vec::new(),
        }
    }

    /// How often the participants met at the rendezvous.
    pub fn meetings(&self) -> Meetings {
        match &self.course {
            Course::Rendezvous(rendezvous) => rendezvous.meetings,
            Course::Free | Course::Fire(_) | Course::Script(_) => Meetings::default(),
        }
    }

    /// Whether each step of a task waits for its turn.
    fn orders_all(&self) -> bool {
        matches!(&self.course, Course::Script(script) if script.orders_all())
    }

    /// `who` goes on, within its segment.
    fn runs(&mut self, who: u8) -> Wake {
        self.crew.set(who, State::Running);
        self.settle()
    }

    /// A participant that opens its own way needs no wake-up: it has not gone to sleep.
    fn answer(&self, who: u8, wake: Wake) -> (Decision, Wake) {
        match self.may_go(who) {
            true => (Decision::Go, wake & !1u64.checked_shl(who.into()).unwrap_or(0)),
            false => (Decision::Wait, wake),
        }
    }

    /// `who` has come to its next event.
    fn moved(&mut self, who: u8, to: State) -> Wake {
        self.crew.set(who, to);
        if let Course::Script(script) = &mut self.course {
            script.end_segment(who);
        }
        self.settle()
    }

    fn settle(&mut self) -> Wake {
        match &mut self.course {
            Course::Free | Course::Fire(_) => 0,
            Course::Rendezvous(rendezvous) => rendezvous.settle(&mut self.crew),
            Course::Script(script) => script.settle(&mut self.crew),
        }
    }
}
