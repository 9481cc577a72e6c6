//! An event on the stack of the task that waits for it (RACES.md R21): the completion survives it, the
//! semaphore does not. And a waiter on its own stack, which a waker may still have in a list when it has
//! given the lock back.

use std::cell::UnsafeCell;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, Ordering::Relaxed};

use kcore::class;
use kcore::dev::PollTable;
use kcore::event::Class;
use kcore::machine::AtomicFlag;
use kcore::sync::{Completion, RwSemaphore, Semaphore, SpinLock, WaitQueue};

use crate::bodies::{Event, model, objects, spawn};
use crate::machine::{Dozing, LoomFlag, interrupt_all};

/// A flag that knows whether it still exists, and objects to being used when it does not.
pub(crate) struct Mortal {
    flag: ManuallyDrop<LoomFlag>,
    is_gone: AtomicBool,
}

const GONE: &str = "used after its frame was gone";

impl Mortal {
    /// loom runs others before an operation, not after it: so the operation comes first and the question
    /// second.
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

/// The frame: what is dropped in it is gone, but its memory stays, so that a late access is seen and not
/// undefined.
struct Frame<E>(UnsafeCell<ManuallyDrop<E>>);

// SAFETY: the event is used by shared reference only, until one task drops it; later uses are what is looked
// for, and find flags that stay readable after their drop.
unsafe impl<E: Sync> Sync for Frame<E> {}
// SAFETY: as above.
unsafe impl<E: Send> Send for Frame<E> {}

impl<E> Frame<E> {
    fn event(&self) -> &E {
        // SAFETY: the memory is valid for as long as the frame, and what lies there can be read after its
        // drop.
        unsafe { &*self.0.get().cast::<E>() }
    }

    /// The function returns.
    fn end(&self) {
        // SAFETY: the waiter calls this once, at its end.
        unsafe { std::ptr::drop_in_place(self.0.get().cast::<E>()) };
    }
}

/// The waiter returns as soon as it can, and its frame with it. The one that completes must be out of it by
/// then.
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
        AsEvent(Semaphore::from_flag(AtomicFlag::new(false), Class::EVENT, 0))
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

/// A completion that is completed for all.
struct ForAll(Completion<Dozing<Mortal>>);

impl Event for ForAll {
    fn new() -> Self {
        ForAll(Event::new())
    }
    fn wait(&self) {
        self.0.wait();
    }
    fn complete(&self) {
        self.0.complete_all();
    }
}

/// The writer goes, which had it from the start, and lets the waiter in.
struct WriterGoes(RwSemaphore<Dozing<Mortal>>);

impl Event for WriterGoes {
    fn new() -> Self {
        let semaphore = RwSemaphore::from_flag(AtomicFlag::new(false), class!("test"));
        semaphore.down_write();
        WriterGoes(semaphore)
    }
    fn wait(&self) {
        self.0.down_read();
    }
    fn complete(&self) {
        self.0.up_write();
    }
}

#[test]
fn completed_for_all_on_the_stack() {
    model(3, outlives_nobody::<ForAll>);
}

/// Several are let in at once, so they are told after the inner lock was given back, by what lies on their
/// own stacks.
#[test]
fn reader_writer_semaphore_on_the_stack_of_who_waits_in_it() {
    model(3, outlives_nobody::<WriterGoes>);
}

// A waiter gives up, and goes, while it is woken.

/// Something in which a task waits that has a signal already, and by which others are woken.
trait Left: Send + Sync + 'static {
    fn new() -> Self;
    /// Waits, gives up, and is gone.
    fn give_up(&self);
    fn wake(&self);
}

impl Left for WaitQueue<Dozing<Mortal>> {
    fn new() -> Self {
        WaitQueue::from_flag(AtomicFlag::new(false), Class::EVENT)
    }
    fn give_up(&self) {
        self.wait_event_interruptible(|| false).expect_err("it has a signal");
    }
    fn wake(&self) {
        self.wake_up_all();
    }
}

/// [`WaitQueue`], of whose waiters one is woken.
struct OneByOne(WaitQueue<Dozing<Mortal>>);

impl Left for OneByOne {
    fn new() -> Self {
        OneByOne(Left::new())
    }
    fn give_up(&self) {
        self.0.wait_event_interruptible_exclusive(|| false).expect_err("it has a signal");
    }
    fn wake(&self) {
        self.0.wake_up();
    }
}

/// [`WaitQueue`], in which a task stands that waits for more than that.
struct Stood(WaitQueue<Dozing<Mortal>>);

impl Left for Stood {
    fn new() -> Self {
        Stood(Left::new())
    }
    fn give_up(&self) {
        let mut table = PollTable::new();
        table.wait(&self.0);
        let _woken_or_not = table.sleep_interruptible();
    }
    fn wake(&self) {
        self.0.wake_up();
    }
}

impl Left for Completion<Dozing<Mortal>> {
    fn new() -> Self {
        Event::new()
    }
    fn give_up(&self) {
        let _served_or_not = self.wait_interruptible();
    }
    fn wake(&self) {
        self.complete_all();
    }
}

fn is_left<L: Left>() {
    let left = Arc::new(L::new());
    interrupt_all();
    let tasks = [spawn(&left, |left| left.give_up()), spawn(&left, |left| left.wake())];
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

#[test]
fn a_waiter_does_not_go_while_a_waker_has_it() {
    model(3, is_left::<WaitQueue<Dozing<Mortal>>>);
    model(3, is_left::<OneByOne>);
    model(3, is_left::<Stood>);
    model(3, is_left::<Completion<Dozing<Mortal>>>);
}

/// A queue of one, whose waker gives the lock back before it tells. `STAYS`: a waiter that is in the queue no
/// more stays until it is told.
struct Listed<const STAYS: bool>(SpinLock<Option<Arc<Frame<Mortal>>>, Dozing>);

impl<const STAYS: bool> Left for Listed<STAYS> {
    fn new() -> Self {
        Listed(SpinLock::from_flag(AtomicFlag::new(false), class!("test"), None))
    }
    fn give_up(&self) {
        let granted = Arc::new(Frame(UnsafeCell::new(ManuallyDrop::new(Mortal::new(false)))));
        *self.0.lock() = Some(granted.clone());
        let was_there = self.0.lock().take().is_some();
        while STAYS && !was_there && !granted.event().load(Ordering::Acquire) {
            loom::thread::yield_now();
        }
        granted.end();
    }
    fn wake(&self) {
        let listed = self.0.lock().take();
        if let Some(granted) = listed {
            granted.event().store(true, Ordering::Release);
        }
    }
}

#[test]
fn a_waiter_that_stays_until_it_is_told() {
    model(3, is_left::<Listed<true>>);
}

#[test]
fn a_waiter_that_goes_while_a_waker_has_it() {
    objects(GONE, is_left::<Listed<false>>);
}
