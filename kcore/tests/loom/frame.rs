//! An event on the stack of the task that waits for it (RACES.md R21): the completion survives it, the semaphore does not.

use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, Ordering::Relaxed};

use kcore::machine::AtomicFlag;
use kcore::sync::{Completion, Semaphore, Silent};

use crate::bodies::{Event, model, objects, spawn};
use crate::machine::{Dozing, LoomFlag};

/// A flag that knows whether it still exists, and objects to being used when it does not.
pub(crate) struct Mortal {
    flag: ManuallyDrop<LoomFlag>,
    is_gone: AtomicBool,
}

const GONE: &str = "used after its frame was gone";

impl Mortal {
    /// loom runs others before an operation, not after it: so the operation comes first and the question second.
    fn alive<R>(&self, result: R) -> R {
        assert!(!self.is_gone.load(Relaxed), "{GONE}");
        result
    }
}

impl Drop for Mortal {
    /// The load is for loom, which tries other orders only of accesses to the same location.
    fn drop(&mut self) {
        self.flag.load(Relaxed);
        self.is_gone.store(true, Relaxed);
    }
}

impl AtomicFlag for Mortal {
    fn new(set: bool) -> Self {
        Mortal { flag: ManuallyDrop::new(LoomFlag::new(set)), is_gone: AtomicBool::new(false) }
    }
    fn swap(&self, set: bool, order: Ordering) -> bool {
        self.alive(self.flag.swap(set, order))
    }
    fn load(&self, order: Ordering) -> bool {
        self.alive(self.flag.load(order))
    }
    fn store(&self, set: bool, order: Ordering) {
        self.flag.store(set, order);
        self.alive(());
    }
}

/// The frame: what is dropped in it is gone, but its memory stays, so that a late access is seen and not undefined.
struct Frame<E>(UnsafeCell<ManuallyDrop<E>>);

// SAFETY: the event is used by shared reference only, until one task drops it; later uses are what is looked for, and
// find flags that stay readable after their drop.
unsafe impl<E: Sync> Sync for Frame<E> {}
// SAFETY: as above.
unsafe impl<E: Send> Send for Frame<E> {}

impl<E> Frame<E> {
    fn event(&self) -> &E {
        // SAFETY: the memory is valid for as long as the frame, and what lies there can be read after its drop.
        unsafe { &*self.0.get().cast::<E>() }
    }

    /// The function returns.
    fn end(&self) {
        // SAFETY: the waiter calls this once, at its end.
        unsafe { std::ptr::drop_in_place(self.0.get().cast::<E>()) };
    }
}

/// The waiter returns as soon as it can, and its frame with it. The one that completes must be out of it by then.
fn outlives_nobody<E: Event>() {
    let frame = Arc::new(Frame(UnsafeCell::new(ManuallyDrop::new(E::new()))));
    let tasks = [
        spawn(&frame, |frame| {
            frame.event().wait();
            frame.end();
        }),
        spawn(&frame, |frame| frame.event().complete()),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

/// As an event: `down` waits, `up` completes.
struct AsEvent(Semaphore<Dozing<Mortal>>);

impl Event for AsEvent {
    fn new() -> Self {
        AsEvent(Semaphore::from_flag(AtomicFlag::new(false), Silent, 0))
    }
    fn wait(&self) {
        self.0.down();
    }
    fn complete(&self) {
        self.0.up();
    }
}

#[test]
fn completion_on_the_stack() {
    model(3, outlives_nobody::<Completion<Dozing<Mortal>>>);
}

#[test]
fn semaphore_on_the_stack() {
    objects(GONE, outlives_nobody::<AsEvent>);
}
