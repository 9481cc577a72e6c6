//! What ends a wait before its event: nothing, a signal, a deadline (LDD3 ch. 6, "Blocking I/O"; LKD ch. 4,
//! "Wait Queues").
//!
//! It is a type, so a wait that nothing ends cannot fail, and its caller has nothing to handle.
#![forbid(unsafe_code)]

use core::convert::Infallible;

use crate::errno::Errno;
use crate::machine::{Sched, Sleep};

/// How long a task is ready to wait.
pub(super) trait Patience: Copy {
    /// Why a wait may end without its event.
    type End;
    /// Whether the running task goes on waiting. Takes no lock of a primitive.
    fn lasts<M: Sched>(self) -> Result<(), Self::End>;
    /// Puts the running task to sleep, at the longest for as long as this lasts.
    fn block<M: Sched>(self);
}

/// For as long as it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endless;

impl Patience for Endless {
    type End = Infallible;

    #[inline]
    fn lasts<M: Sched>(self) -> Result<(), Infallible> {
        Ok(())
    }

    #[inline]
    fn block<M: Sched>(self) {
        M::block();
    }
}

/// Until the task has a signal that ends such a sleep: [`Errno::EINTR`].
#[derive(Clone, Copy, Debug)]
pub(super) struct UntilSignal(pub(super) Sleep);

impl Patience for UntilSignal {
    type End = Errno;

    fn lasts<M: Sched>(self) -> Result<(), Errno> {
        if M::interrupted(self.0) { Err(Errno::EINTR) } else { Ok(()) }
    }

    fn block<M: Sched>(self) {
        M::block();
    }
}

/// Until the clock of [`Cpu::cycles`](crate::machine::Cpu::cycles) shows this: [`Errno::ETIME`].
#[derive(Clone, Copy, Debug)]
pub(super) struct UntilTime(u64);

impl UntilTime {
    /// `cycles` from now.
    pub(super) fn after<M: Sched>(cycles: u64) -> Self {
        UntilTime(M::cycles().saturating_add(cycles))
    }
}

impl Patience for UntilTime {
    type End = Errno;

    fn lasts<M: Sched>(self) -> Result<(), Errno> {
        if M::is_past(self.0) { Err(Errno::ETIME) } else { Ok(()) }
    }

    fn block<M: Sched>(self) {
        M::block_until(self.0);
    }
}
