//! Which driver has which numbers, and the device of each number (LDD3 ch. 3, "Allocating and Freeing Device
//! Numbers").

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::class;
use crate::errno::Errno;
use crate::machine::Machine;
use crate::number::integer;
use crate::sorted::Sorted;
use crate::sync::{Mutex, Own};

use super::caller::Credentials;
use super::cdev::Cdev;
use super::open_file::OpenFile;
use super::operations::OpenFlags;
use crate::sort;

/// Majors that are given to drivers that do not ask for one, from above (Linux: 234 to 254).
const DYNAMIC: core::ops::RangeInclusive<u32> = 234..=254;
/// The majors that there are (Linux: below `CHRDEV_MAJOR_MAX`); 0 is none.
const MAJORS: core::ops::Range<u32> = 1..512;
/// How many majors a number can name.
const MAJOR_BITS: i64 = 1 << 12;
/// How many minors a major has (Linux: `MINORBITS` are 20).
const MINORS: u32 = 1 << 20;

/// Numbers that belong to a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The driver's name, as `/proc/devices` shows it.
    pub name: Arc<str>,
    /// The first number.
    pub first: DeviceNumber,
    /// How many minors there are.
    pub count: u32,
}

impl Region {
    /// Whether there are such numbers at all. The others can be added without an overflow then.
    fn exists(&self) -> bool {
        MAJORS.contains(&self.first.major)
            && self.count > 0
            && self.first.minor.checked_add(self.count).is_some_and(|end| end <= MINORS)
    }

    /// What the device `number` of it is called: as it is, with the number in it where there are several.
    pub fn name_of(&self, number: DeviceNumber) -> String {
        match self.count {
            1 => self.name.to_string(),
            _ => format!("{}{}", self.name, number.minor - self.first.minor),
        }
    }

    /// Whether that is `name`.
    pub fn is_name_of(&self, number: DeviceNumber, name: &str) -> bool {
        let rest = name.strip_prefix(&*self.name);
        let is_plain = |rest: &str| rest == "0" || rest.starts_with(|first| matches!(first, '1'..='9'));
        let is_number = |rest: &str| is_plain(rest) && rest.parse() == Ok(number.minor - self.first.minor);
        rest.is_some_and(|rest| if self.count == 1 { rest.is_empty() } else { is_number(rest) })
    }

    /// Whether `number` is one of them.
    pub fn contains(&self, number: DeviceNumber) -> bool {
        number.major == self.first.major
            && (self.first.minor..self.first.minor + self.count).contains(&number.minor)
    }

    fn overlaps(&self, other: &Region) -> bool {
        self.first.major == other.first.major
            && self.first.minor < other.first.minor + other.count
            && other.first.minor < self.first.minor + self.count
    }
}

/// All devices of a machine.
pub struct Registry<M: Machine> {
    tables: Mutex<Tables<M>, M>,
}

struct Tables<M: Machine> {
    regions: Vec<Region>,
    devices: Sorted<DeviceNumber, Arc<Cdev<M>>>,
}

impl<M: Machine> Tables<M> {
    fn claim(&mut self, region: Region) -> Result<Region, Errno> {
        if !region.exists() {
            return Err(Errno::EINVAL);
        }
        if self.regions.iter().any(|other| other.overlaps(&region)) {
            return Err(Errno::EBUSY);
        }
        self.regions.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        self.regions.push(region.clone());
        Ok(region)
    }
}

impl<M: Machine> Default for Registry<M> {
    fn default() -> Self {
        Registry::new()
    }
}

impl<M: Machine> Registry<M> {
    /// No number is taken.
    pub fn new() -> Self {
        let tables = Tables { regions: Vec::new(), devices: Sorted::new() };
        Registry { tables: Mutex::of(Own(class!("devices")), tables) }
    }

    /// Whether no task is about to change it or to look something up.
    pub fn is_free(&self) -> bool {
        self.tables.try_lock().is_some()
    }

    /// Gives `name` the minors 0 to `count` of `major`, or of one that is free (`register_chrdev_region`,
    /// `alloc_chrdev_region`). [`Errno::EBUSY`] when one of these is taken, or nothing is free;
    /// [`Errno::EINVAL`] when there are no such numbers; [`Errno::ENOMEM`].
    pub fn claim(&self, name: &str, major: Option<u32>, count: u32) -> Result<Region, Errno> {
        match major {
            Some(major) => self.claim_from(name, DeviceNumber { major, minor: 0 }, count),
            None => self.claim_any(name, 0, count),
        }
    }

