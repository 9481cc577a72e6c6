//! The device.
#![forbid(unsafe_code)]

use alloc::sync::Arc;
use core::fmt;

use crate::class;
use crate::dev::{Caller, Said};
use crate::errno::Errno;
use crate::event::{Events, Site};
use crate::machine::Machine;
use crate::report::LockStats;
use crate::scull::edition::Edition;
use crate::scull::file::{File, Mode};
use crate::scull::geometry::{Geometry, Parameters};
use crate::scull::list::{Block, Link, List};
use crate::scull::quiet::Quiet;
use crate::scull::sites;
use crate::scull::tally::{Damage, Tally};
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::{Guard, Held};

/// How many devices there are: scull0 to scull3.
pub const DEVICES: usize = NAMES.len();

/// The names of the devices and of their locks.
const NAMES: [(&str, &str); 4] = [
    ("scull0", "scull0.lock"),
    ("scull1", "scull1.lock"),
    ("scull2", "scull2.lock"),
    ("scull3", "scull3.lock"),
];

/// A scull device (LDD3's `struct scull_dev`). When it is dropped, what can be reached from it is freed; what
/// a race has leaked stays leaked.
pub struct Device<M: Machine> {
    index: usize,
    name: &'static str,
    guard: Guard<M>,
    pub(super) edition: Edition,
    pub(super) parameters: Arc<Parameters>,
    pub(super) quantum: Shared<usize>,
    pub(super) qset: Shared<usize>,
    pub(super) list: List,
    pub(super) size: Shared<usize>,
    pub(super) tally: Tally,
}

impl<M: Machine> Device<M> {
    /// The empty device scull`index` of the repaired driver, guarded by `lock`, with parameters of its own.
    /// [`Errno::ENODEV`] when there is no device of that number, [`Errno::EINVAL`] when the geometry is
    /// impossible ([`Geometry::check`]).
    pub fn new(index: usize, lock: Form, geometry: Geometry) -> Result<Self, Errno> {
        Self::of_module(index, lock, Edition::Repaired, &Arc::new(Parameters::new(geometry)))
    }

    /// The empty device scull`index` of a module with these `parameters`, guarded by `lock`. Errors as for
    /// [`new`](Device::new); but the book's driver looks at no geometry.
    pub fn of_module(
        index: usize,
        lock: Form,
        edition: Edition,
        parameters: &Arc<Parameters>,
    ) -> Result<Self, Errno> {
        let &(name, lock_name) = NAMES.get(index).ok_or(Errno::ENODEV)?;
        let mut device = Self::named(name, lock_name, lock, edition, parameters)?;
        device.index = index;
        Ok(device)
    }

    /// The same for a device with a name of its own, and one for its lock: scullsingle and those like it. Its
    /// number is 0.
    pub fn named(
        name: &'static str,
        lock_name: &'static str,
        lock: Form,
        edition: Edition,
        parameters: &Arc<Parameters>,
    ) -> Result<Self, Errno> {
        let mut geometry = parameters.geometry();
        if edition == Edition::Repaired {
            geometry = geometry.check()?;
        }
        Ok(Device {
            index: 0,
            name,
            guard: Guard::new(
                lock,
                lock_name,
                class!("scull.lock", "As the form says. In `abba` two, in two orders, on purpose."),
            ),
            edition,
            parameters: Arc::clone(parameters),
            quantum: Shared::new(geometry.quantum),
            qset: Shared::new(geometry.qset),
            list: List::new(),
            size: Shared::new(0),
            tally: Tally::default(),
        })
    }

