//! A lock for many readers or one writer whose waiters sleep (LDD3 ch. 5, "Reader/Writer Semaphores"; LKD ch.
//! 10).
//!
//! It is fair: the task that comes first is served first, whether it reads or writes, so none starves. There
//! is a gate, through which all go in the order of their arrival. A reader goes through and leaves it open; a
//! writer closes it behind itself, waits until those that still read have gone, and opens it when it has
//! written.
//!
//! Each reader is announced as an owner, like a writer. The probe engine's table of locks knows one holder
//! for each: with several readers it is the one that came last, and the first that goes makes the lock look
//! free.

use core::fmt;
use core::sync::atomic::AtomicBool;

use crate::class;
use crate::event::{ALL_UNITS, Change, Class, LockStep, Mode};
use crate::machine::Sched;
use crate::sync::patience::Endless;
use crate::sync::raw_lock::RawLock;
use crate::sync::spinlock::{SpinGuard, SpinLock};
use crate::sync::waiter::{Dismissed, Waiter, Waiters, after};
use crate::sync::watch::{Inner, Watch, Watched};

/// A reader/writer semaphore.
///
/// Only tasks use it, neither interrupt handlers nor softirqs. So under its inner lock preemption is off, and
/// interrupts are not. Lock order: the inner lock -> nothing; a waiter that is let in is woken after it was
/// given back. `hold_cycles` of its counters are those of all readers and writers together.
#[doc(alias = "struct rw_semaphore")]
pub struct RwSemaphore<M: Sched, W: Watch<M> = Class> {
    state: SpinLock<State<M, W>, M, Inner>,
    watch: W,
}

type Locked<'a, M, W> = SpinGuard<'a, State<M, W>, M, Inner>;

struct State<M: Sched, W: Watch<M>> {
    /// How many read.
    readers: usize,
    /// A writer writes, or waits for the last reader to go.
    is_closed: bool,
    /// The tasks that wait at the gate. None does while it is open.
    gate: Waiters<M, (Mode, W::Wait)>,
    /// The writer inside the gate that sleeps until the last reader has gone. One at most.
    inside: Waiters<M, W::Wait>,
    /// A writer was let through the gate while some still read, and has not run since. This is what it
    /// brought along, until the last reader has gone.
    passed: Option<W::Wait>,
}

impl<M: Sched<Flag = AtomicBool>, W: Watch<M>> RwSemaphore<M, W> {
    /// A free semaphore. `watch` says what hears of it.
    #[doc(alias = "init_rwsem")]
    pub const fn new(watch: W) -> Self {
        RwSemaphore::from_flag(AtomicBool::new(false), watch)
    }
}

impl<M: Sched, W: Watch<M>> RwSemaphore<M, W> {
    /// A free semaphore made of a clear `flag`, for machines whose flags no `const` can make.
    pub const fn from_flag(flag: M::Flag, watch: W) -> Self {
        let state = State {
            readers: 0,
            is_closed: false,
            gate: Waiters::new(),
            inside: Waiters::new(),
            passed: None,
        };
        RwSemaphore {
            state: SpinLock::from_flag(flag, Inner(class!("inner lock of a reader/writer semaphore")), state),
            watch,
        }
    }

    /// Reads, together with other readers. Sleeps while a task writes, or has waited longer to write.
    ///
    /// A task that reads must not do this again: a writer may have come in between, and each would wait for
    /// the other.
    #[inline]
    #[track_caller]
    pub fn down_read(&self) {
        let place = W::place();
        self.watch.units(Change::Take(1), || self.free(), self.address(), place);
        let state = self.state.lock();
        if state.is_closed {
            self.sleep_at_gate(state, Mode::Shared, place);
        } else {
            self.admit_reader(state);
        }
        self.watch.announce(LockStep::Acquired, Mode::Shared, self.address(), place);
    }

