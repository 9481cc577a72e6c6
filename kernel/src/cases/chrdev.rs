//! Devices that come and go: modules, and a device that is unplugged while tasks sleep in it.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use kcore::dev::{CharDevice, Credentials, DeviceNumber, FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::sync::{Semaphore, WaitQueue};

use super::case::{holds, same};
use super::{Answer, crew, heap as blocks};
use crate::dev::{self, Built, Group, Loadable, NewDevice, Parameter, Parameters, Refused};
use crate::fs::{self, Kind};
use crate::machine::Kernel;
use crate::mm::heap;

crate::case! {
    "chrdev::insmod-makes-names" => names;
    "chrdev::insmod-undoes-all" => undone;
    "chrdev::insmod-says-why-not" => refusals;
    "chrdev::numbers-by-hand" => by_hand;
    "chrdev::rmmod-is-busy" => busy;
    "chrdev::rmmod-forced" => forced;
}

/// A module with two devices in which every task sleeps until they are gone.
static PIT: Loadable = Loadable {
    name: "pit",
    parameters: &[Parameter::number("major"), Parameter::number("mode")],
    build: build_pit,
};

/// Another one that wants the numbers of the first.
static RIVAL: Loadable =
    Loadable { name: "rival", parameters: &[Parameter::number("major")], build: build_rival };

/// Calls that sleep in a pit.
pub(super) static ARRIVED: Semaphore<Kernel> = Semaphore::new(Class::EVENT, 0);
pub(super) static INSIDE: AtomicU32 = AtomicU32::new(0);
/// Uses of a pit whose memory was not what it had been.
pub(super) static WILD: AtomicU32 = AtomicU32::new(0);

/// What the block of a pit holds while it lives: poison is nothing like it.
const MARK: [u8; 4] = *b"pit!";

/// A device with a block of memory that the ledger knows.
struct Pit {
    /// The address of the block.
    block: usize,
    is_gone: AtomicBool,
    queue: WaitQueue<Kernel>,
}

impl Pit {
    fn new() -> Result<Arc<Self>, Errno> {
        let block = blocks::allocate(64)?;
        // SAFETY: the block is new, 64 bytes long, and no other task knows of it.
        unsafe { block.cast::<[u8; 4]>().write(MARK) };
        let block = block.as_ptr().expose_provenance();
        Ok(Arc::new(Pit { block, is_gone: AtomicBool::new(false), queue: WaitQueue::new(Class::EVENT) }))
    }

    fn block(&self) -> NonNull<u8> {
        NonNull::new(core::ptr::with_exposed_provenance_mut(self.block)).expect("it is no null")
    }

    fn check(&self) {
        WILD.fetch_add(u32::from(blocks::bytes::<4>(self.block()) != Some(MARK)), SeqCst);
    }

    fn sleep(&self) -> Result<usize, Errno> {
        self.check();
        INSIDE.fetch_add(1, SeqCst);
        ARRIVED.up();
        let slept = self.queue.wait_event_interruptible(|| self.is_gone.load(SeqCst));
        self.check();
        INSIDE.fetch_sub(1, SeqCst);
        slept.and(Err(Errno::ENODEV))
    }
}

impl Drop for Pit {
    fn drop(&mut self) {
        self.check();
        let freed = blocks::free(self.block());
        WILD.fetch_add(u32::from(freed.is_err()), SeqCst);
    }
}

impl CharDevice<Kernel> for Pit {
    fn open(
        self: Arc<Self>,
        _flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        Ok(Box::new(PitFile(self)))
    }

    fn unplugged(&self) {
        self.is_gone.store(true, SeqCst);
        self.queue.wake_up_all();
    }
}

struct PitFile(Arc<Pit>);

impl Drop for PitFile {
    fn drop(&mut self) {
        self.0.check();
    }
}

impl FileOperations<Kernel> for PitFile {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        self.0.sleep()
    }

    fn write(&self, _from: &[u8]) -> Result<usize, Errno> {
        self.0.sleep()
    }
}

fn build_pit(parameters: &Parameters<'_>) -> Result<Built, Refused> {
    let major = parameters.get("major").map(|_| parameters.number("major", 1..=511, 0)).transpose()?;
    let mode = parameters.number("mode", 0..=0o777, 0o666)?;
    let device = |name: &str| {
        Ok::<_, Errno>(NewDevice {
            name: name.to_string(),
            mode: mode as u16,
            device: Pit::new()? as Arc<dyn CharDevice<Kernel>>,
        })
    };
    let groups = Vec::from([
        Group { name: "pit", devices: Vec::from([device("pit0")?]) },
        Group { name: "pits", devices: Vec::from([device("pit1")?]) },
    ]);
    let parameters = Vec::from([("mode".to_string(), mode.to_string())]);
    let files = Vec::from([("/proc/pits", fs::Generated::new(|| Ok(String::from("two pits\n"))))]);
    Ok(Built { major, groups, files, parameters, ..Built::default() })
}

/// It gets numbers for its first device, and none for its second.
fn build_rival(parameters: &Parameters<'_>) -> Result<Built, Refused> {
    let mut built = build_pit(parameters)?;
    built.groups[1].devices.clear();
    Ok(built)
}

pub(super) fn load(parameters: &[&str]) -> Answer {
    dev::load(&PIT, parameters).map_err(|refused| refused.why)
}

pub(super) fn unload(forced: bool) -> Answer {
    dev::rmmod("pit", forced).map_err(|refused| refused.why)
}

fn open(path: &str) -> Result<Arc<fs::File>, Errno> {
    fs::open(path, OpenFlags::READ_WRITE, &Credentials::ROOT)
}

