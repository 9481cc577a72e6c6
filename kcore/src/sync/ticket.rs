//! A spinlock whose waiters enter in the order in which they came (LKD ch. 10; Linux on x86 from 2.6.25 to
//! 4.1).
//!
//! ```text
//!   draw: 7   draw: 8   draw: 9        next    10
//!   enters    spins     spins          serving  7
//!   leaves    enters    spins          serving  8
//! ```
//!
//! No waiter starves, and that has its price. The lock is promised to one CPU: while that one does not run,
//! because an interrupt handler or the host has taken it, the lock is free and no other CPU may have it. So a
//! handler must not want the lock on top of a waiter, and where a virtual machine has more CPUs than its host
//! has cores, each turn may wait until the host gets round to the right one.

use core::fmt;
use core::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::class;
use crate::event::{Change, Class, LockStep, Mode};
use crate::machine::Cpu;
use crate::sync::atomic_word::AtomicWord;
use crate::sync::raw_lock::RawLock;
use crate::sync::spinlock::SpinLock;
use crate::sync::watch::{Inner, Watch, Watched};

/// A lock without a value. Its [holder](RawLock) has entered an environment in which nothing can take the CPU
/// from it.
pub struct TicketLock<M: Cpu, W = Class, A = AtomicUsize> {
    /// The ticket that the next waiter draws. They wrap; there are fewer waiters than tickets.
    next: SpinLock<usize, M, Inner>,
    /// The ticket of the holder, or of the next one. Written by the holder.
    serving: A,
    watch: W,
}

impl<M: Cpu, W, A: AtomicWord> TicketLock<M, W, A> {
    /// A free lock made of a clear `flag`.
    pub fn from_flag(flag: M::Flag, watch: W) -> Self {
        TicketLock { next: SpinLock::from_flag(flag, Inner(class!("tickets")), 0), serving: A::new(0), watch }
    }

    /// Units that are free: see [`Watch::units`].
    fn free(&self) -> u64 {
        u64::from(self.queued() == 0)
    }

    /// How many tickets are drawn and not served: the holder's and those of its waiters.
    pub fn queued(&self) -> usize {
        let next = self.next.lock_irqsave();
        next.wrapping_sub(self.serving.load(Relaxed))
    }
}

impl<M: Cpu, W, A> Watched for TicketLock<M, W, A> {
    type Watch = W;

    #[inline]
    fn watch(&self) -> &W {
        &self.watch
    }
}

impl<M: Cpu, W: Watch<M>, A: AtomicWord> RawLock<M> for TicketLock<M, W, A> {
    fn enter(&self, place: W::Place) {
        self.watch.units(Change::Take(1), || self.free(), self.address(), place);
        let ticket = {
            let mut next = self.next.lock_irqsave();
            let ticket = *next;
            *next = ticket.wrapping_add(1);
            ticket
        };
        let mut wait = None;
        loop {
            let before = ticket.wrapping_sub(self.serving.load(Acquire));
            if before == 0 {
                break;
            }
            match &mut wait {
                Some(wait) => W::failed(wait),
                None => {
                    wait = Some(W::wait());
                    self.watch.announce(LockStep::Wait, Mode::Exclusive, self.address(), place);
                }
            }
            // The longer the queue, the rarer the looks.
            (0..before).for_each(|_| M::relax());
            W::spinning();
        }
        self.watch.acquired(wait);
        self.watch.announce(LockStep::Acquired, Mode::Exclusive, self.address(), place);
    }

    fn leave(&self, place: W::Place) {
        self.watch.announce(LockStep::Release, Mode::Exclusive, self.address(), place);
        self.watch.units(Change::Give(1), || self.free(), self.address(), place);
        self.watch.released();
        self.serving.store(self.serving.load(Relaxed).wrapping_add(1), Release);
    }

    fn is_held(&self) -> bool {
        self.queued() > 0
    }
}

impl<M: Cpu, W, A: AtomicWord> fmt::Debug for TicketLock<M, W, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketLock").field("queued", &self.queued()).finish_non_exhaustive()
    }
}
