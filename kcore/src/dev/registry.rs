//! Who has which numbers, and the device of each number (LDD3 ch. 3, "Allocating and Freeing Device Numbers").

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::caller::Credentials;
use super::cdev::Cdev;
use super::flags::OpenFlags;
use super::numbers::DeviceNumber;
use super::open_file::OpenFile;
use crate::errno::Errno;
use crate::machine::{AtomicFlag, Machine};
use crate::sync::{Mutex, Silent};

/// Majors that are given to whoever does not ask for one, from above (Linux: 234 to 254).
const DYNAMIC: core::ops::RangeInclusive<u32> = 234..=254;

/// Numbers that belong to a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The driver's name, as `/proc/devices` shows it.
    pub name: String,
    /// The first number.
    pub first: DeviceNumber,
    /// How many minors there are.
    pub count: u32,
}

impl Region {
    fn contains(&self, number: DeviceNumber) -> bool {
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
    devices: BTreeMap<DeviceNumber, Arc<Cdev<M>>>,
}

impl<M: Machine> Default for Registry<M> {
    fn default() -> Self {
        Registry::new()
    }
}

impl<M: Machine> Registry<M> {
    /// Nobody has any numbers.
    pub fn new() -> Self {
        let tables = Tables { regions: Vec::new(), devices: BTreeMap::new() };
        Registry { tables: Mutex::from_flag(M::Flag::new(false), Silent, tables) }
    }

    /// Gives `name` the minors 0 to `count` of `major`, or of one that is free (`register_chrdev_region`,
    /// `alloc_chrdev_region`). [`Errno::EBUSY`] when somebody has one of these, or nothing is free.
    pub fn claim(&self, name: &str, major: Option<u32>, count: u32) -> Result<Region, Errno> {
        let mut tables = self.tables.lock();
        let is_free = |major: &u32| tables.regions.iter().all(|region| region.first.major != *major);
        let major = major.or_else(|| DYNAMIC.rev().find(is_free)).ok_or(Errno::EBUSY)?;
        let region = Region { name: name.into(), first: DeviceNumber { major, minor: 0 }, count };
        if tables.regions.iter().any(|other| other.overlaps(&region)) {
            return Err(Errno::EBUSY);
        }
        tables.regions.push(region.clone());
        Ok(region)
    }

    /// Takes the numbers back (`unregister_chrdev_region`). Its devices have been [removed](Registry::remove) before.
    pub fn give_back(&self, region: &Region) {
        self.tables.lock().regions.retain(|other| other != region);
    }

    /// From now on the device is found. [`Errno::EINVAL`] when nobody has its number, [`Errno::EBUSY`] when there is one.
    pub fn add(&self, device: Arc<Cdev<M>>) -> Result<(), Errno> {
        let mut tables = self.tables.lock();
        let number = device.number();
        if !tables.regions.iter().any(|region| region.contains(number)) {
            return Err(Errno::EINVAL);
        }
        if tables.devices.contains_key(&number) {
            return Err(Errno::EBUSY);
        }
        tables.devices.insert(number, device);
        Ok(())
    }

    /// Unplugs the device: nobody finds it any more, its files answer [`Errno::ENODEV`], and when this returns no call is
    /// under way in its driver. [`Errno::ENXIO`] when there is none.
    pub fn remove(&self, number: DeviceNumber) -> Result<(), Errno> {
        let device = self.tables.lock().devices.remove(&number).ok_or(Errno::ENXIO)?;
        device.unplug();
        Ok(())
    }

    /// Opens the device. [`Errno::ENXIO`] when there is none.
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

    /// Who has which numbers, by major and first minor.
    pub fn regions(&self) -> Vec<Region> {
        let mut regions = self.tables.lock().regions.clone();
        regions.sort_by_key(|region| region.first);
        regions
    }

    /// All devices, by number.
    pub fn devices(&self) -> Vec<Arc<Cdev<M>>> {
        self.tables.lock().devices.values().cloned().collect()
    }
}
