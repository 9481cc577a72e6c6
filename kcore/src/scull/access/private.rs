//! scullpriv: a device for each terminal.

use alloc::boxed::Box;
use alloc::collections::LinkedList;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::admitted;
use super::sites;
use crate::class;
use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::event::{LockName, might_sleep};
use crate::machine::{AtomicFlag, Machine};
use crate::scull::{Device, Edition};
use crate::shared::probe;
use crate::sync::{Observed, SpinLock};

const NAME: LockName = LockName::spins("scullpriv.lock", class!("access.lock"));

/// A device that shows each controlling terminal a device of its own (LDD3 ch. 6, "Cloning the Device on
/// open"). It is made when it is first opened, and stays, with what was written to it, as long as this does:
/// until the module goes.
pub struct Private<M: Machine> {
    edition: Edition,
    make: Box<Make<M>>,
    /// A list, because a list grows by a node that was allocated elsewhere.
    terminals: SpinLock<LinkedList<Terminal<M>>, M, Observed>,
}

/// What makes a device. It may sleep.
type Make<M> = dyn Fn() -> Result<Device<M>, Errno> + Send + Sync;

/// A terminal and its device (LDD3's `struct scull_listitem`).
struct Terminal<M: Machine> {
    number: u32,
    device: Arc<Device<M>>,
}

impl<M: Machine> Private<M> {
    /// No terminal has a device yet. `make` makes each, of the same `edition`; it may sleep, and its error is
    /// that of the open.
    pub fn new(
        edition: Edition,
        make: impl Fn() -> Result<Device<M>, Errno> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let terminals = SpinLock::from_flag(M::Flag::new(false), Observed::new(NAME), LinkedList::new());
        Arc::new(Private { edition, make: Box::new(make), terminals })
    }

    /// The devices that there are, the oldest first.
    pub fn devices(&self) -> Vec<Arc<Device<M>>> {
        let count = self.terminals.lock().len();
        // What allocates does so outside of the lock. The list only grows: what has come since is left out.
        let mut devices = Vec::with_capacity(count);
        let terminals = self.terminals.lock();
        devices.extend(terminals.iter().take(count).map(|terminal| Arc::clone(&terminal.device)));
        devices
    }

    /// The device of the terminal `number`.
    fn device_of(&self, number: u32) -> Result<Arc<Device<M>>, Errno> {
        match self.edition {
            Edition::Book => self.look_up_or_make(number),
            Edition::Repaired => self.look_up_twice(number),
        }
    }

    /// All of it under the spinlock, so that no terminal gets two devices; but to make one may sleep (R33).
    fn look_up_or_make(&self, number: u32) -> Result<Arc<Device<M>>, Errno> {
        let mut terminals = self.terminals.lock();
        if let Some(device) = find(&terminals, number) {
            return Ok(device);
        }
        terminals.append(&mut self.make(number)?);
        Ok(find(&terminals, number).expect("it was put into the list just now"))
    }

    /// What may sleep comes between two looks, without the lock. A caller that finds the second time that
    /// another was quicker takes the other's device and drops its own.
    fn look_up_twice(&self, number: u32) -> Result<Arc<Device<M>>, Errno> {
        let found = find(&self.terminals.lock(), number);
        if let Some(device) = found {
            return Ok(device);
        }
        // Declared before the guard: what is left in it is freed after the lock was given back.
        let mut made = self.make(number)?;
        let mut terminals = self.terminals.lock();
        if let Some(device) = find(&terminals, number) {
            return Ok(device);
        }
        terminals.append(&mut made);
        Ok(find(&terminals, number).expect("it was put into the list just now"))
    }

    /// A device for the terminal `number`, as a list that another one can take over: `kmalloc` with
    /// `GFP_KERNEL`.
    #[track_caller]
    fn make(&self, number: u32) -> Result<LinkedList<Terminal<M>>, Errno> {
        probe::<M>(&sites::MISSING);
        might_sleep::<M>();
        let device = Arc::new((self.make)()?);
        Ok(LinkedList::from([Terminal { number, device }]))
    }
}

fn find<M: Machine>(terminals: &LinkedList<Terminal<M>>, number: u32) -> Option<Arc<Device<M>>> {
    let terminal = terminals.iter().find(|terminal| terminal.number == number)?;
    Some(Arc::clone(&terminal.device))
}

impl<M: Machine> CharDevice<M> for Private<M> {
    /// [`Errno::EINVAL`] for a caller without a terminal, and whatever the making of a device gives.
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        let number = credentials.terminal.ok_or(Errno::EINVAL)?;
        admitted::open_bare(&self.device_of(number)?, flags)
    }
}
