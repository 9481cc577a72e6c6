//! A word that a primitive is made of, and whose accesses are probe points.

#![forbid(unsafe_code)]

use core::marker::PhantomData;
use core::sync::atomic::{Ordering, Ordering::Relaxed, fence};

use crate::event::Site;
use crate::machine::Machine;
use crate::shared::Shared;
use crate::sync::AtomicWord;

/// What the words of a primitive are called.
pub(in crate::experiment) trait Named: 'static {
    /// Where they are accessed.
    const SITE: &'static Site;
}

/// A word that N names: what a [`Kfifo`](crate::sync::Kfifo) or a [`SeqLock`](crate::sync::SeqLock) does with
/// it is told and can be forced, as what the racy form does.
pub(in crate::experiment) struct Probed<M, N>(Shared<usize>, PhantomData<fn() -> (M, N)>);

impl<M: Machine, N: Named> AtomicWord for Probed<M, N> {
    fn new(value: usize) -> Self {
        Probed(Shared::new(value), PhantomData)
    }

    #[track_caller]
    fn load(&self, order: Ordering) -> usize {
        let value = self.0.load::<M>(N::SITE);
        if order != Relaxed {
            fence(order);
        }
        value
    }

    #[track_caller]
    fn store(&self, value: usize, order: Ordering) {
        if order != Relaxed {
            fence(order);
        }
        self.0.store::<M>(N::SITE, value);
    }

    /// No probe point: a waiter would come to it again and again, and be taken for a task that goes on.
    fn look(&self) -> usize {
        self.0.look::<M>(N::SITE)
    }

    fn fence(order: Ordering) {
        fence(order);
    }
}
