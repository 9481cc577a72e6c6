//! A lock without a value, as a critical section uses it that need not know which it is.

use crate::errno::Errno;
use crate::machine::Cpu;
use crate::sync::watch::{Watch, Watched};

/// What keeps tasks apart between [`enter`](RawLock::enter) and [`leave`](RawLock::leave).
pub trait RawLock<M: Cpu>: Watched<Watch: Watch<M>> {
    /// Waits until the lock is free and takes it, for the caller at `place`.
    fn enter(&self, place: <Self::Watch as Watch<M>>::Place);

    /// [`enter`](RawLock::enter), unless a signal comes while the task sleeps. A spinning waiter has no such
    /// way out: it enters.
    ///
    /// # Errors
    /// [`Errno::EINTR`]: a signal came first. The caller does not have the lock.
    fn enter_interruptible(&self, place: <Self::Watch as Watch<M>>::Place) -> Result<(), Errno> {
        self.enter(place);
        Ok(())
    }

    /// Gives the lock back that the caller has entered at `place`.
    fn leave(&self, place: <Self::Watch as Watch<M>>::Place);

    /// Whether some task has the lock at this moment, for assertions. A spinlock of a machine of one CPU
    /// cannot tell, and is always held.
    fn is_held(&self) -> bool;
}
