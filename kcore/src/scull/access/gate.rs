//! A gate that lets one in.

use core::mem;

use super::sites;
use crate::class;
use crate::errno::Errno;
use crate::event::{Events, LockName};
use crate::machine::{AtomicFlag, Cpu};
use crate::scull::Edition;
use crate::shared::probe;
use crate::sync::{AtomicT, Observed, SpinLock};

const NAME: LockName = LockName::spins(
    "scullsingle.lock",
    class!("access.lock", "A device is trimmed, made and waited for without it."),
);

/// One may be inside: scullsingle's single open.
pub struct Gate<M: Cpu + Events> {
    form: Form<M>,
}

enum Form<M: Cpu + Events> {
    /// 1 minus those who are inside, and minus those who have just been refused and have not taken it back
    /// yet (R15).
    Book(AtomicT<M>),
    /// Whether a caller is inside.
    Repaired(SpinLock<bool, M, Observed>),
}

impl<M: Cpu + Events> Gate<M> {
    /// A gate with no caller inside.
    pub fn new(edition: Edition) -> Self {
        let form = match edition {
            Edition::Book => Form::Book(AtomicT::of(1)),
            Edition::Repaired => {
                Form::Repaired(SpinLock::from_flag(M::Flag::new(false), Observed::new(NAME), false))
            }
        };
        Gate { form }
    }

    /// Goes in; a caller that does so [leaves](Gate::leave) again.
    ///
    /// [`Errno::EBUSY`] when a caller is inside. In the book's edition also when none is: from the decrement
    /// of an attempt that fails to the increment that takes it back, the next attempt finds the variable too
    /// low, whether the one who was inside is still there or not.
    pub fn enter(&self) -> Result<(), Errno> {
        probe::<M>(&sites::TRY);
        let was_taken = match &self.form {
            Form::Book(available) => !available.dec_and_test(),
            Form::Repaired(taken) => mem::replace(&mut *taken.lock(), true),
        };
        if !was_taken {
            return Ok(());
        }
        probe::<M>(&sites::REFUSED);
        if let Form::Book(available) = &self.form {
            available.inc();
        }
        Err(Errno::EBUSY)
    }

    /// Lets the next one in.
    pub fn leave(&self) {
        probe::<M>(&sites::RELEASE);
        match &self.form {
            Form::Book(available) => available.inc(),
            Form::Repaired(taken) => *taken.lock() = false,
        }
    }
}
