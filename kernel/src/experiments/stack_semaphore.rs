//! R21: a semaphore on the stack of the task that waits for it.

use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::event::{Events, LockName};
use kcore::experiment::{Refusal, stage};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::probe::Plan;
use kcore::settings::Form;
use kcore::sync::{Observed, SEEING_OFF};

use crate::machine::Kernel;
use crate::observe::participant;

use super::Stage;

const NAME: LockName = LockName::event("request.served");

/// One round: A makes `quanta` requests and waits for each, B serves them, and all other tasks look on.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    if stage.resolved.plan.orders_all() {
        return stage.requests_from_within();
    }
    SCENE.set(stage.resolved.lock, &stage.resolved.plan);
    participant::interrupt_by(let_the_waiter_return);
    stage.requests(&Clerk(stage.resolved.lock))
}

/// Has the scene know how far requests are, whose units are of this form.
struct Clerk(Form);

type Unit = stage::Unit<Kernel, Observed>;

impl stage::Scene<Kernel, Observed> for Clerk {
    fn unit(&self) -> Unit {
        Unit::from_flag(self.0, AtomicBool::new(false), Observed::new(NAME), false)
    }

    fn enter(&self, number: u64) {
        SCENE.enter(number);
    }

    /// A waiter that has not gone to sleep yet would find the unit without the help of a granter.
    fn serve(&self, unit: &Unit) {
        SCENE.serve();
        while unit.waiters() == 0 {
            Kernel::spinning();
            Kernel::relax();
            Kernel::yield_now();
        }
    }

    fn leave(&self, number: u64) {
        SCENE.leave(number);
    }
}

/// What [`let_the_waiter_return`] knows, since it takes no arguments.
static SCENE: Scene = Scene {
    waiter: AtomicU32::new(0),
    cpu: AtomicU32::new(0),
    entered: AtomicU64::new(0),
    served: AtomicU64::new(0),
    left: AtomicU64::new(0),
    at_the_door: AtomicU64::new(0),
    is_told: AtomicBool::new(false),
};

struct Scene {
    /// The task that makes the requests.
    waiter: AtomicU32,
    /// Its CPU.
    cpu: AtomicU32,
    /// The request that is under way, by number.
    entered: AtomicU64,
    /// The request that is served: its waiter may have made the next one before B comes to its point.
    served: AtomicU64,
    /// The last request whose frame is gone.
    left: AtomicU64,
    /// The last request whose waiter had come as far as to the inner lock, which its server still has.
    at_the_door: AtomicU64,
    /// Whether one of the two will be told of the waiter.
    is_told: AtomicBool,
}

impl Scene {
    /// A round begins.
    fn set(&self, lock: Form, plan: &Plan) {
        let tells = |points: &[_]| points.iter().any(|point| point == SEEING_OFF.name);
        let door = matches!(plan, Plan::Fire { points } if tells(points));
        // A semaphore has no door: its waiter just leaves.
        self.is_told.store(lock == Form::Semaphore || door, Relaxed);
        [&self.entered, &self.served, &self.left, &self.at_the_door]
            .iter()
            .for_each(|number| number.store(0, Relaxed));
    }

    fn enter(&self, number: u64) {
        self.waiter.store(Kernel::task().0, Relaxed);
        self.cpu.store(Kernel::cpu().0, Relaxed);
        self.entered.store(number, Relaxed);
    }

    /// The caller serves the request that was made last, whose waiter cannot make another before it is told.
    fn serve(&self) {
        self.served.store(self.entered.load(Relaxed), Relaxed);
    }

    fn leave(&self, number: u64) {
        // Pairs with the Acquire in `has_left`: the frame was poisoned before.
        self.left.store(number, Release);
    }

    /// Whether the waiter of request `number` has left, or stands where it cannot leave yet.
    fn has_left(&self, number: u64) -> bool {
        self.left.load(Acquire) >= number || self.at_the_door.load(Relaxed) >= number
    }
}

/// What the experiment does at its points. B is inside `up` and has handed the unit over: A is woken, as
/// anything might wake it, and B waits until A has left with its frame, or cannot leave because B has the
/// inner lock.
///
/// B has interrupts off, so with one CPU for both A cannot run before B goes on: there it does.
fn let_the_waiter_return() {
    let waiter = TaskId(SCENE.waiter.load(Relaxed));
    if Kernel::task() == waiter {
        SCENE.at_the_door.store(SCENE.entered.load(Relaxed), Relaxed);
        return;
    }
    if SCENE.cpu.load(Relaxed) == Kernel::cpu().0 || !SCENE.is_told.load(Relaxed) {
        return;
    }
    let number = SCENE.served.load(Relaxed);
    Kernel::wake(waiter);
    while !SCENE.has_left(number) {
        Kernel::spinning();
        Kernel::relax();
    }
}