    /// Reads if that is possible at once and says whether it is.
    #[inline]
    #[track_caller]
    #[doc(alias = "down_read_trylock")]
    #[must_use = "if it is true, there is an up_read to come"]
    pub fn try_down_read(&self) -> bool {
        let place = W::place();
        self.watch.units(Change::TryTake(1), || self.free(), self.address(), place);
        let state = self.state.lock();
        if state.is_closed {
            return false;
        }
        self.admit_reader(state);
        self.watch.announce(LockStep::Acquired, Mode::Shared, self.address(), place);
        true
    }

    /// Has the lock alone. Sleeps until all that came before have gone.
    #[inline]
    #[track_caller]
    pub fn down_write(&self) {
        self.enter(W::place());
    }

    /// Has the lock alone if no other task has it, and says whether it does.
    #[inline]
    #[track_caller]
    #[doc(alias = "down_write_trylock")]
    #[must_use = "if it is true, there is an up_write to come"]
    pub fn try_down_write(&self) -> bool {
        let place = W::place();
        self.watch.units(Change::TryTake(ALL_UNITS), || self.free(), self.address(), place);
        let mut state = self.state.lock();
        if state.is_closed || state.readers > 0 {
            return false;
        }
        self.admit_writer(&mut state, None);
        drop(state);
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
        true
    }

    /// Ends a reader. The last one lets the writer in that waits longest. It never sleeps.
    ///
    /// # Panics
    /// When no task reads.
    #[inline]
    #[track_caller]
    pub fn up_read(&self) {
        let place = W::place();
        self.watch.announce(LockStep::Release, Mode::Shared, self.address(), place);
        self.watch.units(Change::Give(1), || self.free(), self.address(), place);
        let mut state = self.state.lock();
        assert!(state.readers > 0, "up_read, and nobody reads");
        state.readers -= 1;
        self.watch.released();
        if state.readers > 0 {
            return;
        }
        if let Some(wait) = state.passed.take() {
            // Awake already, or about to be.
            self.watch.acquired(Some(wait));
        } else if let Some(granted) = state.inside.grant() {
            self.watch.acquired(granted.record);
            after::<M, _>(state, || M::wake(granted.task));
        }
    }

    /// Ends a writer. The waiters are let in: the first, or all readers up to the first writer. It never
    /// sleeps.
    ///
    /// # Panics
    /// When no task writes.
    #[inline]
    #[track_caller]
    pub fn up_write(&self) {
        self.leave(W::place());
    }

    /// The writer becomes a reader; no task writes in between. Waiting readers are let in. It never sleeps.
    ///
    /// # Panics
    /// When no task writes.
    #[track_caller]
    pub fn downgrade_write(&self) {
        let place = W::place();
        self.watch.announce(LockStep::Downgraded, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(ALL_UNITS - 1), || self.free(), self.address(), place);
        let mut state = self.state.lock();
        assert!(state.is_written(), "downgrade_write, and nobody writes");
        state.readers = 1;
        self.open(state);
    }

    fn admit_reader(&self, mut state: Locked<'_, M, W>) {
        state.readers += 1;
        self.watch.acquired(None);
    }

    fn admit_writer(&self, state: &mut State<M, W>, wait: Option<W::Wait>) {
        state.is_closed = true;
        self.watch.acquired(wait);
    }

    /// Opens the gate and lets in the waiters there: readers, until it is empty or a writer has closed it
    /// again.
    fn open(&self, mut state: Locked<'_, M, W>) {
        state.is_closed = false;
        let mut let_in = Dismissed::new();
        while !state.is_closed
            && let Some(record) = state.gate.dismiss(&mut let_in)
        {
            match record {
                Some((Mode::Exclusive, wait)) if state.readers > 0 => {
                    state.is_closed = true;
                    state.passed = Some(wait);
                }
                Some((Mode::Exclusive, wait)) => self.admit_writer(&mut state, Some(wait)),
                Some((Mode::Shared, wait)) => {
                    state.readers += 1;
                    self.watch.acquired(Some(wait));
                }
                None | Some((Mode::Passing, _)) => unreachable!("a waiter at the gate says what it wants"),
            }
        }
        let_in.wake_after(state);
    }

