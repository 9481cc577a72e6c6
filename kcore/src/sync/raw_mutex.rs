//! A sleeping lock that knows its owner (LDD3 ch. 5, "Semaphores and Mutexes"; LKD ch. 10, "Mutexes").
//!
//! A semaphore hands its unit to the first sleeper, which must wake up before anything goes on: with
//! contention each turn costs a wake-up across CPUs, and all the others queue up behind it (a lock convoy).
//! So here
//!
//! - the lock is one word, which the first instruction of [`lock`](RawMutex::lock) takes and the last of
//!   [`unlock`](RawMutex::unlock) gives back, if no task waits that is to be woken;
//! - a task that finds the lock taken spins for a while, as long as the owner runs, before it queues up and
//!   sleeps;
//! - `unlock` frees the lock and wakes the first sleeper, which tries like any other task. One that runs
//!   already may be quicker, and need not be woken;
//! - a sleeper that was woken and came too late a few times is handed the lock at the next `unlock`, so no
//!   waiter starves.

use core::fmt;
use core::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::class;
use crate::errno::Errno;
use crate::event::{Change, Class, LockStep, Mode};
use crate::machine::{AtomicFlag, Sched, Sleep, TaskId};
use crate::sync::atomic_word::{AtomicWord, LockedWord};
use crate::sync::patience::{Endless, Patience, UntilSignal};
use crate::sync::polling::poll;
use crate::sync::raw_lock::RawLock;
use crate::sync::spinlock::SpinLock;
use crate::sync::waiter::{Waiter, Waiters, after};
use crate::sync::watch::{Inner, Watch, Watched};

/// How often the first sleeper is woken and comes too late until it is handed the lock.
const MOST_LOSSES: u32 = 4;

/// The word of a lock that is free.
const FREE: usize = 0;

/// In the word of a lock that a task has: there are sleepers, and the first was not woken since it looked.
const WAITED: usize = 1;

/// The word of a lock that `task` has.
#[inline(always)]
const fn word_of(task: TaskId) -> usize {
    (task.0 as usize + 1) << 1
}

/// A lock that one task at a time can have, without a value.
///
/// Only tasks may use it, neither interrupt handlers nor softirqs, and only the owner gives it back. A
/// handler that takes it all the same must not find the inner lock taken by its own CPU, or no report could
/// say what it did: so under that lock interrupts are off.
/// Lock order: its inner lock -> nothing.
#[doc(alias = "struct mutex")]
pub struct RawMutex<M: Sched, W: Watch<M> = Class> {
    /// [`FREE`], or the [word](word_of) of the task that has it, with [`WAITED`] or not.
    ///
    /// | from | to | by |
    /// |---|---|---|
    /// | free | the task's own, with `WAITED` if others sleep | a task that takes it; under the inner lock if it sleeps |
    /// | an owner's | with `WAITED` | a task that is about to sleep, under the inner lock |
    /// | its own with `WAITED` | without | the owner, under the inner lock |
    /// | its own without `WAITED` | free | the owner: its last access to the lock |
    /// | its own with `WAITED` | that of a sleeper, to which the lock is handed | the owner, under the inner lock |
    ///
    /// So a task that has set `WAITED` and lets the inner lock go is woken: the owner must come through that
    /// lock. And whether the reader itself is the owner is no hint: no other task makes it so, or makes it
    /// end, while the reader runs.
    word: M::Word,
    sleepers: SpinLock<Sleepers<M, W>, M, Inner>,
    watch: W,
}

struct Sleepers<M: Sched, W: Watch<M>> {
    queue: Waiters<M, W::Wait>,
    /// The first of the queue was woken and has not looked yet. It need not be woken again.
    woken: bool,
    /// How often the first of the queue was woken and found the lock taken.
    losses: u32,
}

impl<M: Sched, W: Watch<M>> Sleepers<M, W> {
    /// `waiter` has looked and found the lock taken.
    fn lost(&mut self, waiter: &Waiter<M, W::Wait>) {
        waiter.change_record(W::failed);
        if self.woken && self.queue.is_first(waiter) {
            self.woken = false;
            self.losses += 1;
        }
    }

