//! What a waiter does before it queues up and sleeps: it looks for a while.
//!
//! To sleep and to be woken by another CPU takes hundreds of times as long as a short critical section. So a
//! task that finds a lock taken first looks about as long as that takes, and with luck the lock is free
//! before. If not, it has lost no more by it than it would have in its sleep.
#![forbid(unsafe_code)]

use crate::machine::Sched;
use crate::sync::watch::Watch;

/// Looks by `has_come`, which takes what it finds, until there was something, but not for ever, and only
/// while it `is_worth_while`. Says whether there was. On a machine of one CPU no other task runs meanwhile.
pub(super) fn poll<M: Sched, W: Watch<M>>(
    is_worth_while: impl Fn() -> bool,
    mut has_come: impl FnMut() -> bool,
) -> bool {
    if !cfg!(feature = "smp") {
        return false;
    }
    for _ in 0..M::LOOKS {
        if has_come() {
            return true;
        }
        if !is_worth_while() {
            return false;
        }
        M::relax();
        W::spinning();
    }
    false
}
