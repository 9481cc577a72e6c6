//! R21: a semaphore on the stack of the task that waits for it.
//!
//! The frame is a block of the heap that the waiter frees when it returns: the heap poisons it and finds out
//! which task wrote to it after that.

use core::ptr::NonNull;
use core::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::errno::Errno;
use kcore::event::{Class, Events, LockName, LockStep};
use kcore::experiment::Refusal;
use kcore::machine::{Cpu, Kind, Memory, Sched, TaskId};
use kcore::probe::Plan;
use kcore::settings::Form;
use kcore::sync::{Completion, Observed, SEEING_OFF, Semaphore};

use crate::machine::Kernel;
use crate::mm::heap;
use crate::observe::participant;

use super::Stage;

const NAME: LockName = LockName::event("request.served");

/// By which a waiter is told that something is done.
trait Signal: Send + Sync {
    /// It is not done.
    fn new() -> Self;
    /// Waits until it is.
    fn wait(&self);
    /// It is done.
    fn signal(&self);
    /// Whether a waiter sleeps in `wait`.
    fn is_awaited(&self) -> bool;
}

impl Signal for Semaphore<Kernel, Observed> {
    fn new() -> Self {
        Semaphore::new(Observed::new(NAME), 0)
    }
    fn wait(&self) {
        self.down();
    }
    fn signal(&self) {
        self.up();
    }
    fn is_awaited(&self) -> bool {
        self.waiters() > 0
    }
}

impl Signal for Completion<Kernel, Observed> {
    fn new() -> Self {
        Completion::new(Observed::new(NAME))
    }
    fn wait(&self) {
        Completion::wait(self);
    }
    fn signal(&self) {
        self.complete();
    }
    fn is_awaited(&self) -> bool {
        self.waiters() > 0
    }
}

/// One round: A makes `quanta` requests and waits for each, B serves them, and all other tasks look on.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    match stage.resolved.lock {
        Form::Completion => requests::<Completion<Kernel, Observed>>(stage),
        _ => requests::<Semaphore<Kernel, Observed>>(stage),
    }
}

fn requests<S: Signal>(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    // SAFETY: the tasks, which alone use the frames, are joined before it is dropped.
    let experiment = unsafe { heap::Experiment::begin() }?;
    let desk = Desk::<S>::new();
    SCENE.set(resolved.lock, &resolved.plan);
    participant::interrupt_by(let_the_waiter_return);
    let out_of_memory = AtomicU64::new(0);
    stage.race(&|who| match who {
        0 => {
            let failed = (1..=u64::from(resolved.quanta)).find(|number| desk.request(*number).is_err());
            out_of_memory.fetch_add(failed.is_some().into(), Relaxed);
            desk.close();
        }
        1 => while desk.serve() {},
        _ => {}
    })?;
    stage.out_of_memory += out_of_memory.into_inner();
    stage.run.use_after_free += experiment.written_after_free();
    Ok(())
}

/// Where requests are handed over, one at a time.
struct Desk<S> {
    /// The signal in the frame of the task that makes the request; null when no more will come.
    request: AtomicPtr<S>,
    /// There is something in `request`.
    posted: Semaphore<Kernel>,
    /// Tells of the task that waits for that, since the experiment's points are in semaphores that tell for
    /// themselves.
    watch: Observed,
}

impl<S: Signal> Desk<S> {
    /// A block is aligned to this.
    const ALIGNED: () = assert!(align_of::<S>() <= 16);

    fn new() -> Self {
        let () = Self::ALIGNED;
        let name = LockName::event("desk.posted");
        Desk {
            request: AtomicPtr::default(),
            posted: Semaphore::new(Class::EVENT, 0),
            watch: Observed::new(name),
        }
    }

    /// A function with a signal in its frame. [`Errno::ENOMEM`] when there is no memory for the frame.
    fn request(&self, number: u64) -> Result<(), Errno> {
        let frame: NonNull<S> = Kernel::allocate(Kind::Quantum, size_of::<S>())?.cast();
        // SAFETY: a fresh block of this size, aligned to 16; no other task knows it.
        unsafe { frame.write(S::new()) };
        SCENE.enter(number);
        self.post(frame.as_ptr());
        // SAFETY: only this function frees it, below.
        unsafe { frame.as_ref() }.wait();
        // SAFETY: the request was served, and the task that has served it has no business here any more, or
        // so a programmer would say. If it is still there, it accesses atomics in a block that stays mapped
        // until the round is over.
        let freed = unsafe { Kernel::free(frame.cast()) };
        freed.expect("the block was allocated above");
        SCENE.leave(number);
        Ok(())
    }

    /// Serves a request. False when there are no more.
    fn serve(&self) -> bool {
        self.await_request();
        let Some(signal) = NonNull::new(self.request.load(Acquire)) else { return false };
        SCENE.serve();
        // SAFETY: the frame lives until its owner has returned from `wait`, which it does when `signal` has
        // told it. What `signal` does with it after that is the experiment; the block stays mapped until the
        // round is over.
        let signal = unsafe { signal.as_ref() };
        // A waiter that has not gone to sleep yet would find the unit without the help of a granter.
        while !signal.is_awaited() {
            Kernel::spinning();
            Kernel::relax();
            Kernel::yield_now();
        }
        signal.signal();
        true
    }

    /// A rendezvous does not wait for a task that waits.
    #[track_caller]
    fn await_request(&self) {
        if !self.posted.try_down() {
            self.watch.tell::<Kernel, _>(self, LockStep::Wait);
            self.posted.down();
            self.watch.tell::<Kernel, _>(self, LockStep::GaveUp);
        }
    }

    fn close(&self) {
        self.post(core::ptr::null_mut());
    }

    fn post(&self, request: *mut S) {
        // Pairs with the Acquire in `serve`.
        self.request.store(request, Release);
        self.posted.up();
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
