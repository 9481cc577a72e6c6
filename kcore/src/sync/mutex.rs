//! A value and the [`RawMutex`] that guards it (LDD3 ch. 5, "Semaphores and Mutexes"; LKD ch. 10, "Mutexes").

use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, AtomicUsize};

use crate::errno::Errno;
use crate::machine::Sched;
use crate::sync::own::Own;
use crate::sync::raw_lock::RawLock;
use crate::sync::raw_mutex::RawMutex;
use crate::sync::watch::{Watch, Watched};

/// A value that one task at a time can use. Its users may sleep, and so may its waiters.
///
/// Unless it is said otherwise it is one of the machine's own: [`Own`].
pub struct Mutex<T: ?Sized, M: Sched, W: Watch<M> = Own> {
    raw: RawMutex<M, W>,
    /// Accessed by the owner of `raw`, and by no other task.
    value: UnsafeCell<T>,
}

// SAFETY: the mutex owns its value, so to send the one is to send the other.
unsafe impl<T: ?Sized + Send, M: Sched, W: Watch<M>> Send for Mutex<T, M, W> where RawMutex<M, W>: Send {}
// SAFETY: one task at a time gets at the value: it is sent from one to the next, and never shared.
unsafe impl<T: ?Sized + Send, M: Sched, W: Watch<M>> Sync for Mutex<T, M, W> where RawMutex<M, W>: Sync {}

impl<T, M: Sched<Flag = AtomicBool, Word = AtomicUsize>, W: Watch<M>> Mutex<T, M, W> {
    /// A free mutex around `value`. `watch` says what hears of it; one that is [`Own`] is given back when its
    /// owner dies.
    #[doc(alias = "mutex_init")]
    pub const fn new(watch: W, value: T) -> Self {
        Mutex { raw: RawMutex::new(watch), value: UnsafeCell::new(value) }
    }
}

impl<T, M: Sched, W: Watch<M>> Mutex<T, M, W> {
    /// [`new`](Mutex::new) for machines whose words no `const` can make.
    pub fn of(watch: W, value: T) -> Self {
        Mutex { raw: RawMutex::of(watch), value: UnsafeCell::new(value) }
    }

    /// The value. No task has the mutex any more.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized, M: Sched, W: Watch<M>> Mutex<T, M, W> {
    /// Takes the mutex; spins for a while and then sleeps until it is free. Its owner waits for ever: see
    /// [`RawMutex::lock`].
    #[inline]
    #[track_caller]
    #[doc(alias = "mutex_lock")]
    pub fn lock(&self) -> MutexGuard<'_, T, M, W> {
        let place = W::place();
        self.raw.enter(place);
        self.guard(place)
    }

    /// [`lock`](Mutex::lock), unless the caller has the mutex already.
    ///
    /// # Errors
    /// [`Errno::EDEADLK`]: it has.
    #[track_caller]
    pub fn lock_checked(&self) -> Result<MutexGuard<'_, T, M, W>, Errno> {
        self.raw.lock_checked()?;
        Ok(self.guard(W::place()))
    }

    /// [`lock`](Mutex::lock), until the task has a signal.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: a signal came first.
    #[track_caller]
    #[doc(alias = "mutex_lock_interruptible")]
    pub fn lock_interruptible(&self) -> Result<MutexGuard<'_, T, M, W>, Errno> {
        self.raw.lock_interruptible()?;
        Ok(self.guard(W::place()))
    }

    /// [`lock`](Mutex::lock), until the task has a signal that kills it.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: the signal came first.
    #[track_caller]
    #[doc(alias = "mutex_lock_killable")]
    pub fn lock_killable(&self) -> Result<MutexGuard<'_, T, M, W>, Errno> {
        self.raw.lock_killable()?;
        Ok(self.guard(W::place()))
    }

    /// Takes the mutex if it is free. It never sleeps.
    #[inline]
    #[track_caller]
    #[doc(alias = "mutex_trylock")]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T, M, W>> {
        let place = W::place();
        self.raw.try_lock().then(|| self.guard(place))
    }

    /// The caller has taken `raw`, and this is called once for it.
    fn guard(&self, place: W::Place) -> MutexGuard<'_, T, M, W> {
        MutexGuard { mutex: self, place, _not_send: PhantomData }
    }

    /// The lock without the value: its holder, its waiters. It is not given back this way.
    pub fn is_locked(&self) -> bool {
        self.raw.is_locked()
    }

    /// Tasks that sleep for the mutex at this moment. For reports.
    pub fn waiters(&self) -> usize {
        self.raw.waiters()
    }

    /// The value, without locking: the owner of the only reference needs no lock.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T, M: Sched, W: Watch<M>> Mutex<T, M, W> {
    /// A copy of the list that `list` finds in the value. It is allocated while the mutex is free; under it
    /// the elements are cloned, which should allocate nothing.
    #[track_caller]
    pub fn copy_of<U: Clone>(&self, list: impl Fn(&T) -> &[U]) -> Vec<U> {
        let mut copy = Vec::new();
        loop {
            let value = self.lock();
            let wanted = list(&value);
            if wanted.len() <= copy.capacity() {
                copy.extend_from_slice(wanted);
                return copy;
            }
            let count = wanted.len();
            drop(value);
            copy.reserve(count);
        }
    }
}

impl<T: ?Sized, M: Sched, W: Watch<M>> Watched for Mutex<T, M, W> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        self.raw.watch()
    }
}

impl<T: ?Sized, M: Sched, W: Watch<M>> fmt::Debug for Mutex<T, M, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("raw", &self.raw).finish_non_exhaustive()
    }
}

/// The right to use the value of a [`Mutex`]. It ends with the guard, in the task that took the mutex.
#[must_use = "the mutex is given back when the guard is dropped, which is at once"]
pub struct MutexGuard<'a, T: ?Sized, M: Sched, W: Watch<M> = Own> {
    /// It is ours.
    mutex: &'a Mutex<T, M, W>,
    place: W::Place,
    /// A raw pointer is not `Send`.
    _not_send: PhantomData<*const ()>,
}

// SAFETY: a shared guard gives no more than `&T`.
unsafe impl<T: ?Sized + Sync, M: Sched, W: Watch<M> + Sync> Sync for MutexGuard<'_, T, M, W> where
    W::Place: Sync
{
}

impl<T: ?Sized, M: Sched, W: Watch<M>> Deref for MutexGuard<'_, T, M, W> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: while the guard lives the mutex is ours, and the borrow of the guard rules out a mutable
        // one.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T: ?Sized, M: Sched, W: Watch<M>> DerefMut for MutexGuard<'_, T, M, W> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: while the guard lives the mutex is ours, and the guard is borrowed mutably.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T: ?Sized, M: Sched, W: Watch<M>> Drop for MutexGuard<'_, T, M, W> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.raw.leave(self.place);
    }
}
