//! Requests that are handed over one at a time, each with a unit in the frame of the task that waits for it.
//!
//! All unsafe code of `stack-semaphore` is here. The frame is a block of the heap that the waiter frees when
//! it returns: the heap poisons it, and finds out that a task wrote to it after that.

use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{
    AtomicPtr, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use super::heap::HeapRound;
use super::rig::{Refusal, Rig};
use super::round::Stage;
use super::unit::Unit;
use crate::errno::Errno;
use crate::event::{Class, LockName, LockStep};
use crate::machine::{AtomicFlag, Kind, Sched};
use crate::settings::Form;
use crate::sync::{Ends, Inside, Observed, Semaphore, Told, Watch};

/// What a machine has to do with the requests.
pub trait Scene<I: Sched, W: Watch<I>>: Sync {
    /// A unit that no task has yet.
    fn unit(&self) -> Unit<I, W>;
    /// The caller is about to make request `number`.
    fn enter(&self, _number: u64) {}
    /// It is about to serve the last one, whose waiter waits for this unit.
    fn serve(&self, _unit: &Unit<I, W>) {}
    /// Its request was served, and its frame is gone.
    fn leave(&self, _number: u64) {}
}

impl<M: Rig> Stage<'_, M> {
    /// One round: A makes `quanta` requests and waits for each, B serves them, and all other tasks look on.
    pub fn requests<I: Sched, W: Watch<I> + Sync>(&mut self, scene: &dyn Scene<I, W>) -> Result<(), Refusal> {
        let quanta = self.resolved.quanta;
        // SAFETY: the tasks, which alone use the frames, are joined before it is dropped.
        let heap = unsafe { M::Heap::begin() }?;
        let desk = Desk::<M, I, W>::new(scene);
        let out_of_memory = AtomicU64::new(0);
        self.race(&|who| match who {
            0 => {
                let failed = (1..=u64::from(quanta)).find(|number| desk.request(*number).is_err());
                out_of_memory.fetch_add(failed.is_some().into(), Relaxed);
                desk.post(null_mut());
            }
            1 => while desk.serve() {},
            _ => {}
        })?;
        self.out_of_memory += out_of_memory.into_inner();
        self.run.use_after_free += heap.written_after_free();
        Ok(())
    }
}

impl<M: Rig + Ends> Stage<'_, M> {
    /// The same with units that are seen from within: what is shown is behind the step in which one is given.
    pub fn requests_from_within(&mut self) -> Result<(), Refusal> {
        self.requests::<Inside<M>, Class>(&Units(self.resolved.lock))
    }
}

/// Units of this form, and of words that tell of themselves.
struct Units(Form);

impl<M: Ends> Scene<Inside<M>, Class> for Units {
    fn unit(&self) -> Unit<Inside<M>, Class> {
        Unit::from_flag(self.0, Told::new(false), Class::EVENT, false)
    }
}

/// Where requests are handed over.
struct Desk<'a, M: Rig, I: Sched, W: Watch<I>> {
    scene: &'a dyn Scene<I, W>,
    /// The unit in the frame of the task that makes the request; null when no more will come.
    request: AtomicPtr<Unit<I, W>>,
    /// There is something in `request`.
    posted: Semaphore<M>,
    /// Tells of the task that waits for that, since the experiment's points are in semaphores that tell for
    /// themselves.
    watch: Observed,
}

impl<'a, M: Rig, I: Sched, W: Watch<I>> Desk<'a, M, I, W> {
    /// A block is aligned to this.
    const ALIGNED: () = assert!(align_of::<Unit<I, W>>() <= 16);

    fn new(scene: &'a dyn Scene<I, W>) -> Self {
        let () = Self::ALIGNED;
        Desk {
            scene,
            request: AtomicPtr::default(),
            posted: Semaphore::new(Class::EVENT, 0),
            watch: Observed::new(LockName::event("desk.posted")),
        }
    }

    /// A function with a unit in its frame. [`Errno::ENOMEM`] when there is no memory for the frame.
    fn request(&self, number: u64) -> Result<(), Errno> {
        let frame: NonNull<Unit<I, W>> = M::allocate(Kind::Quantum, size_of::<Unit<I, W>>())?.cast();
        // SAFETY: a fresh block of this size, aligned to 16; no other task knows it.
        unsafe { frame.write(self.scene.unit()) };
        self.scene.enter(number);
        self.post(frame.as_ptr());
        // SAFETY: only this function frees it, below.
        unsafe { frame.as_ref() }.lock().enter(W::place());
        // SAFETY: the request was served, and the task that has served it has no business here any more, or
        // so a programmer would say. If it is still there, it accesses atomics in a block that stays mapped
        // until the round is over.
        let freed = unsafe { M::free(frame.cast()) };
        freed.expect("the block was allocated above");
        self.scene.leave(number);
        Ok(())
    }

    /// Serves a request. False when there are no more.
    fn serve(&self) -> bool {
        self.await_request();
        let Some(unit) = NonNull::new(self.request.load(Acquire)) else { return false };
        // SAFETY: the frame lives until its owner has returned from its wait, which it does when it has the
        // unit. What is done with it after that is the experiment; the block stays mapped until the round is
        // over.
        let unit = unsafe { unit.as_ref() };
        self.scene.serve(unit);
        unit.lock().leave(W::place());
        true
    }

    /// A rendezvous does not wait for a task that waits.
    #[track_caller]
    fn await_request(&self) {
        if !self.posted.try_down() {
            self.watch.tell::<M, _>(self, LockStep::Wait);
            self.posted.down();
            self.watch.tell::<M, _>(self, LockStep::GaveUp);
        }
    }

    fn post(&self, request: *mut Unit<I, W>) {
        // Pairs with the Acquire in `serve`.
        self.request.store(request, Release);
        self.posted.up();
    }
}
