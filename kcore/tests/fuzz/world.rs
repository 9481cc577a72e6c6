//! The whole family behind one registry, and how one sees that it is sound.

use std::sync::Arc;

use kcore::complete::Complete;
use kcore::dev::{
    Cdev, CharDevice, Credentials, DeviceNumber, Module, OpenFile, OpenFlags, Region, Registry,
};
use kcore::errno::Errno;
use kcore::fuzz::{Devices, Family};
use kcore::host::HostMachine;
use kcore::pipe::{self, Pipe};
use kcore::scull::access::{Private, Single, Uid, WaitingUid};
use kcore::scull::{DEVICES, Damage, Device, Edition, Geometry, Parameters};
use kcore::settings::Form;
use kcore::sleepy::Sleepy;

type Scull = Arc<Device<HostMachine>>;
type Any = Arc<dyn CharDevice<HostMachine>>;

/// The major number of all of them.
const MAJOR: u32 = 240;

/// The names, by minor.
const NAMES: [&str; 14] = [
    "scull0",
    "scull1",
    "scull2",
    "scull3",
    "scullpipe0",
    "scullpipe1",
    "scullpipe2",
    "scullpipe3",
    "scullsingle",
    "sculluid",
    "scullwuid",
    "scullpriv",
    "complete",
    "sleepy",
];

/// The devices, plugged in.
pub(crate) struct World {
    edition: Edition,
    registry: Registry<HostMachine>,
    region: Region,
    module: Arc<Module<HostMachine>>,
    families: Vec<Family>,
    parameters: Arc<Parameters>,
    scull: Vec<Scull>,
    private: Arc<Private<HostMachine>>,
    pipes: Vec<Arc<Pipe<HostMachine>>>,
    may_sleep: bool,
}

impl World {
    /// `may_sleep`: signals are sent.
    pub(crate) fn new(edition: Edition, lock: Form, may_sleep: bool) -> Self {
        let parameters = Arc::new(Parameters::new(Geometry { quantum: 16, qset: 4 }));
        parameters.pipe_buffer.set_up(40);
        let mut scull: Vec<Scull> = (0..DEVICES)
            .map(|index| Arc::new(Device::of_module(index, lock, edition, &parameters).unwrap()))
            .collect();
        let mut devices: Vec<(Any, Family)> =
            scull.iter().map(|device| (Arc::clone(device) as Any, Family::Scull)).collect();
        let pipes: Vec<_> =
            (0..pipe::PIPES).map(|index| Pipe::new(index, &parameters, edition).unwrap()).collect();
        devices.extend(pipes.iter().map(|pipe| (Arc::clone(pipe) as Any, Family::Pipe)));
        let behind = |name: &'static str| Device::named(name, "behind.lock", lock, edition, &parameters);
        let [single, uid, wuid] =
            ["scullsingle", "sculluid", "scullwuid"].map(|name| Arc::new(behind(name).unwrap()));
        devices.push((Single::new(Arc::clone(&single)), Family::Scull));
        devices.push((Uid::new(Arc::clone(&uid)), Family::Scull));
        devices.push((WaitingUid::new(Arc::clone(&wuid)), Family::Scull));
        scull.extend([single, uid, wuid]);
        let theirs = Arc::clone(&parameters);
        let private = Private::new(edition, move || {
            Device::named("scullpriv", "scullpriv.lock", lock, edition, &theirs)
        });
        devices.push((Arc::clone(&private) as Any, Family::Scull));
        devices.push((Complete::new(true, Box::new(|_, _| {})), Family::Waits));
        devices.push((Sleepy::new(edition, Box::new(|_, _| {})), Family::Waits));
        let (registry, region, module) = plug(&devices);
        let families = devices.into_iter().map(|(_, family)| family).collect();
        World { edition, registry, region, module, families, parameters, scull, private, pipes, may_sleep }
    }

    /// The name of the device of that index.
    pub(crate) fn name(&self, index: usize) -> &'static str {
        NAMES[index]
    }

    /// Takes one device out.
    pub(crate) fn remove(&self, index: usize) {
        self.registry.remove(number(index)).unwrap();
    }

    /// Panics when something is wrong. Called while no call is under way.
    pub(crate) fn check(&self) {
        let mut text = String::new();
        let shown = pipe::text(&self.parameters, &self.pipes);
        for device in self.scull.iter().chain(&self.private.devices()) {
            let shown = (device.show_memory(&mut text), device.show_sequence(&mut text));
            if self.edition == Edition::Repaired {
                assert_eq!((device.damage(), shown), (Damage::default(), (Ok(()), Ok(()))));
                assert_eq!(device.geometry().check(), Ok(device.geometry()));
            }
        }
        if self.edition == Edition::Repaired {
            assert!(shown.is_ok());
            assert!(self.pipes.iter().all(|pipe| pipe.damage() == pipe::Damage::default()));
        }
    }

    /// Takes it out; no file is open.
    pub(crate) fn unplug(self) {
        assert_eq!(self.module.users(), 0);
        for index in 0..self.families.len() {
            self.remove(index);
        }
        self.registry.give_back(&self.region);
    }
}

fn number(index: usize) -> DeviceNumber {
    DeviceNumber { major: MAJOR, minor: index as u32 }
}

fn plug(devices: &[(Any, Family)]) -> (Registry<HostMachine>, Region, Arc<Module<HostMachine>>) {
    let (registry, module) = (Registry::new(), Module::new("scull"));
    let region = registry.claim("scull", Some(MAJOR), devices.len() as u32).unwrap();
    for (index, (device, _)) in devices.iter().enumerate() {
        registry.add(Cdev::new(number(index), "scull", &module, Arc::clone(device))).unwrap();
    }
    (registry, region, module)
}

impl Devices<HostMachine> for World {
    fn count(&self) -> usize {
        self.families.len()
    }

    fn family(&self, index: usize) -> Family {
        self.families[index]
    }

    fn open(
        &self,
        index: usize,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Arc<OpenFile<HostMachine>>, Errno> {
        self.registry.open(number(index), flags, credentials)
    }

    fn may_sleep(&self) -> bool {
        self.may_sleep
    }

    fn take_signal(&self) {
        HostMachine::take_signal();
    }
}
