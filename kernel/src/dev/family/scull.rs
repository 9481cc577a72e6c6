//! The module `scull` (LDD3 ch. 3 to 6).

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{CharDevice, Credentials, FileOperations, KeepingFile, OpenFlags};
use kcore::errno::Errno;
use kcore::pipe::{self, Pipe};
use kcore::report::LockStats;
use kcore::scull::access::{Private, Single, Uid, WaitingUid};
use kcore::scull::{self, DEVICES, Device, Edition, Geometry};
use kcore::settings::Form;

use crate::console::line;
use crate::dev::{Built, Group, Loadable, NewDevice, Parameter, Parameters, Refused};
use crate::fs::Generated;
use crate::machine::Kernel;
use crate::mm::Text;
use crate::mm::heap::Live;
use crate::task;

use super::EDITION;
use super::misc::MAJOR;

/// The module.
pub(in crate::dev) static SCULL: Loadable = Loadable {
    name: "scull",
    parameters: &[
        Parameter::word("lock", LOCKS),
        EDITION,
        Parameter::number("quantum"),
        Parameter::number("qset"),
        Parameter::number("nr_devs"),
        Parameter::number("pipe_buffer").in_variable("p_buffer"),
        MAJOR,
    ],
    build,
};

/// Every user may read and write the devices, as `scull_load` of the book has it.
const MODE: u16 = 0o666;

/// The forms that a device's lock can have: those that only tasks take.
const LOCKS: &[&str] = &["none", "spinlock", "semaphore", "completion", "mutex", "rwlock", "rwsem"];

/// An `int` that is a size.
const SIZES: core::ops::RangeInclusive<u32> = 1..=i32::MAX as u32;

/// What the module was told.
struct Told {
    lock: Form,
    edition: Edition,
    nr_devs: u32,
    major: Option<u32>,
    parameters: Arc<scull::Parameters>,
}

impl Told {
    fn from(given: &Parameters<'_>) -> Result<Told, Refused> {
        let book = Geometry::default();
        let size = |name, default: usize| given.number(name, SIZES, default as u32).map(|size| size as usize);
        let geometry = Geometry { quantum: size("quantum", book.quantum)?, qset: size("qset", book.qset)? };
        let mut parameters = scull::Parameters::new(geometry);
        parameters.printk = Some(Box::new(|said, task| {
            line::note(format_args!("{}", said.line(task, &task::name_of(task))))
        }));
        // A buffer that holds nothing as long as a place in it is free has two at least.
        let pipe_buffer =
            given.number("pipe_buffer", 2..=*SIZES.end(), scull::Parameters::PIPE_BUFFER as u32)?;
        parameters.pipe_buffer.set_up(pipe_buffer as usize);
        let major = given.number("major", 0..=511, 0)?;
        Ok(Told {
            lock: given.value("lock", Edition::LOCK)?,
            edition: super::edition(given)?,
            nr_devs: given.number("nr_devs", 1..=DEVICES as u32, DEVICES as u32)?,
            // As in the book, 0 is whichever is free.
            major: (major != 0).then_some(major),
            parameters: Arc::new(parameters),
        })
    }

    fn words(&self) -> Vec<(String, String)> {
        let Geometry { quantum, qset } = self.parameters.geometry();
        Vec::from([
            ("lock".into(), self.lock.to_string()),
            ("edition".into(), self.edition.to_string()),
            ("quantum".into(), quantum.to_string()),
            ("qset".into(), qset.to_string()),
            ("nr_devs".into(), self.nr_devs.to_string()),
            ("pipe_buffer".into(), self.parameters.pipe_buffer.audit().to_string()),
            ("major".into(), self.major.unwrap_or(0).to_string()),
        ])
    }

    /// The device behind an access control.
    fn behind(&self, name: &'static str, lock_name: &'static str) -> Result<Arc<Device<Kernel>>, Errno> {
        Device::named(name, lock_name, self.lock, self.edition, &self.parameters).map(Arc::new)
    }
}