    /// Gives `name` a major that is free, and of it the `count` minors from `minor` on. Errors as for
    /// [`claim`](Registry::claim).
    pub fn claim_any(&self, name: &str, minor: u32, count: u32) -> Result<Region, Errno> {
        let name = name.into();
        let mut tables = self.tables.lock();
        let is_free = |major: &u32| tables.regions.iter().all(|region| region.first.major != *major);
        let major = DYNAMIC.rev().find(is_free).ok_or(Errno::EBUSY)?;
        tables.claim(Region { name, first: DeviceNumber { major, minor }, count })
    }

    /// Gives `name` the `count` numbers from `first` on: so several drivers can share a major (LDD3's
    /// `scull_p_init`). Errors as for [`claim`](Registry::claim).
    pub fn claim_from(&self, name: &str, first: DeviceNumber, count: u32) -> Result<Region, Errno> {
        let name = name.into();
        self.tables.lock().claim(Region { name, first, count })
    }

    /// Takes the numbers back (`unregister_chrdev_region`). Its devices have been [removed](Registry::remove)
    /// before: panics if there is one left, which no driver could ever remove by right.
    pub fn give_back(&self, region: &Region) {
        let mut tables = self.tables.lock();
        let left = tables.devices.entries().iter().find(|(number, _)| region.contains(*number));
        let left = left.map(|(number, _)| number);
        assert!(left.is_none(), "{}: the numbers are given back, but device {left:?} is there", region.name);
        tables.regions.retain(|other| other != region);
    }

    /// From now on the device is found. [`Errno::EINVAL`] when its number is not taken, [`Errno::EBUSY`] when
    /// there is one, [`Errno::ENOMEM`], [`Errno::ENODEV`] when it was removed before: a device does not come
    /// back.
    pub fn add(&self, device: Arc<Cdev<M>>) -> Result<(), Errno> {
        if device.is_gone() {
            return Err(Errno::ENODEV);
        }
        let mut tables = self.tables.lock();
        let number = device.number();
        if !tables.regions.iter().any(|region| region.contains(number)) {
            return Err(Errno::EINVAL);
        }
        if tables.devices.contains(&number) {
            return Err(Errno::EBUSY);
        }
        tables.devices.insert(number, device).map(drop)
    }

    /// Unplugs the device: it is found no more, its files answer [`Errno::ENODEV`], and when this returns no
    /// call is under way in its driver. Its memory goes with its last file. [`Errno::ENXIO`] when there is
    /// none: of two callers that remove it, only the first waits for the calls.
    pub fn remove(&self, number: DeviceNumber) -> Result<(), Errno> {
        let device = self.tables.lock().devices.remove(&number).ok_or(Errno::ENXIO)?;
        device.unplug();
        Ok(())
    }

    /// The first step of [`remove`](Registry::remove): the device is found no more. It has to [go](Cdev::go)
    /// then, and calls may still be under way in it.
    pub fn take_out(&self, number: DeviceNumber) -> Result<Arc<Cdev<M>>, Errno> {
        self.tables.lock().devices.remove(&number).ok_or(Errno::ENXIO)
    }

    /// Opens the device. [`Errno::ENXIO`] when there is none, or its module is on its way out;
    /// [`Errno::ENODEV`] when it is gone by the time the driver is reached; and whatever the driver says.
    pub fn open(
        &self,
        number: DeviceNumber,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Arc<OpenFile<M>>, Errno> {
        // The lookup and the reference are one step; what the driver does is not under this lock.
        let (device, module) = {
            let tables = self.tables.lock();
            let device = tables.devices.get(&number).ok_or(Errno::ENXIO)?;
            (Arc::clone(device), device.module_in_use()?)
        };
        device.open(flags, credentials, module)
    }

    /// The driver that has each range of numbers, by major and first minor.
    pub fn regions(&self) -> Vec<Region> {
        let mut regions = self.tables.copy_of(|tables| &tables.regions);
        sort::few(&mut regions, |a, b| a.first < b.first);
        regions
    }

    /// All devices, by number.
    pub fn devices(&self) -> Vec<Arc<Cdev<M>>> {
        let devices = self.tables.copy_of(|tables| tables.devices.entries());
        devices.into_iter().map(|(_, device)| device).collect()
    }
}

/// The number of a device: which driver, and which of its devices (`dev_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceNumber {
    /// Which driver; 0 is none.
    pub major: u32,
    /// Which of its devices.
    pub minor: u32,
}

impl DeviceNumber {
    /// The number that two words name, if there is one (Linux: 12 bits of a major, 20 of a minor).
    pub fn of_words(major: &str, minor: &str) -> Option<Self> {
        let part =
            |word, end| integer(word).filter(|number| (0..end).contains(number)).map(|number| number as u32);
        Some(DeviceNumber { major: part(major, MAJOR_BITS)?, minor: part(minor, MINORS.into())? })
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}