    /// `waiter` sleeps no more.
    fn leave(&mut self, waiter: &Waiter<M, W::Wait>) {
        if self.queue.is_first(waiter) {
            self.begin_anew();
        }
        self.queue.remove(waiter);
    }

    /// Another waiter is the first.
    fn begin_anew(&mut self) {
        self.woken = false;
        self.losses = 0;
    }
}

impl<M: Sched<Flag = AtomicBool, Word = AtomicUsize>, W: Watch<M>> RawMutex<M, W> {
    /// A free lock. `watch` says what hears of it.
    #[doc(alias = "mutex_init")]
    pub const fn new(watch: W) -> Self {
        RawMutex::from_parts(AtomicUsize::new(FREE), AtomicBool::new(false), watch)
    }
}

impl<M: Sched, W: Watch<M>> RawMutex<M, W> {
    /// [`new`](RawMutex::new) for machines whose words no `const` can make.
    pub fn of(watch: W) -> Self {
        RawMutex::from_parts(M::Word::new(FREE), M::Flag::new(false), watch)
    }

    const fn from_parts(word: M::Word, flag: M::Flag, watch: W) -> Self {
        let sleepers = Sleepers { queue: Waiters::new(), woken: false, losses: 0 };
        let sleepers = SpinLock::from_flag(flag, Inner(class!("inner lock of a mutex")), sleepers);
        RawMutex { word, sleepers, watch }
    }

    /// Takes the lock; spins for a while and then sleeps until it is free.
    ///
    /// The owner itself waits for ever, as with any lock (RACES.md R25), and the watchdog names it.
    /// [`lock_checked`](RawMutex::lock_checked) is for callers that want to know.
    #[inline]
    #[track_caller]
    #[doc(alias = "mutex_lock")]
    pub fn lock(&self) {
        self.enter(W::place());
    }

    /// [`lock`](RawMutex::lock), unless the caller has the lock already (POSIX: `PTHREAD_MUTEX_ERRORCHECK`).
    ///
    /// # Errors
    /// [`Errno::EDEADLK`]: it has. Nothing changed: one `unlock` gives it back.
    #[track_caller]
    pub fn lock_checked(&self) -> Result<(), Errno> {
        if self.is_mine() {
            return Err(Errno::EDEADLK);
        }
        self.enter(W::place());
        Ok(())
    }

    /// [`lock`](RawMutex::lock), until the task has a signal. A lock that is free is taken even then.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: a signal came first. The caller does not have the lock.
    #[track_caller]
    #[doc(alias = "mutex_lock_interruptible")]
    pub fn lock_interruptible(&self) -> Result<(), Errno> {
        self.enter_interruptible(W::place())
    }

    /// [`lock`](RawMutex::lock), until the task has a signal that kills it.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: the signal came first. The caller does not have the lock.
    #[track_caller]
    #[doc(alias = "mutex_lock_killable")]
    pub fn lock_killable(&self) -> Result<(), Errno> {
        self.acquire(UntilSignal(Sleep::Killable), W::place())
    }

    /// Takes the lock if it is free and says whether it did. It never sleeps. An attempt that fails is not
    /// counted.
    #[inline]
    #[track_caller]
    #[doc(alias = "mutex_trylock")]
    #[must_use = "if it is true, the lock has to be given back"]
    pub fn try_lock(&self) -> bool {
        let place = W::place();
        self.watch.units(Change::TryTake(1), || self.free_units(), self.address(), place);
        let taken = self.take(&mut None);
        if taken {
            self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
        }
        taken
    }

    /// Gives the lock back. It does not sleep.
    ///
    /// # Errors
    /// [`Errno::EPERM`]: the caller does not have it. Nothing changed. (A semaphore would have two units now: R27.)
    #[inline]
    #[track_caller]
    #[doc(alias = "mutex_unlock")]
    pub fn unlock(&self) -> Result<(), Errno> {
        self.unlock_at(W::place())
    }

