//! The rights to use the value of an [`RwLock`].

use core::marker::PhantomData;
use core::ops::{Deref, DerefMut};

use crate::event::Class;
use crate::machine::Cpu;
use crate::sync::environment::{Environment, PreemptOff};
use crate::sync::rwlock::RwLock;
use crate::sync::watch::Watch;

/// The right to read, which others may have, too. It ends with the guard, on the CPU that took the lock.
#[must_use = "the lock is given back when the guard is dropped, which is at once"]
pub struct ReadGuard<'a, T: ?Sized, M: Cpu, W: Watch<M> = Class, E: Environment = PreemptOff<M>> {
    /// We are one of its readers.
    lock: &'a RwLock<T, M, W>,
    place: W::Place,
    /// Dropped after the guard itself, which gives the lock back.
    _environment: E,
    /// A raw pointer is not `Send`.
    _not_send: PhantomData<*const ()>,
}

/// The right to write, which no other CPU has. It ends with the guard, on the CPU that took the lock.
#[must_use = "the lock is given back when the guard is dropped, which is at once"]
pub struct WriteGuard<'a, T: ?Sized, M: Cpu, W: Watch<M> = Class, E: Environment = PreemptOff<M>> {
    /// We are its writer.
    lock: &'a RwLock<T, M, W>,
    place: W::Place,
    /// Dropped after the guard itself, which gives the lock back.
    _environment: E,
    /// A raw pointer is not `Send`.
    _not_send: PhantomData<*const ()>,
}

impl<'a, T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> ReadGuard<'a, T, M, W, E> {
    /// For a caller that has come in as a reader.
    #[inline]
    pub(super) fn new(lock: &'a RwLock<T, M, W>, place: W::Place, environment: E) -> Self {
        ReadGuard { lock, place, _environment: environment, _not_send: PhantomData }
    }
}

impl<'a, T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> WriteGuard<'a, T, M, W, E> {
    /// For a caller that has the lock for writing.
    #[inline]
    pub(super) fn new(lock: &'a RwLock<T, M, W>, place: W::Place, environment: E) -> Self {
        WriteGuard { lock, place, _environment: environment, _not_send: PhantomData }
    }
}

// SAFETY: a shared guard gives no more than `&T`.
unsafe impl<T: ?Sized + Sync, M: Cpu, W: Watch<M> + Sync, E: Environment> Sync for ReadGuard<'_, T, M, W, E> where
    W::Place: Sync
{
}

// SAFETY: a shared guard gives no more than `&T`.
unsafe impl<T: ?Sized + Sync, M: Cpu, W: Watch<M> + Sync, E: Environment> Sync for WriteGuard<'_, T, M, W, E> where
    W::Place: Sync
{
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> Deref for ReadGuard<'_, T, M, W, E> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: while the guard lives we are counted as a reader, and no CPU writes.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> Deref for WriteGuard<'_, T, M, W, E> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: while the guard lives the lock is ours, and the borrow of the guard rules out a mutable
        // one.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> DerefMut for WriteGuard<'_, T, M, W, E> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: while the guard lives the lock is ours, and the guard is borrowed mutably.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> Drop for ReadGuard<'_, T, M, W, E> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard was one of the readers, and no reference into the value outlives it.
        unsafe { self.lock.leave_read(self.place) };
    }
}

impl<T: ?Sized, M: Cpu, W: Watch<M>, E: Environment> Drop for WriteGuard<'_, T, M, W, E> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the guard had the lock, and no reference into the value outlives it.
        unsafe { self.lock.release_write(self.place) };
    }
}
