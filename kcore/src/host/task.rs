//! Threads as tasks.

use core::cell::{Cell, RefCell};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{Scope, ScopedJoinHandle, yield_now};
use std::time::Instant;
use std::{eprintln, process, thread_local};

use crate::holds::Held;
use crate::host::Host;
use crate::machine::{CpuId, Sleep, TaskId};
use crate::place::Place;

/// How long a task may sleep, or a test wait for a condition, until it counts as lost.
const PATIENCE: Duration = Duration::from_secs(60);
/// As long as this thread looks away by itself.
const LONGEST_TURN: Duration = Duration::from_millis(10);

/// The machine of threads that were not told theirs.
static DEFAULT: LazyLock<Host> = LazyLock::new(Host::new);

thread_local! {
    static HERE: RefCell<Option<Task>> = const { RefCell::new(None) };
}

/// The thread's side of a task.
pub(super) struct Task {
    pub(super) host: Host,
    pub(super) id: TaskId,
    pub(super) token: Arc<Token>,
    pub(super) interrupts: Cell<bool>,
    /// How often it has switched softirqs off, and not on again.
    pub(super) softirqs_off: Cell<i32>,
    /// The same for preemption.
    pub(super) preemption_off: Cell<i32>,
    pauses: Cell<u32>,
}

impl Task {
    /// A new task of `host`, on a CPU of its own.
    pub(super) fn new(host: &Host) -> Self {
        let token = Arc::new(Token::default());
        let id = host.enlist(&token);
        let (interrupts, softirqs_off, preemption_off) = (Cell::new(true), Cell::new(0), Cell::new(0));
        let pauses = Cell::new(0);
        Task { host: host.clone(), id, token, interrupts, softirqs_off, preemption_off, pauses }
    }

    /// One PAUSE more: how many there were.
    pub(super) fn pause(&self) -> u32 {
        self.pauses.set(self.pauses.get().wrapping_add(1));
        self.pauses.get()
    }

    /// The CPU has the task's number.
    pub(super) fn cpu(&self) -> CpuId {
        CpuId(self.id.0)
    }

    /// Runs `body` as this task, on this thread.
    pub(super) fn run<R>(self, body: impl FnOnce() -> R) -> R {
        let before = HERE.replace(Some(self));
        let _restore = Restore(before);
        body()
    }
}

/// Puts the thread's former task back, also when the body panics.
struct Restore(Option<Task>);

impl Drop for Restore {
    fn drop(&mut self) {
        HERE.replace(self.0.take());
    }
}

/// Calls `f` with the task that runs on this thread. It must not run code of a test.
pub(super) fn here<R>(f: impl FnOnce(&Task) -> R) -> R {
    HERE.with_borrow_mut(|task| f(task.get_or_insert_with(|| Task::new(&DEFAULT))))
}

/// Tasks of a [`Host`] that may borrow from the test and end before it does: see [`Host::scope`].
#[derive(Clone, Copy)]
pub struct Tasks<'scope, 'env> {
    pub(super) host: &'env Host,
    pub(super) scope: &'scope Scope<'scope, 'env>,
}

impl<'scope> Tasks<'scope, '_> {
    /// Starts a task. Numbers go by the order of these calls.
    pub fn spawn<R: Send + 'scope>(
        &self,
        body: impl FnOnce() -> R + Send + 'scope,
    ) -> ScopedJoinHandle<'scope, R> {
        let task = Task::new(self.host);
        self.scope.spawn(move || task.run(body))
    }
}

/// Waits until `condition` holds. A test drives others to a known place with it; it panics after a minute in
/// which it could look.
#[track_caller]
pub fn until(condition: impl Fn() -> bool) {
    let mut looked = Duration::ZERO;
    while !condition() {
        assert!(looked < PATIENCE, "the condition at {} never held", Place::caller());
        let turn = Instant::now();
        yield_now();
        // A turn that took longer was the host's, which had other work.
        looked += turn.elapsed().min(LONGEST_TURN);
    }
}

/// One kept wake-up, and a signal.
#[derive(Default)]
pub(super) struct Token {
    kept: Mutex<bool>,
    /// The task waits for a wake-up.
    asleep: AtomicBool,
    /// It has come to its end.
    ended: AtomicBool,
    /// It was given up: where it looks next, it stays.
    doomed: AtomicBool,
    /// The observed locks that it has.
    pub(super) held: Held,
    changed: Condvar,
    /// The sleeps that the task's signal ends, and all that end more easily; `None` without a signal.
    signal: Mutex<Option<Sleep>>,
}

impl Token {
    /// Sleeps until there is a wake-up and uses it up. A task that no other wakes ends the process: to unwind
    /// is not allowed out of a sleep, and a test that hangs says nothing. `sleeps` is called when the others
    /// see that it sleeps.
    pub(super) fn wait(&self, task: TaskId, sleeps: impl FnOnce()) {
        self.asleep.store(true, SeqCst);
        sleeps();
        let kept = lock(&self.kept);
        let (mut kept, timeout) = self
            .changed
            .wait_timeout_while(kept, PATIENCE, |kept| !*kept)
            .unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            eprintln!("task {} slept for {PATIENCE:?}: a wake-up was lost", task.0);
            process::abort();
        }
        // Under the lock: one that looks finds it asleep, or woken, or awake.
        self.asleep.store(false, SeqCst);
        *kept = false;
    }

    /// Sleeps until there is a wake-up, and uses it up, or until `longest` is over.
    pub(super) fn wait_for(&self, longest: Duration) {
        let waited = self.changed.wait_timeout_while(lock(&self.kept), longest, |kept| !*kept);
        let (mut kept, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *kept = false;
    }

    /// A signal that ends sleeps of the kind `ends` and all that end more easily. It stays until it is taken.
    pub(super) fn signal(&self, ends: Sleep) {
        let mut signal = lock(&self.signal);
        *signal = Some(signal.map_or(ends, |before| before.min(ends)));
        drop(signal);
        self.wake();
    }

    /// Takes the signal away; whether there was one.
    pub(super) fn take_signal(&self) -> bool {
        lock(&self.signal).take().is_some()
    }

    /// Whether there is a signal that ends such a sleep.
    pub(super) fn is_signalled(&self, sleep: Sleep) -> bool {
        sleep != Sleep::Uninterruptible && lock(&self.signal).is_some_and(|ends| ends <= sleep)
    }

    /// Whether the task sleeps, and nothing has woken it.
    pub(super) fn is_still(&self) -> bool {
        let kept = lock(&self.kept);
        self.asleep.load(SeqCst) && !*kept
    }

    /// The task has come to its end.
    pub(super) fn end(&self) {
        self.ended.store(true, SeqCst);
    }

    /// Whether it has.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(SeqCst)
    }

    /// The task is given up.
    pub(super) fn doom(&self) {
        self.doomed.store(true, SeqCst);
        self.wake();
    }

    /// Whether it was.
    pub(super) fn is_doomed(&self) -> bool {
        self.doomed.load(SeqCst)
    }

    /// Wakes, or keeps the wake-up.
    pub(super) fn wake(&self) {
        *lock(&self.kept) = true;
        self.changed.notify_one();
    }
}

/// A test that panics elsewhere does not make what it held invalid.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