    #[inline]
    fn unlock_at(&self, place: W::Place) -> Result<(), Errno> {
        let mine = word_of(M::task());
        if self.word.load(Relaxed) & !WAITED != mine {
            return Err(Errno::EPERM);
        }
        self.watch.announce(LockStep::Release, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(1), || self.free_units(), self.address(), place);
        self.watch.released();
        if !self.word.replace(mine, FREE, Release) {
            self.free(mine);
        }
        Ok(())
    }

    #[inline]
    fn acquire<P: Patience>(&self, patience: P, place: W::Place) -> Result<(), P::End> {
        self.watch.units(Change::Take(1), || self.free_units(), self.address(), place);
        if !self.take(&mut None) {
            self.contend(patience, place)?;
        }
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
        Ok(())
    }

    /// Takes the lock if it is free, after `wait`, which is gone then.
    #[inline]
    fn take(&self, wait: &mut Option<W::Wait>) -> bool {
        let free = self.word.replace(FREE, word_of(M::task()), Acquire);
        if free {
            self.watch.acquired(wait.take());
        }
        free
    }

    #[cold]
    #[inline(never)]
    fn contend<P: Patience>(&self, patience: P, place: W::Place) -> Result<(), P::End> {
        let mut wait = Some(W::wait());
        self.watch.announce(LockStep::Wait, Mode::Exclusive, self.address(), place);
        let is_worth_while = || self.owner().is_none_or(M::is_running);
        poll::<M, W>(is_worth_while, || {
            let is_free = self.owner().is_none();
            let taken = is_free && self.take(&mut wait);
            if is_free && !taken {
                wait.iter_mut().for_each(W::failed);
            }
            taken
        });
        // Still there: the lock was not taken.
        let Some(wait) = wait else { return Ok(()) };
        let slept = self.sleep(wait, patience);
        if slept.is_err() {
            self.watch.announce(LockStep::GaveUp, Mode::Exclusive, self.address(), place);
        }
        slept
    }

    /// Sleeps and tries, again and again.
    fn sleep<P: Patience>(&self, wait: W::Wait, patience: P) -> Result<(), P::End> {
        let waiter = Waiter::new(wait);
        // SAFETY: the node is new and lives in this frame. The loop is left only after `look` has said that
        // the wait is over, and then the node was granted, or removed.
        unsafe { self.sleepers.lock_irqsave().queue.push(&waiter) };
        loop {
            if let Some(end) = self.look(&waiter, patience.lasts::<M>()) {
                return end;
            }
            if self.leave_to_the_dead(&waiter) {
                M::give_up();
            }
            // Nothing that could use up a kept wake-up stands between the look and the sleep.
            patience.block::<M>();
        }
    }

    /// How the wait of `waiter` has ended; [`None`] when it has not. `lasts`: whether it may go on.
    fn look<E>(&self, waiter: &Waiter<M, W::Wait>, lasts: Result<(), E>) -> Option<Result<(), E>> {
        let mut sleepers = self.sleepers.lock_irqsave();
        if waiter.is_granted() {
            return Some(Ok(()));
        }
        if self.take_or_be_waited_for(sleepers.queue.len() > 1) {
            sleepers.leave(waiter);
            self.watch.acquired(waiter.take_record());
            return Some(Ok(()));
        }
        sleepers.lost(waiter);
        let end = lasts.err()?;
        // The wake-up that it may have had is not lost: the lock has an owner, which wakes the next one when
        // it gives it back.
        sleepers.leave(waiter);
        Some(Err(end))
    }

    /// Takes the lock for a sleeper if it is free, and says whether it was; if not, its owner knows that it
    /// has to wake a task. `others`: whether more sleep. To be called under the inner lock.
    fn take_or_be_waited_for(&self, others: bool) -> bool {
        loop {
            let word = self.word.load(Relaxed);
            if word & WAITED != 0 {
                return false;
            }
            let new = if word == FREE { word_of(M::task()) | usize::from(others) } else { word | WAITED };
            if self.word.replace(word, new, Acquire) {
                return word == FREE;
            }
        }
    }

