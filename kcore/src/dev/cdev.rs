//! A device in the registry: which calls are inside, and whether it is gone.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;

use super::caller::Credentials;
use super::module::{InUse, Module};
use super::open_file::OpenFile;
use super::operations::CharDevice;
use super::operations::OpenFlags;
use super::registry::DeviceNumber;
use crate::class;
use crate::errno::Errno;
use crate::event::Class;
use crate::machine::{AtomicFlag, Machine};
use crate::sync::{SpinLock, WaitQueue};

/// A device that can be opened by its number (LDD3's `struct cdev`). It lives as long as the registry or an
/// open file refers to it.
pub struct Cdev<M: Machine> {
    number: DeviceNumber,
    name: String,
    module: Arc<Module<M>>,
    device: Arc<dyn CharDevice<M>>,
    inside: SpinLock<Inside, M>,
    /// Woken when the last call has left a device that is gone.
    left: WaitQueue<M>,
}

struct Inside {
    /// Calls under way in the driver.
    calls: u32,
    gone: bool,
}

/// A call under way.
pub(super) struct Call<'a, M: Machine> {
    cdev: &'a Cdev<M>,
    /// The device that the caller was inside before.
    before: Option<Arc<Cdev<M>>>,
}

impl<M: Machine> Cdev<M> {
    /// The device `number`, called `name` in `/dev`, which works.
    pub fn new(
        number: DeviceNumber,
        name: impl Into<String>,
        module: &Arc<Module<M>>,
        device: Arc<dyn CharDevice<M>>,
    ) -> Arc<Self> {
        Arc::new(Cdev {
            number,
            name: name.into(),
            module: Arc::clone(module),
            device,
            inside: SpinLock::from_flag(
                M::Flag::new(false),
                class!(
                    "who is inside a device",
                    "At the two ends of a call: the driver is called without it."
                ),
                Inside { calls: 0, gone: false },
            ),
            left: WaitQueue::from_flag(M::Flag::new(false), Class::EVENT),
        })
    }

    /// Its number.
    pub fn number(&self) -> DeviceNumber {
        self.number
    }

    /// Its name in `/dev`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Uses its module, for an open file. [`Errno::ENXIO`] when the module is on its way out.
    pub(super) fn module_in_use(&self) -> Result<InUse<M>, Errno> {
        self.module.try_get().ok_or(Errno::ENXIO)
    }

    /// Opens it. `module` is the use that the file will be.
    pub(super) fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
        module: InUse<M>,
    ) -> Result<Arc<OpenFile<M>>, Errno> {
        self.opened(flags, credentials, Some(module))
    }

    /// Opens it for a file that its module does not wait for: that unplugs it first.
    pub fn open_unused(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Arc<OpenFile<M>>, Errno> {
        self.opened(flags, credentials, None)
    }

    fn opened(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
        module: Option<InUse<M>>,
    ) -> Result<Arc<OpenFile<M>>, Errno> {
        // Dropped before `module`, if the driver refuses: the last reference to a device is dropped while its
        // module is in use.
        let cdev = self;
        let call = cdev.enter()?;
        let operations = Arc::clone(&cdev.device).open(flags, credentials)?;
        drop(call);
        Ok(Arc::new(OpenFile::of_device(operations, flags, cdev, module)))
    }

    /// Enters the driver, until the result is dropped. [`Errno::ENODEV`] when the device is gone.
    pub(super) fn enter(self: &Arc<Self>) -> Result<Call<'_, M>, Errno> {
        let mut inside = self.inside.lock_irqsave();
        if inside.gone {
            return Err(Errno::ENODEV);
        }
        inside.calls += 1;
        drop(inside);
        Ok(Call { cdev: self, before: M::inside(Some(Arc::clone(self))) })
    }

    /// A task has died in a call: to unplug the device does not wait for it. Nothing that it had in hand
    /// comes back, neither the file, which so is never closed, nor the use of the module. Once for each call
    /// that a machine has heard of ([`Sched::inside`](crate::machine::Sched::inside)), and whose end it has
    /// not.
    pub fn call_died(&self) {
        self.leave();
    }

    /// Leaves the driver: a call has ended, or its task has died in it and will never come back.
    fn leave(&self) {
        let mut inside = self.inside.lock_irqsave();
        inside.calls -= 1;
        let was_last = inside.gone && inside.calls == 0;
        drop(inside);
        if was_last {
            self.left.wake_up_all();
        }
    }

    /// Whether it is gone.
    pub fn is_gone(&self) -> bool {
        self.inside.lock_irqsave().gone
    }

    /// The device is gone, with files open or not. Returns when [`nobody_is_inside`](Cdev::nobody_is_inside).
    /// Not to be called by a call, which would wait for itself.
    pub fn unplug(&self) {
        self.go();
        self.left.wait_event(|| self.nobody_is_inside());
        self.device.left();
    }

    /// The device is gone, and each task that sleeps in it is woken.
    pub fn go(&self) {
        self.inside.lock_irqsave().gone = true;
        self.device.unplugged();
    }

    /// Waits until [`nobody_is_inside`](Cdev::nobody_is_inside) a device that is gone. [`Errno::ERESTARTSYS`]
    /// when a signal came first: a call may never leave, as its task died in it.
    pub fn wait_until_left(&self) -> Result<(), Errno> {
        self.left.wait_event_interruptible(|| self.nobody_is_inside())
    }

    /// Whether no call is under way in the driver. In one that is gone none will be: only releases are still
    /// to come.
    pub fn nobody_is_inside(&self) -> bool {
        self.inside.lock_irqsave().calls == 0
    }
}

impl<M: Machine> Drop for Call<'_, M> {
    fn drop(&mut self) {
        let this = M::inside(self.before.take());
        drop(this);
        self.cdev.leave();
    }
}

impl<M: Machine> fmt::Debug for Cdev<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cdev").field("name", &self.name).field("number", &self.number).finish_non_exhaustive()
    }
}
