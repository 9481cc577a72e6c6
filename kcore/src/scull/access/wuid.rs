//! scullwuid: one user at a time, and the others wait.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::admitted::{self, Door};
use super::uid::Users;
use crate::class;
use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::event::{Class, LockName};
use crate::machine::{AtomicFlag, Machine};
use crate::scull::Device;
use crate::sync::{Observed, SpinLock, WaitQueue};

const NAME: LockName = LockName::spins("scullwuid.lock", class!("access.lock"));

/// A device that one user at a time has; another one sleeps in `open` until the last file of that user is
/// closed (LDD3 ch. 6, "Blocking open as an Alternative to EBUSY").
///
/// The last file to go wakes all sleepers. The first to look has the device, and the other tasks of its user
/// get in with it; the rest sleep again. So it is not fair, and no sleeper is forgotten.
pub struct WaitingUid<M: Machine> {
    device: Arc<Device<M>>,
    state: SpinLock<State, M, Observed>,
    /// Woken when the device has no owner any more, or is gone.
    free: WaitQueue<M>,
}

#[derive(Default)]
struct State {
    users: Users,
    gone: bool,
}

impl<M: Machine> WaitingUid<M> {
    /// `device`, which has no owner.
    pub fn new(device: Arc<Device<M>>) -> Arc<Self> {
        Arc::new(WaitingUid {
            device,
            state: SpinLock::from_flag(M::Flag::new(false), Observed::new(NAME), State::default()),
            free: WaitQueue::from_flag(M::Flag::new(false), Class::EVENT),
        })
    }

    /// The device behind the control.
    pub fn device(&self) -> &Arc<Device<M>> {
        &self.device
    }

    /// How many files are open.
    pub fn open_files(&self) -> usize {
        self.state.lock().users.count()
    }

    /// How many tasks sleep in `open`.
    pub fn waiters(&self) -> usize {
        self.free.waiters()
    }

    /// Goes in, if that is possible now. [`Errno::EAGAIN`] if not, [`Errno::ENODEV`] if it never will be.
    fn try_enter(&self, who: &Credentials) -> Result<(), Errno> {
        let mut state = self.state.lock();
        if state.gone {
            return Err(Errno::ENODEV);
        }
        if state.users.enter(who) { Ok(()) } else { Err(Errno::EAGAIN) }
    }

    /// Sleeps until the caller is in, or never will be.
    fn wait(&self, who: &Credentials) -> Result<(), Errno> {
        let mut answer = Err(Errno::EAGAIN);
        // The test and the entry are one step under the lock, so to be woken and to be in are different
        // things (R20).
        self.free.wait_event_interruptible(|| {
            answer = self.try_enter(who);
            answer != Err(Errno::EAGAIN)
        })?;
        answer
    }
}

impl<M: Machine> Door for WaitingUid<M> {
    fn leave(&self) {
        let was_last = self.state.lock().users.leave();
        // Outside of the lock: the sleeper that is woken takes it at once.
        if was_last {
            self.free.wake_up_all();
        }
    }
}

impl<M: Machine> CharDevice<M> for WaitingUid<M> {
    /// [`Errno::EAGAIN`] instead of a sleep with [`OpenFlags::NONBLOCK`], [`Errno::ERESTARTSYS`] when a
    /// signal ends the sleep, [`Errno::ENODEV`] when the device went meanwhile.
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        match flags.contains(OpenFlags::NONBLOCK) {
            true => self.try_enter(credentials)?,
            false => self.wait(credentials)?,
        }
        admitted::open(&self.device, flags, Arc::clone(&self))
    }

    fn unplugged(&self) {
        self.state.lock().gone = true;
        self.free.wake_up_all();
    }
}