    /// Whether `waiter` has left the queue as it is to wait no more for an owner that is dead.
    fn leave_to_the_dead(&self, waiter: &Waiter<M, W::Wait>) -> bool {
        // Asked under no lock.
        let Some(dead) = self.owner().filter(|owner| M::gives_up(*owner)) else { return false };
        let mut sleepers = self.sleepers.lock_irqsave();
        // Unless the lock was given back in the name of the dead, for which this task may have been woken.
        let still_waits = !waiter.is_granted() && self.owner() == Some(dead);
        if still_waits {
            sleepers.leave(waiter);
        }
        still_waits
    }

    /// Frees the lock, which has the word `mine` with [`WAITED`], and wakes the first sleeper; or hands it
    /// over to one that came too late too often.
    #[cold]
    #[inline(never)]
    fn free(&self, mine: usize) {
        let mut to_wake = None;
        loop {
            let mut sleepers = self.sleepers.lock_irqsave();
            if sleepers.losses >= MOST_LOSSES
                && let Some(granted) = sleepers.queue.grant()
            {
                sleepers.begin_anew();
                self.watch.acquired(granted.record);
                self.word.store(word_of(granted.task) | usize::from(sleepers.queue.len() > 0), Release);
                return after::<M, _>(sleepers, || M::wake(granted.task));
            }
            if let Some(first) = sleepers.queue.first()
                && !core::mem::replace(&mut sleepers.woken, true)
            {
                to_wake = Some(first);
            }
            self.word.store(mine, Relaxed);
            let woken = after::<M, _>(sleepers, || {
                // From here on the lock may be taken, given back and destroyed: nothing of it is touched any
                // more.
                let freed = self.word.replace(mine, FREE, Release);
                if freed && let Some(task) = to_wake {
                    M::wake(task);
                }
                freed
            });
            if woken {
                return;
            }
        }
    }

    /// The task that has the lock at this moment. For reports.
    #[inline]
    pub fn owner(&self) -> Option<TaskId> {
        let word = self.word.load(Relaxed);
        (word != FREE).then(|| TaskId((word >> 1) as u32 - 1))
    }

    /// Units that are free: see [`Watch::units`].
    fn free_units(&self) -> u64 {
        u64::from(!self.is_locked())
    }

    /// Whether the caller's task has the lock.
    #[inline]
    pub fn is_mine(&self) -> bool {
        self.word.load(Relaxed) & !WAITED == word_of(M::task())
    }

    /// Whether some task has the lock at this moment. Good for assertions and reports, not for decisions.
    #[inline]
    pub fn is_locked(&self) -> bool {
        self.owner().is_some()
    }

    /// Tasks that sleep for the lock at this moment. For reports.
    pub fn waiters(&self) -> usize {
        self.sleepers.lock_irqsave().queue.len()
    }
}

impl<M: Sched, W: Watch<M>> Watched for RawMutex<M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        &self.watch
    }
}

impl<M: Sched, W: Watch<M>> RawLock<M> for RawMutex<M, W> {
    #[inline]
    fn enter(&self, place: W::Place) {
        let Ok(()) = self.acquire(Endless, place);
    }

    fn enter_interruptible(&self, place: W::Place) -> Result<(), Errno> {
        self.acquire(UntilSignal(Sleep::Interruptible), place)
    }

    /// # Panics
    /// When the caller is not the owner.
    #[inline]
    fn leave(&self, place: W::Place) {
        self.unlock_at(place).expect("a guard does not leave the task that locked, and nothing else unlocks");
    }

    fn is_held(&self) -> bool {
        self.is_locked()
    }
}

impl<M: Sched, W: Watch<M>> fmt::Debug for RawMutex<M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMutex")
            .field("owner", &self.owner())
            .field("waiters", &self.waiters())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
