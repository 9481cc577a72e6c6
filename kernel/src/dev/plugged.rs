//! The devices of a module where everybody can find them.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{Cdev, DeviceNumber, Module, Region};
use kcore::errno::Errno;

use super::built::{Group, NewDevice};
use super::{Refused, registry};
use crate::fs::{self, Generated};
use crate::machine::Kernel;

/// What has to be taken back when a module goes.
#[derive(Default)]
pub(super) struct Plugged {
    regions: Vec<Region>,
    devices: Vec<(String, DeviceNumber)>,
    files: Vec<&'static str>,
    /// Devices that nobody finds any more, with somebody inside for all that is known.
    leaving: Vec<Arc<Cdev<Kernel>>>,
}

impl Plugged {
    /// Gives the devices of `groups` numbers, puts them into the registry, and then gives them names. When one of these
    /// fails there is nothing left of any.
    pub(super) fn plug(
        module: &Arc<Module<Kernel>>,
        major: Option<u32>,
        groups: Vec<Group>,
        files: Vec<(&'static str, Generated)>,
    ) -> Result<Plugged, Refused> {
        let mut plugged = Plugged::default();
        match plugged.try_plug(module, major, groups, files) {
            Ok(()) => Ok(plugged),
            Err(refused) => {
                assert!(plugged.unplug().is_ok(), "nobody is inside a device that never had a name");
                Err(refused)
            }
        }
    }

    fn try_plug(
        &mut self,
        module: &Arc<Module<Kernel>>,
        major: Option<u32>,
        groups: Vec<Group>,
        files: Vec<(&'static str, Generated)>,
    ) -> Result<(), Refused> {
        let mut modes = Vec::new();
        for (group, first) in self.claim(module.name(), major, groups)? {
            for (minor, NewDevice { name, mode, device }) in (first.minor..).zip(group.devices) {
                let number = DeviceNumber { minor, ..first };
                registry().add(Cdev::new(number, name.as_str(), module, device))?;
                self.devices.push((name, number));
                modes.push(mode);
            }
        }
        // It works, all of it: now it gets names.
        self.devices.iter().zip(modes).for_each(|((name, number), mode)| fs::add_node(name, *number, mode));
        for (name, file) in files {
            fs::add_file(name, file);
            self.files.push(name);
        }
        Ok(())
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

    /// Takes everything back, the names first. Returns when nobody is in a device any more, or else, with what is left to
    /// do, when the task has a signal.
    pub(super) fn unplug(mut self) -> Result<(), Plugged> {
        self.files.drain(..).for_each(fs::remove_file);
        self.devices.iter().for_each(|(name, number)| fs::remove_node(name, *number));
        for (_, number) in self.devices.drain(..) {
            // Nobody else removes what this module has added.
            self.leaving.push(registry().take_out(number).expect("a device stays until its module goes"));
        }
        if self.leaving.iter().any(|device| device.wait_until_left().is_err()) {
            return Err(self);
        }
        self.regions.iter().for_each(|region| registry().give_back(region));
        Ok(())
    }

    /// Whether [`unplug`](Plugged::unplug) has begun, and not come to its end.
    pub(super) fn is_going(&self) -> bool {
        !self.leaving.is_empty()
    }
}

fn no_numbers(module: &str, major: Option<u32>, errno: Errno) -> Refused {
    let why = match major {
        Some(major) => format!("{module}: major {major} is not to be had"),
        None => format!("{module}: no major is free"),
    };
    Refused { errno, why }
}