fn said(result: Result<(), Refused>) -> (Option<Errno>, String) {
    result.map_or_else(|refused| (Some(refused.errno), refused.why), |()| (None, String::new()))
}

fn names() -> Answer {
    let before = heap::live().scull;
    load(&["major=200", "mode=416"])?;
    let entry = fs::stat("/dev/pit1").map_err(|errno| errno.to_string())?;
    same("the mode", entry.mode, 0o640)?;
    same("the number", entry.kind, Kind::Device(DeviceNumber { major: 200, minor: 1 }))?;
    let regions = dev::registry().regions();
    let names: Vec<&str> =
        regions.iter().filter(|region| region.first.major == 200).map(|region| &*region.name).collect();
    same("who has the major", names, Vec::from(["pit", "pits"]))?;
    holds("it has a file in /proc", fs::stat("/proc/pits").is_ok())?;
    let loaded = dev::loaded();
    same("the parameters", &loaded[0].parameters, &Vec::from([("mode".to_string(), "416".to_string())]))?;
    unload(false)?;
    same("the name afterwards", fs::stat("/dev/pit1"), Err(Errno::ENOENT))?;
    same("the file afterwards", fs::stat("/proc/pits"), Err(Errno::ENOENT))?;
    same("blocks that are left", heap::live().scull, before)
}

fn undone() -> Answer {
    let before = (heap::live().scull, dev::registry().regions(), fs::list("/dev"), fs::list("/proc"));
    let (errno, _) = said(dev::load(&RIVAL, &[]));
    same("a group without devices", errno, Some(Errno::EINVAL))?;
    let after = (heap::live().scull, dev::registry().regions(), fs::list("/dev"), fs::list("/proc"));
    same("what is left", after, before)?;
    holds("it is not loaded", dev::loaded().iter().all(|module| module.name != "rival"))
}

fn refusals() -> Answer {
    let unknown = said(dev::load(&PIT, &["mojor=3"]));
    same(
        "an unknown parameter",
        unknown,
        (
            Some(Errno::EINVAL),
            "pit: unknown parameter 'mojor'; did you mean 'major'? valid: major, mode".to_string(),
        ),
    )?;
    let bad = said(dev::load(&PIT, &["major=600"]));
    same("a bad one", bad, (Some(Errno::EINVAL), "pit: major=600: not a number from 1 to 511".to_string()))?;
    same("a word", said(dev::load(&PIT, &["fast"])).0, Some(Errno::EINVAL))?;
    same("Linux's mem", said(dev::load(&PIT, &["major=1"])).0, Some(Errno::EBUSY))?;
    same("no such module", said(dev::insmod("pot", &[])).0, Some(Errno::ENOENT))?;
    same("none is loaded", said(dev::rmmod("pit", true)).0, Some(Errno::ENOENT))?;
    load(&[])?;
    same("once more", said(dev::load(&PIT, &[])).0, Some(Errno::EEXIST))?;
    unload(false)
}

fn by_hand() -> Answer {
    load(&["major=201"])?;
    let number = DeviceNumber { major: 201, minor: 0 };
    same("a name", fs::mknod("/dev/hole", number, 0o600), Ok(()))?;
    same("once more", fs::mknod("/dev/hole", number, 0o600), Err(Errno::EEXIST))?;
    holds("it opens the device", open("/dev/hole").is_ok())?;
    same("elsewhere", fs::mknod("/proc/hole", number, 0o600), Err(Errno::EPERM))?;
    unload(false)?;
    same("without its device", open("/dev/hole").err(), Some(Errno::ENXIO))?;
    same("taken away", fs::unlink("/dev/hole"), Ok(()))?;
    same("and again", fs::unlink("/dev/hole"), Err(Errno::ENOENT))
}

fn busy() -> Answer {
    load(&[])?;
    let users = || dev::loaded().iter().find(|module| module.name == "pit").map(|module| module.users);
    let files = [open("/dev/pit0"), open("/dev/pit0"), open("/dev/pit1")];
    same("open files", files.iter().flatten().count(), 3)?;
    same("users", users(), Some(3))?;
    let refused = said(dev::rmmod("pit", false));
    same("rmmod", refused, (Some(Errno::EBUSY), "pit: in use by 3 open files".to_string()))?;
    holds("all is as it was", open("/dev/pit0").is_ok())?;
    drop(files);
    same("users of closed files", users(), Some(0))?;
    unload(false)
}

fn forced() -> Answer {
    let before = heap::live().scull;
    WILD.store(0, SeqCst);
    load(&[])?;
    let file = open("/dev/pit0").map_err(|errno| errno.to_string())?;
    let reader = Arc::clone(&file);
    let task = crew::start(0, move || {
        let answer = reader.read(&mut [0]);
        WILD.fetch_add(u32::from(answer != Err(Errno::ENODEV)), SeqCst);
    })?;
    ARRIVED.down();
    unload(true)?;
    same("calls inside", INSIDE.load(SeqCst), 0)?;
    task.join();
    same("the open file", file.write(&[0]), Err(Errno::ENODEV))?;
    same("the name", open("/dev/pit0").err(), Some(Errno::ENOENT))?;
    same("blocks of the open file's device", heap::live().scull - before, blocks_of(1))?;
    load(&[])?;
    same("the old file", file.write(&[0]), Err(Errno::ENODEV))?;
    holds("a new one", open("/dev/pit0").is_ok())?;
    unload(false)?;
    drop(file);
    same("blocks that are left", heap::live().scull, before)?;
    same("wrong answers", WILD.load(SeqCst), 0)
}

fn blocks_of(quantum: u64) -> kcore::report::Counts {
    kcore::report::Counts { quantum, ..Default::default() }
}