    /// Sleeps until the gate lets the caller through. A reader reads then.
    #[cold]
    #[inline(never)]
    fn sleep_at_gate(&self, mut state: Locked<'_, M, W>, mode: Mode, place: W::Place) {
        let waiter = Waiter::new((mode, W::wait()));
        // SAFETY: the node is new and lives in this frame, which ends after `sleep` has returned.
        unsafe { state.gate.push(&waiter) };
        drop(state);
        self.watch.announce(LockStep::Wait, mode, self.address(), place);
        let Ok(()) = waiter.sleep(Endless);
    }

    /// A writer was let through the gate: sleeps until those have gone that read before.
    fn wait_for_readers(&self) {
        let mut state = self.state.lock();
        if let Some(wait) = state.passed.take() {
            // It was announced at the gate that the caller waits.
            self.sleep_inside(state, wait, None);
        }
    }

    /// Sleeps until the last reader has gone. The caller has closed the gate.
    #[cold]
    #[inline(never)]
    fn sleep_inside(&self, mut state: Locked<'_, M, W>, wait: W::Wait, place: Option<W::Place>) {
        let waiter = Waiter::new(wait);
        // SAFETY: the node is new and lives in this frame, which ends after `sleep` has returned.
        unsafe { state.inside.push(&waiter) };
        drop(state);
        if let Some(place) = place {
            self.watch.announce(LockStep::Wait, Mode::Exclusive, self.address(), place);
        }
        let Ok(()) = waiter.sleep(Endless);
    }

    /// Units that are free: see [`Watch::units`].
    fn free(&self) -> u64 {
        let state = self.state.lock();
        if state.is_written() { 0 } else { ALL_UNITS - state.readers as u64 }
    }

    /// How many read at this moment. For reports.
    pub fn readers(&self) -> usize {
        self.state.lock().readers
    }

    /// Whether a task writes at this moment. For assertions and reports.
    pub fn is_write_locked(&self) -> bool {
        self.state.lock().is_written()
    }

    /// Tasks that wait at this moment. For reports.
    pub fn waiters(&self) -> usize {
        let state = self.state.lock();
        state.gate.len() + state.inside.len() + usize::from(state.passed.is_some())
    }
}

impl<M: Sched, W: Watch<M>> State<M, W> {
    fn is_written(&self) -> bool {
        self.is_closed && self.readers == 0
    }
}

impl<M: Sched, W: Watch<M>> Watched for RwSemaphore<M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        &self.watch
    }
}

/// Taken for writing.
impl<M: Sched, W: Watch<M>> RawLock<M> for RwSemaphore<M, W> {
    #[inline]
    fn enter(&self, place: W::Place) {
        self.watch.units(Change::Take(ALL_UNITS), || self.free(), self.address(), place);
        let mut state = self.state.lock();
        if state.is_closed {
            self.sleep_at_gate(state, Mode::Exclusive, place);
            self.wait_for_readers();
        } else if state.readers > 0 {
            state.is_closed = true;
            let wait = W::wait();
            self.sleep_inside(state, wait, Some(place));
        } else {
            self.admit_writer(&mut state, None);
            drop(state);
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    #[inline]
    fn leave(&self, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(ALL_UNITS), || self.free(), self.address(), place);
        let state = self.state.lock();
        assert!(state.is_written(), "up_write, and nobody writes");
        self.watch.released();
        self.open(state);
    }

    fn is_held(&self) -> bool {
        self.is_write_locked()
    }
}

impl<M: Sched, W: Watch<M>> fmt::Debug for RwSemaphore<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RwSemaphore")
            .field("readers", &self.readers())
            .field("write_locked", &self.is_write_locked())
            .field("waiters", &self.waiters())
            .finish_non_exhaustive()
    }
}