fn build(given: &Parameters<'_>) -> Result<Built, Refused> {
    let told = Told::from(given)?;
    // Before the first device is made, until the last is gone.
    let live = Arc::new(Live::begin()?);
    let bare: Vec<Arc<Device<Kernel>>> = (0..told.nr_devs as usize)
        .map(|index| Device::of_module(index, told.lock, told.edition, &told.parameters).map(Arc::new))
        .collect::<Result<_, _>>()?;
    let pipes: Vec<Arc<Pipe<Kernel>>> = (0..pipe::PIPES)
        .map(|index| Pipe::new(index, &told.parameters, told.edition))
        .collect::<Result<_, _>>()?;
    let single = told.behind("scullsingle", "scullsingle.lock")?;
    let uid = told.behind("sculluid", "sculluid.lock")?;
    let wuid = told.behind("scullwuid", "scullwuid.lock")?;
    let controlled: [(&str, Arc<dyn CharDevice<Kernel>>); 4] = [
        ("scullsingle", Single::new(Arc::clone(&single))),
        ("sculluid", Uid::new(Arc::clone(&uid))),
        ("scullwuid", WaitingUid::new(Arc::clone(&wuid))),
        ("scullpriv", private(&told)),
    ];
    let new = |name: &str, device| NewDevice {
        name: name.into(),
        mode: MODE,
        device: Living::device(device, &live),
    };
    let groups = Vec::from([
        Group { name: "scull", devices: bare.iter().map(|one| new(one.name(), one.clone())).collect() },
        Group { name: "scullp", devices: pipes.iter().map(|one| new(one.name(), one.clone())).collect() },
        Group { name: "sculla", devices: controlled.into_iter().map(|(name, one)| new(name, one)).collect() },
    ]);
    let mut guarded = bare.clone();
    guarded.extend([single, uid, wuid]);
    Ok(Built {
        major: told.major,
        groups,
        parameters: told.words(),
        files: files(&told.parameters, &bare, &pipes, &live),
        locks: Some(locks(guarded, pipes, &live)),
        ..Built::default()
    })
}

fn private(told: &Told) -> Arc<Private<Kernel>> {
    let (lock, edition, parameters) = (told.lock, told.edition, Arc::clone(&told.parameters));
    Private::new(edition, move || Device::named("scullpriv", "scullpriv.lock", lock, edition, &parameters))
}

/// `/proc/scullmem`, `/proc/scullseq`, `/proc/scullpipe`.
fn files(
    parameters: &Arc<scull::Parameters>,
    devices: &[Arc<Device<Kernel>>],
    pipes: &[Arc<Pipe<Kernel>>],
    live: &Arc<Live>,
) -> Vec<(&'static str, Generated)> {
    let of_devices = |show: fn(&Device<Kernel>, &mut Text) -> Result<(), Errno>| {
        let (devices, live) = (devices.to_vec(), Arc::clone(live));
        Generated::new(move || {
            let _until_here = &live;
            Text::written(|text| devices.iter().try_for_each(|device| show(device, text)))
        })
    };
    let (parameters, pipes, live) = (Arc::clone(parameters), pipes.to_vec(), Arc::clone(live));
    let of_pipes = Generated::new(move || {
        let _until_here = &live;
        pipe::text(&parameters, &pipes)
    });
    Vec::from([
        ("/proc/scullmem", of_devices(|device, text| device.show_memory(text))),
        ("/proc/scullseq", of_devices(|device, text| device.show_sequence(text))),
        ("/proc/scullpipe", of_pipes),
    ])
}

type Locks = Box<dyn Fn() -> Vec<LockStats> + Send + Sync>;

fn locks(devices: Vec<Arc<Device<Kernel>>>, pipes: Vec<Arc<Pipe<Kernel>>>, live: &Arc<Live>) -> Locks {
    let live = Arc::clone(live);
    Box::new(move || {
        let _until_here = &live;
        let of_devices = devices.iter().filter_map(|device| device.lock_stats());
        of_devices.chain(pipes.iter().map(|pipe| pipe.lock_stats())).collect()
    })
}

/// A device, and the proof that no experiment takes its memory back: as long as it lives, or a file of it
/// does.
struct Living {
    /// Dropped first.
    device: Arc<dyn CharDevice<Kernel>>,
    live: Arc<Live>,
}

impl Living {
    /// A device that is `device`, which goes before `live` does.
    fn device(device: Arc<dyn CharDevice<Kernel>>, live: &Arc<Live>) -> Arc<dyn CharDevice<Kernel>> {
        Arc::new(Living { device, live: Arc::clone(live) })
    }
}

impl CharDevice<Kernel> for Living {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        let file = Arc::clone(&self.device).open(flags, credentials)?;
        // It may be the last that refers to the device.
        Ok(Box::new(KeepingFile::new(file, Arc::clone(&self.live))))
    }

    fn unplugged(&self) {
        self.device.unplugged();
    }
}
