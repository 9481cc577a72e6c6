//! A driver in which every caller sleeps: readers until a task writes, writers until there is room, which
//! there never is.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Weak};

use kcore::dev::{Cdev, CharDevice, Credentials, DeviceNumber, Events, FileOperations, Module};
use kcore::dev::{OpenFile, OpenFlags, PollTable, Region, Registry};
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::host::{HostMachine, until};
use kcore::sync::WaitQueue;

pub(crate) type Machine = HostMachine;
pub(crate) type File = OpenFile<Machine>;

/// What all devices and files of a test tell.
#[derive(Default)]
pub(crate) struct Tally {
    /// Calls in the driver now.
    pub(crate) inside: AtomicUsize,
    /// Uses of a device after it was dropped, or of one that no call should be in.
    pub(crate) wrong: AtomicUsize,
    pub(crate) devices: AtomicUsize,
    pub(crate) files: AtomicUsize,
    /// `poll` takes so long that the device goes meanwhile.
    pub(crate) slow_poll: AtomicBool,
}

/// The device.
pub(crate) struct Sleepy {
    queue: WaitQueue<Machine>,
    is_gone: AtomicBool,
    /// Cleared by the drop: a call that finds it clear uses what is no device any more.
    works: AtomicBool,
    pub(crate) tally: Arc<Tally>,
}

impl Sleepy {
    pub(crate) fn new(tally: &Arc<Tally>) -> Arc<Self> {
        tally.devices.fetch_add(1, SeqCst);
        Arc::new(Sleepy {
            queue: WaitQueue::new(Class::EVENT),
            is_gone: AtomicBool::new(false),
            works: AtomicBool::new(true),
            tally: tally.clone(),
        })
    }

    fn sleep(&self) -> Result<usize, Errno> {
        self.tally.inside.fetch_add(1, SeqCst);
        self.check();
        let slept = self.queue.wait_event_interruptible(|| self.is_gone.load(SeqCst));
        self.check();
        self.tally.inside.fetch_sub(1, SeqCst);
        slept.and(Err(Errno::ENODEV))
    }

    fn check(&self) {
        self.tally.wrong.fetch_add(usize::from(!self.works.load(SeqCst)), SeqCst);
    }
}

impl Drop for Sleepy {
    fn drop(&mut self) {
        self.check();
        self.works.store(false, SeqCst);
        self.tally.devices.fetch_sub(1, SeqCst);
    }
}

impl CharDevice<Machine> for Sleepy {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Machine>>, Errno> {
        if credentials.uid != 0 {
            return Err(Errno::EACCES);
        }
        if flags.contains(OpenFlags::APPEND) {
            self.sleep()?;
        }
        self.tally.files.fetch_add(1, SeqCst);
        Ok(Box::new(SleepyFile(self)))
    }

    fn unplugged(&self) {
        self.is_gone.store(true, SeqCst);
        self.queue.wake_up_all();
    }
}

struct SleepyFile(Arc<Sleepy>);

impl Drop for SleepyFile {
    fn drop(&mut self) {
        self.0.check();
        self.0.tally.files.fetch_sub(1, SeqCst);
    }
}

impl FileOperations<Machine> for SleepyFile {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        self.0.sleep()
    }

    fn write(&self, _from: &[u8]) -> Result<usize, Errno> {
        self.0.sleep()
    }

    /// Says "nothing", also when the device is gone.
    fn poll<'a>(&'a self, table: &mut PollTable<'a, Machine>) -> Events {
        self.0.check();
        if self.0.tally.slow_poll.load(SeqCst) {
            self.0.tally.inside.fetch_add(1, SeqCst);
            until(|| self.0.is_gone.load(SeqCst));
            self.0.tally.inside.fetch_sub(1, SeqCst);
        }
        table.wait(&self.0.queue);
        Events::empty()
    }
}

/// A registry with one module that has the region `sleepy` of four numbers.
pub(crate) struct World {
    pub(crate) registry: Registry<Machine>,
    pub(crate) module: Arc<Module<Machine>>,
    pub(crate) region: Region,
    pub(crate) tally: Arc<Tally>,
}

impl World {
    pub(crate) fn new() -> Self {
        let registry = Registry::new();
        let region = registry.claim("sleepy", None, 4).unwrap();
        World { registry, module: Module::new("sleepy"), region, tally: Arc::default() }
    }

    pub(crate) fn number(&self, minor: u32) -> DeviceNumber {
        DeviceNumber { minor, ..self.region.first }
    }

    /// Plugs a new device in.
    pub(crate) fn plug(&self, minor: u32) -> Weak<Sleepy> {
        let device = Sleepy::new(&self.tally);
        let cdev = Cdev::new(self.number(minor), format!("sleepy{minor}"), &self.module, device.clone());
        self.registry.add(cdev).unwrap();
        Arc::downgrade(&device)
    }

    pub(crate) fn open(&self, minor: u32) -> Result<Arc<File>, Errno> {
        self.registry.open(self.number(minor), OpenFlags::READ_WRITE, &Credentials::ROOT)
    }

    pub(crate) fn inside(&self) -> usize {
        self.tally.inside.load(SeqCst)
    }
}
