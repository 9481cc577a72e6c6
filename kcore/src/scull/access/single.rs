//! scullsingle: one open file at a time, and the gate that lets it in.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem;

use crate::class;
use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::event::{Events, LockName};
use crate::machine::{AtomicFlag, Cpu, Machine};
use crate::scull::{Device, Edition};
use crate::shared::probe;
use crate::sync::{AtomicT, Observed, SpinLock};

use super::admitted::{self, Door};
use super::sites;

/// A device that one file at a time is open on, whichever user asks: a second open is [`Errno::EBUSY`], also
/// for root (LDD3 ch. 6, "Single-Open Devices"). The book advises against it: a user that opens a device and
/// starts a helper cannot let it in.
pub struct Single<M: Machine> {
    device: Arc<Device<M>>,
    gate: Gate<M>,
}

impl<M: Machine> Single<M> {
    /// `device` behind a gate.
    pub fn new(device: Arc<Device<M>>) -> Arc<Self> {
        Arc::new(Single { gate: Gate::new(device.edition()), device })
    }

    /// The device behind the gate.
    pub fn device(&self) -> &Arc<Device<M>> {
        &self.device
    }
}

impl<M: Machine> Door for Single<M> {
    fn leave(&self) {
        self.gate.leave();
    }
}

impl<M: Machine> CharDevice<M> for Single<M> {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        self.gate.enter()?;
        admitted::open(&self.device, flags, Arc::clone(&self))
    }
}

const NAME: LockName = LockName::spins(
    "scullsingle.lock",
    class!("access.lock", "A device is trimmed, made and waited for without it."),
);

/// One may be inside: scullsingle's single open.
pub struct Gate<M: Cpu + Events> {
    form: Form<M>,
}

enum Form<M: Cpu + Events> {
    /// 1 minus the callers inside, and minus those that have just been refused and have not taken it back
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
    /// low, whether the one that was inside is still there or not.
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