    /// A new open file. A device that is opened only for writing is emptied first (LDD3's `scull_open`).
    /// [`Errno::ERESTARTSYS`] when a signal came while the task slept for the device's lock; then nothing was
    /// done.
    #[track_caller]
    pub fn open(&self, mode: Mode) -> Result<File<'_, M>, Errno> {
        let file = File::at(self, mode, 0);
        self.parameters.say::<M>(Said::Opened(self.name));
        if mode == Mode::Write {
            let held = self.enter()?;
            // No access of a device that says nothing.
            let size = self.parameters.printk.is_some().then(|| self.size());
            self.trim();
            drop(held);
            size.into_iter().for_each(|size| self.parameters.say::<M>(Said::Trimmed(self.name, size)));
        }
        Ok(file)
    }

    /// Takes the device's lock for a call from outside. A signal that comes while the task sleeps for it is
    /// [`Errno::ERESTARTSYS`]: nothing was done, so the caller may make the call again (LDD3 ch. 5).
    #[track_caller]
    pub(super) fn enter(&self) -> Result<Held<'_, M>, Errno> {
        self.guard.enter_interruptible().map_err(|_| Errno::ERESTARTSYS)
    }

    /// 0 to 3.
    pub fn index(&self) -> usize {
        self.index
    }

    /// `scull0` to `scull3`, unless it was [named](Device::named).
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What guards it. For experiments that call [`trim`](Device::trim) by itself, or that break the rules.
    pub fn guard(&self) -> &Guard<M> {
        &self.guard
    }

    /// The counters of the guard; `None` where there is none.
    pub fn lock_stats(&self) -> Option<LockStats> {
        self.guard.stats()
    }

    /// Which driver's it is.
    pub fn edition(&self) -> Edition {
        self.edition
    }

    /// What holds for its whole module.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// How its bytes are divided. Neither guarded nor a probe point: for accounting.
    pub fn geometry(&self) -> Geometry {
        Geometry { quantum: self.quantum.look::<M>(&sites::QUANTUM), qset: self.qset.look::<M>(&sites::QSET) }
    }

    /// How its bytes are divided. Two accesses.
    #[inline]
    #[track_caller]
    pub(super) fn load_geometry(&self) -> Geometry {
        Geometry { quantum: self.quantum.load::<M>(&sites::QUANTUM), qset: self.qset.load::<M>(&sites::QSET) }
    }

    /// Does what `command` says ([`Parameters::ioctl`]). It takes no lock: what it changes is the module's.
    pub fn ioctl(&self, command: u32, argument: usize, caller: &Caller<'_>) -> Result<usize, Errno> {
        self.parameters.ioctl::<M>(self.edition, command, argument, caller)
    }

    /// What a task holds while it may meet freed blocks in the device: a task that the lock does not keep out
    /// may free what others are about to use, and so may one that uses in the book's driver what was loaded
    /// before the lock was taken.
    pub fn keep(&self) -> Option<M::Keep> {
        (self.edition == Edition::Book || !self.guard.excludes()).then(M::keep)
    }

    /// Where its data ends, in bytes. Neither guarded nor a probe point: for accounting.
    pub fn size(&self) -> usize {
        self.size.look::<M>(&sites::SIZE)
    }

    /// What went wrong so far.
    pub fn damage(&self) -> Damage {
        self.tally.damage()
    }

    /// Loads a link on the way to data. A pointer that leads nowhere is counted, and is [`Errno::EFAULT`].
    #[inline]
    #[track_caller]
    pub(super) fn load<H: Events, T>(
        &self,
        link: &Link<T>,
        site: &'static Site,
    ) -> Result<Option<Block<T>>, Errno> {
        link.load::<H>(site).map_err(|wild| self.tally.wild(wild))
    }

    /// Panics unless the guard is held: what the caller is about to do is safe only then.
    #[inline]
    #[track_caller]
    pub(super) fn assert_held(&self) {
        assert!(self.guard.is_held(), "{}: the list is used, but nobody holds the lock", self.name);
    }
}

impl<M: Machine> Drop for Device<M> {
    fn drop(&mut self) {
        // No other task can be in the device, so there is none to guard against and nothing to probe.
        self.trim_list::<Quiet<M>>();
    }
}

impl<M: Machine> fmt::Debug for Device<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device")
            .field("name", &self.name)
            .field("guard", &self.guard)
            .field("geometry", &self.geometry())
            .field("size", &self.size())
            .field("damage", &self.damage())
            .finish_non_exhaustive()
    }
}

impl<M: Machine> Device<M> {
    /// Makes the first `items` nodes, without arrays, as a read behind them would. The size stays what it is.
    /// [`Errno::ENOMEM`] when memory runs out; what was made stays in the device.
    pub fn prepare_nodes(&self, items: usize) -> Result<(), Errno> {
        let _held = self.guard().enter();
        match items.checked_sub(1) {
            Some(last) => self.follow(last).map(drop),
            None => Ok(()),
        }
    }

    /// Makes the first `items` nodes with their arrays, without quanta: writes find exactly the slots empty.
    /// [`Errno::ENOMEM`] as for [`prepare_nodes`](Device::prepare_nodes).
    pub fn prepare_arrays(&self, items: usize) -> Result<(), Errno> {
        let _held = self.guard().enter();
        for item in 0..items {
            let node = self.follow(item)?;
            self.array_of(node, self.geometry().qset)?;
        }
        Ok(())
    }

    /// Lets an empty device end at `size` bytes without anything in it: a hole from end to end.
    pub fn prepare_hole(&self, size: usize) {
        let _held = self.guard().enter();
        self.size.set_up(size);
    }
}
