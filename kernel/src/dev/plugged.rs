//! The devices of a module where every task can find them.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{Cdev, DeviceNumber, Module, Region};
use kcore::errno::Errno;

use super::loadable::{Group, NewDevice};
use super::{Refused, registry};
use crate::fs::{self, Generated};
use crate::machine::Kernel;

/// What has to be taken back when a module goes.
#[derive(Default)]
pub(super) struct Plugged {
    regions: Vec<Region>,
    devices: Vec<(String, DeviceNumber)>,
    files: Vec<&'static str>,
    /// Devices that no task finds any more, with one inside for all that is known.
    leaving: Vec<Arc<Cdev<Kernel>>>,
}

impl Plugged {
    /// Gives the devices of `groups` numbers, puts them into the registry, and then gives them names. When
    /// one of these fails the others are to be taken back.
    pub(super) fn plug(
        &mut self,
        module: &Arc<Module<Kernel>>,
        major: Option<u32>,
        groups: Vec<Group>,
        files: Vec<(&'static str, Generated)>,
    ) -> Result<(), Refused> {
        let mut modes = Vec::new();
        self.make_room(&groups)?;
        for (group, first) in self.claim(module.name(), major, groups)? {
            for (minor, NewDevice { name, mode, device }) in (first.minor..).zip(group.devices) {
                let number = DeviceNumber { minor, ..first };
                let device = Cdev::new(number, name.as_str(), module, device);
                modes.push(mode);
                // Before it is true: to take out what is not there is nothing.
                self.devices.push((name, number));
                registry().add(device)?;
            }
        }
        // It works, all of it: now it gets names.
        for ((name, number), mode) in self.devices.iter().zip(modes) {
            fs::add_node(name, *number, mode)?;
        }
        for (name, file) in files {
            self.files.push(name);
            fs::add_file(name, file)?;
        }
        Ok(())
    }

    /// The major of its devices, if it has some.
    pub(super) fn major(&self) -> Option<u32> {
        self.regions.first().map(|region| region.first.major)
    }

    /// What is done is noted at once, and what is taken back as well: neither wants memory then.
    fn make_room(&mut self, groups: &[Group]) -> Result<(), Errno> {
        let devices = groups.iter().map(|group| group.devices.len()).sum();
        self.regions.try_reserve(groups.len()).map_err(|_| Errno::ENOMEM)?;
        self.leaving.try_reserve(devices).map_err(|_| Errno::ENOMEM)
    }

    /// Claims numbers for each group; returns each with its first number.
    fn claim(
        &mut self,
        module: &str,
        major: Option<u32>,
        groups: Vec<Group>,
    ) -> Result<Vec<(Group, DeviceNumber)>, Refused> {
        let mut next: Option<DeviceNumber> = None;
        let mut claimed = Vec::new();
        for group in groups {
            let count = group.devices.len() as u32;
            let region = match next {
                None => registry().claim(group.name, major, count),
                Some(first) => registry().claim_from(group.name, first, count),
            };
            let region = region.map_err(|errno| no_numbers(module, major, errno))?;
            next = Some(DeviceNumber { minor: region.first.minor + count, ..region.first });
            claimed.push((group, region.first));
            self.regions.push(region);
        }
        Ok(claimed)
    }

    /// Takes everything back, the names first. Returns when no task is in a device any more.
    /// [`Errno::ERESTARTSYS`] when the task has a signal: then there is something left to be taken back. Each
    /// thing is noted until it is done.
    pub(super) fn unplug(&mut self) -> Result<(), Errno> {
        while let Some(name) = self.files.last() {
            fs::remove_file(name);
            self.files.pop();
        }
        self.devices.iter().for_each(|(name, number)| fs::remove_node(name, *number));
        while let Some((_, number)) = self.devices.last() {
            // Not there, if the module never came so far.
            if let Ok(device) = registry().take_out(*number) {
                self.leaving.push(Arc::clone(&device));
                device.go();
            }
            self.devices.pop();
        }
        self.leaving.iter().try_for_each(|device| device.wait_until_left())?;
        self.leaving.clear();
        while let Some(region) = self.regions.last() {
            registry().give_back(region);
            self.regions.pop();
        }
        Ok(())
    }
}

fn no_numbers(module: &str, major: Option<u32>, errno: Errno) -> Refused {
    let why = match major {
        Some(major) => format!("{module}: major {major} is not to be had"),
        None => format!("{module}: no major is free"),
    };
    Refused { errno, why }
}
