//! A spinlock that a handler takes, and that is also taken where that handler may come: on the CPU of the task that
//! has it, it waits for ever.
//!
//! Each part of an execution has a CPU of its own, as far as it knows, so that this happens in none. But it is
//! seen in each in which a part has had the lock, and the handler could as well have come just then: of what
//! the handler did before it wanted the lock nothing had to come after the part gave it back, and of what the
//! part did until then nothing had to come after the handler began. So there is an execution in which the part
//! stands still inside, and the handler comes and wants the lock.

use kcore::event::{LockId, Waiting};
use kcore::explore::{Act, Object, Of, Step};
use kcore::machine::Context;
use kcore::place::Place;

use super::agents::is_right;
use super::turns::with;
use super::world::World;
use crate::arch::cpu;
use crate::context;

/// What may come on top of the running task where it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Open {
    to_handlers: bool,
    to_softirqs: bool,
}

impl Open {
    /// Here and now.
    pub(super) fn here() -> Self {
        let to_handlers = cpu::irq_are_on() && context::current() != Context::Hardirq;
        Open { to_handlers, to_softirqs: to_handlers && context::may_run_softirqs() }
    }

    fn is_to(self, context: Context) -> bool {
        match context {
            Context::Hardirq => self.to_handlers,
            Context::Softirq => self.to_softirqs,
            Context::Task => false,
        }
    }
}

/// A spinlock that was taken.
#[derive(Clone, Copy)]
pub(super) struct Taken {
    /// By which step of the execution, and which part.
    step: usize,
    who: u8,
    object: Object,
    units: u64,
    /// How many there are.
    all: u64,
    lock: LockId,
    at: Place,
    context: Context,
    open: Open,
}

/// One that is taken by a handler, and elsewhere where that may come.
#[derive(Clone, Copy, Debug)]
pub struct Clash {
    /// What it is called.
    pub name: &'static str,
    /// Where it is taken otherwise.
    pub taken: Place,
    /// Where the handler takes it.
    pub wanted: Place,
    /// In what.
    pub context: Context,
}

impl World {
    /// Part `who` makes a step, which is number `step` of the execution.
    pub(super) fn note_taken(&mut self, who: u8, made: Step, step: usize) {
        let part = &self.parts[usize::from(who)];
        let (Of::Lock(lock), Act::Take { units, initially }) = (part.of, made.act) else { return };
        if lock.name.waiting == Waiting::Spins
            && part.at.of_driver().is_some()
            && !self.agents.staff.is_empty()
        {
            self.taken.push(Taken {
                step,
                who,
                object: made.object,
                units,
                all: initially,
                lock,
                at: part.at,
                context: part.actor.context,
                open: part.open,
            });
        }
    }

    fn clash(&self) -> Option<Clash> {
        let by_handlers = self.taken.iter().filter(|taken| taken.context != Context::Task);
        by_handlers.flat_map(|wanted| self.taken.iter().map(move |taken| (taken, wanted))).find_map(
            |(taken, wanted)| {
                let is_of_both = taken.object == wanted.object && taken.who != wanted.who;
                let keeps = taken.units + wanted.units > wanted.all;
                let may_come = taken.step < wanted.step && taken.open.is_to(wanted.context);
                let is_one = is_of_both && keeps && may_come && self.may_meet(taken, wanted);
                is_one.then_some(Clash {
                    name: wanted.lock.name.name,
                    taken: taken.at,
                    wanted: wanted.at,
                    context: wanted.context,
                })
            },
        )
    }

    /// Whether the handler could have begun, and come to the lock, while the other part had it.
    fn may_meet(&self, taken: &Taken, wanted: &Taken) -> bool {
        let trace = self.driver.trace();
        let of = |who: u8, at: usize| trace.get(at).task == who;
        let gives = |at: &usize| {
            let step = trace.get(*at).step;
            of(taken.who, *at) && step.object == taken.object && matches!(step.act, Act::Give { .. })
        };
        let Some(given) = (taken.step + 1..trace.len()).find(gives) else { return false };
        let before = (0..wanted.step).rfind(|at| of(wanted.who, *at));
        let begins = (0..wanted.step).rfind(|at| of(wanted.who, *at) && is_right(&trace.get(*at).step));
        let (Some(before), Some(begins)) = (before, begins) else { return false };
        !trace.happened_before(given, before) && !trace.happened_before(begins, given)
    }
}

/// The first that is seen in the execution that was made.
pub fn clash() -> Option<Clash> {
    with(|world| world.clash())
}
