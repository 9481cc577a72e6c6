//! Mutexes of the machine's own, which outlive a task that dies with one in its hand.
//!
//! A task may die in the middle of anything. What a driver has locked then stays locked, for the next task to
//! wait in vain; but what the machine itself needs to go on is given back in the name of the dead. So they
//! are in the book of what each task [holds](crate::holds). What such a mutex guards is changed in steps that
//! each leave it whole.

use crate::event::{Change, Class, LockName, LockStep, Mode};
use crate::machine::Sched;
use crate::place::Place;
use crate::sync::watch::{SILENT, Watch, tell_units};

/// No counter counts, and no hooks hear; but the task that has the mutex knows that it does: [`Sched::held`].
#[derive(Clone, Copy, Debug)]
pub struct Own(pub Class);

impl<M: Sched> Watch<M> for Own {
    type Place = Place;
    type Wait = ();

    #[inline(always)]
    #[track_caller]
    fn place() -> Self::Place {
        Place::caller()
    }

    #[inline(always)]
    fn wait() {}

    #[inline]
    fn announce(&self, step: LockStep, _mode: Mode, address: usize, place: Self::Place) {
        M::ordered(self.0, step, address);
        let Some(held) = M::held() else { return };
        match step {
            LockStep::Acquired => {
                held.took_own(address, place);
                M::took_own();
            }
            LockStep::Release => held.gives_back_own(address),
            LockStep::Wait | LockStep::GaveUp | LockStep::Downgraded => {}
        }
    }

    #[inline(always)]
    fn units(&self, change: Change, free: impl FnOnce() -> u64, address: usize, place: Self::Place) {
        if M::EXPLORES {
            tell_units::<M>(change, LockName::sleeps(SILENT, self.0), free(), address, place);
        }
    }
}
