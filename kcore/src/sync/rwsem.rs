//! A lock for many readers or one writer whose waiters sleep (LDD3 ch. 5, "Reader/Writer Semaphores"; LKD ch.
//! 10).
//!
//! A task that cannot come in looks for a while whether it can. Then it stands in line, and none starves:
//! there is a gate, through which all that stand there go in the order of their arrival, whether they read or
//! write, and no other task before them. A reader goes through and leaves it open; a writer closes it behind
//! itself, waits until those that still read have gone, and opens it when it has written.
//!
//! Each reader is announced as an owner, like a writer. The probe engine's table of locks knows one holder
//! for each: with several readers it is the one that came last, and the first that goes makes the lock look
//! free.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::class;
use crate::event::{ALL_UNITS, Change, Class, LockStep, Mode};
use crate::machine::Sched;
use crate::sync::patience::Endless;
use crate::sync::polling::poll;
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
    /// How many read. Written under the lock of `state`. Read without it as a hint, and so is the next.
    readers: AtomicUsize,
    /// A writer writes, or waits for the last reader to go.
    is_closed: AtomicBool,
    watch: W,
}

type Locked<'a, M, W> = SpinGuard<'a, State<M, W>, M, Inner>;

struct State<M: Sched, W: Watch<M>> {
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
        let state = State { gate: Waiters::new(), inside: Waiters::new(), passed: None };
        RwSemaphore {
            state: SpinLock::from_flag(flag, Inner(class!("inner lock of a reader/writer semaphore")), state),
            readers: AtomicUsize::new(0),
            is_closed: AtomicBool::new(false),
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
        if self.admit_reader(&state, &mut None) {
            drop(state);
        } else {
            self.wait(state, Mode::Shared, place);
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
        let admitted = self.admit_reader(&self.state.lock(), &mut None);
        if admitted {
            self.watch.announce(LockStep::Acquired, Mode::Shared, self.address(), place);
        }
        admitted
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
        let admitted = self.admit_writer(&self.state.lock(), &mut None);
        if admitted {
            self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
        }
        admitted
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
        let readers = self.readers.load(Relaxed);
        assert!(readers > 0, "up_read, and nobody reads");
        self.readers.store(readers - 1, Relaxed);
        self.watch.released();
        if readers > 1 {
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
        let state = self.state.lock();
        assert!(self.is_written(&state), "downgrade_write, and nobody writes");
        self.readers.store(1, Relaxed);
        self.open(state);
    }

    /// One reader more, after `wait`, if the gate is open; and says whether it is.
    #[inline]
    fn admit_reader(&self, _state: &Locked<'_, M, W>, wait: &mut Option<W::Wait>) -> bool {
        let is_open = !self.is_closed.load(Relaxed);
        if is_open {
            self.readers.store(self.readers.load(Relaxed) + 1, Relaxed);
            self.watch.acquired(wait.take());
        }
        is_open
    }

    /// A writer, after `wait`, if the lock is free; and says whether it is.
    #[inline]
    fn admit_writer(&self, _state: &Locked<'_, M, W>, wait: &mut Option<W::Wait>) -> bool {
        let is_free = self.looks_free();
        if is_free {
            self.is_closed.store(true, Relaxed);
            self.watch.acquired(wait.take());
        }
        is_free
    }

    /// Whether a writer could come in. Exact under the inner lock.
    #[inline]
    fn looks_free(&self) -> bool {
        !self.is_closed.load(Relaxed) && self.readers.load(Relaxed) == 0
    }

    /// Opens the gate and lets in the waiters there: readers, until it is empty or a writer has closed it
    /// again.
    #[inline]
    fn open(&self, state: Locked<'_, M, W>) {
        self.is_closed.store(false, Relaxed);
        if state.gate.len() > 0 {
            self.let_in(state);
        }
    }

    #[cold]
    #[inline(never)]
    fn let_in(&self, mut state: Locked<'_, M, W>) {
        let mut let_in = Dismissed::new();
        while !self.is_closed.load(Relaxed)
            && let Some(record) = state.gate.dismiss(&mut let_in)
        {
            let (mode, wait) = record.expect("a waiter at the gate says what it wants");
            let mut wait = Some(wait);
            if mode == Mode::Shared {
                self.admit_reader(&state, &mut wait);
            } else if !self.admit_writer(&state, &mut wait) {
                self.is_closed.store(true, Relaxed);
                state.passed = wait;
            }
        }
        let_in.wake_after(state);
    }

    /// Waits until the caller is let in: looks for a while, and then stands in line.
    #[cold]
    #[inline(never)]
    fn wait<'a>(&'a self, mut state: Locked<'a, M, W>, mode: Mode, place: W::Place) {
        let mut wait = Some(W::wait());
        let polls = M::LOOKS > 0 && self.watch.polls() && M::may_poll();
        if polls {
            drop(state);
            self.watch.announce(LockStep::Wait, mode, self.address(), place);
            poll::<M, W>(M::may_poll, || {
                let looks_free =
                    if mode == Mode::Shared { !self.is_closed.load(Relaxed) } else { self.looks_free() };
                looks_free && self.admit(&self.state.lock(), mode, &mut wait)
            });
            state = self.state.lock();
            if wait.is_none() || self.admit(&state, mode, &mut wait) {
                return;
            }
        }
        let Some(wait) = wait else { return };
        let place = (!polls).then_some(place);
        if self.is_closed.load(Relaxed) {
            self.sleep_at_gate(state, mode, wait, place);
            if mode == Mode::Exclusive {
                self.wait_for_readers();
            }
        } else {
            self.is_closed.store(true, Relaxed);
            self.sleep_inside(state, wait, place);
        }
    }

    /// Lets the caller in if that is possible at once.
    fn admit(&self, state: &Locked<'_, M, W>, mode: Mode, wait: &mut Option<W::Wait>) -> bool {
        if mode == Mode::Shared { self.admit_reader(state, wait) } else { self.admit_writer(state, wait) }
    }

    /// Sleeps until the gate lets the caller through. A reader reads then.
    fn sleep_at_gate(&self, mut state: Locked<'_, M, W>, mode: Mode, wait: W::Wait, place: Option<W::Place>) {
        let waiter = Waiter::new((mode, wait));
        // SAFETY: the node is new and lives in this frame, which ends after `sleep` has returned.
        unsafe { state.gate.push(&waiter) };
        drop(state);
        self.announce_wait(mode, place);
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
    fn sleep_inside(&self, mut state: Locked<'_, M, W>, wait: W::Wait, place: Option<W::Place>) {
        let waiter = Waiter::new(wait);
        // SAFETY: the node is new and lives in this frame, which ends after `sleep` has returned.
        unsafe { state.inside.push(&waiter) };
        drop(state);
        self.announce_wait(Mode::Exclusive, place);
        let Ok(()) = waiter.sleep(Endless);
    }

    /// Tells that the caller waits, unless that was told.
    fn announce_wait(&self, mode: Mode, place: Option<W::Place>) {
        if let Some(place) = place {
            self.watch.announce(LockStep::Wait, mode, self.address(), place);
        }
    }

    /// Units that are free: see [`Watch::units`].
    fn free(&self) -> u64 {
        let state = self.state.lock();
        if self.is_written(&state) { 0 } else { ALL_UNITS - self.readers.load(Relaxed) as u64 }
    }

    /// How many read at this moment. For reports.
    pub fn readers(&self) -> usize {
        let _state = self.state.lock();
        self.readers.load(Relaxed)
    }

    /// Whether a task writes at this moment. For assertions and reports.
    pub fn is_write_locked(&self) -> bool {
        self.is_written(&self.state.lock())
    }

    /// Tasks that wait at this moment. For reports.
    pub fn waiters(&self) -> usize {
        let state = self.state.lock();
        state.gate.len() + state.inside.len() + usize::from(state.passed.is_some())
    }

    /// Whether a task writes.
    #[inline]
    fn is_written(&self, _state: &Locked<'_, M, W>) -> bool {
        self.is_closed.load(Relaxed) && self.readers.load(Relaxed) == 0
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
        let state = self.state.lock();
        if self.admit_writer(&state, &mut None) {
            drop(state);
        } else {
            self.wait(state, Mode::Exclusive, place);
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    #[inline]
    fn leave(&self, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(ALL_UNITS), || self.free(), self.address(), place);
        let state = self.state.lock();
        assert!(self.is_written(&state), "up_write, and nobody writes");
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
