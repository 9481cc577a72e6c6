//! A device that goes while it is used: each task that sleeps in it is woken and leaves, and only then is it
//! free; and the twins.

use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};

use kcore::class;
use kcore::dev::{
    Cdev, CharDevice, Credentials, DeviceNumber, FileOperations, Module, OpenFile, OpenFlags, Registry,
};
use kcore::errno::Errno;
use kcore::machine::{AtomicFlag, BadFree, Cpu, Kind, Memory};
use kcore::place::Place;
use kcore::sync::SpinLock;

use crate::bodies::{Payload, model, objects, spawn};
use crate::machine::{Parking, Ringing};
use crate::twins::{ASLEEP, UNORDERED};

// SAFETY: there is no memory, so no promise about it is broken.
unsafe impl Memory for Parking {
    #[track_caller]
    fn allocate(_kind: Kind, _size: usize) -> Result<NonNull<u8>, Errno> {
        Err(Errno::ENOMEM)
    }
    #[track_caller]
    unsafe fn free(_block: NonNull<u8>) -> Result<(), BadFree> {
        unreachable!("nothing was allocated, at {}", Place::caller())
    }
    unsafe fn size(_block: NonNull<u8>) -> usize {
        unreachable!("nothing was allocated")
    }
    type Keep = ();
    fn keep() {}
}

/// A driver whose calls look at its data, wait until it is gone, and look again.
struct Driver {
    data: Payload,
    /// Waiters spin, which parks them until it changes: when loom ends a deadlock there is nothing on their
    /// stacks that would have to be dropped.
    is_there: Ringing,
}

impl Driver {
    fn new() -> Arc<Self> {
        Arc::new(Driver { data: Payload::default(), is_there: Ringing::new(true) })
    }

    fn use_it(&self) {
        assert_eq!(self.data.get(), 0, "used after it was gone");
        wait_until_clear(&self.is_there);
        assert_eq!(self.data.get(), 0, "used after it was gone");
    }

    fn wake_all(&self) {
        self.is_there.store(false, Release);
    }
}

fn wait_until_clear(flag: &Ringing) {
    while flag.load(Acquire) {
        Parking::relax();
    }
}

impl CharDevice<Parking> for Driver {
    fn open(
        self: Arc<Self>,
        _flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Parking>>, Errno> {
        Ok(Box::new(DriverFile(self)))
    }
    fn unplugged(&self) {
        self.wake_all();
    }
}

struct DriverFile(Arc<Driver>);

impl FileOperations<Parking> for DriverFile {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        self.0.use_it();
        Err(Errno::ENODEV)
    }
}

/// What can be called and unplugged.
trait Pluggable: Send + Sync + 'static {
    fn new(driver: &Arc<Driver>) -> Self;
    fn call(&self) -> Result<usize, Errno>;
    fn unplug(&self);
}

/// An open file of a device in a registry.
struct Plugged {
    registry: Registry<Parking>,
    file: Arc<OpenFile<Parking>>,
    number: DeviceNumber,
}

impl Pluggable for Plugged {
    fn new(driver: &Arc<Driver>) -> Self {
        let (registry, module) = (Registry::new(), Module::new("driver"));
        let number = registry.claim("driver", Some(1), 1).unwrap().first;
        registry.add(Cdev::new(number, "driver", &module, driver.clone())).unwrap();
        let file = registry.open(number, OpenFlags::READ, &Credentials::ROOT).unwrap();
        Plugged { registry, file, number }
    }
    fn call(&self) -> Result<usize, Errno> {
        self.file.read(&mut [])
    }
    fn unplug(&self) {
        self.registry.remove(self.number).unwrap();
    }
}

/// Callers and one task that unplugs: afterwards the device is that task's alone, and none sleeps.
fn goes<P: Pluggable>(callers: usize) {
    let driver = Driver::new();
    let shared = Arc::new((P::new(&driver), driver));
    let mut tasks: Vec<_> = (0..callers)
        .map(|_| spawn(&shared, |(device, _)| assert_eq!(device.call(), Err(Errno::ENODEV))))
        .collect();
    tasks.push(spawn(&shared, |(device, driver)| {
        device.unplug();
        driver.data.increment();
    }));
    tasks.into_iter().for_each(|task| task.join().unwrap());
}

#[test]
fn nobody_is_left_in_a_device_that_is_gone() {
    model(3, || goes::<Plugged>(1));
    model(2, || goes::<Plugged>(2));
}

/// What may be wrong with [`Plain`].
trait Blunder: Send + Sync + 'static {
    /// The task that unplugs does not wait for those inside.
    const DOES_NOT_WAIT: bool = false;
    /// A task that enters looks first and counts later.
    const LOOKS_FIRST: bool = false;
    /// The last one that leaves tells no other.
    const LEAVES_SILENTLY: bool = false;
    /// Those inside are not woken.
    const LETS_SLEEP: bool = false;
}

struct None;
impl Blunder for None {}

struct DoesNotWait;
impl Blunder for DoesNotWait {
    const DOES_NOT_WAIT: bool = true;
}

struct LooksFirst;
impl Blunder for LooksFirst {
    const LOOKS_FIRST: bool = true;
}

struct LeavesSilently;
impl Blunder for LeavesSilently {
    const LEAVES_SILENTLY: bool = true;
}

struct LetsSleep;
impl Blunder for LetsSleep {
    const LETS_SLEEP: bool = true;
}

/// The plainest device that can go, which may be wrong.
struct Plain<B> {
    driver: Arc<Driver>,
    /// Calls under way, and whether it is gone.
    inside: SpinLock<(u32, bool), Parking>,
    /// Cleared by the last caller that leaves what is gone.
    somebody_inside: Ringing,
    _blunder: PhantomData<B>,
}

impl<B: Blunder> Pluggable for Plain<B> {
    fn new(driver: &Arc<Driver>) -> Self {
        let inside = SpinLock::from_flag(Ringing::new(false), class!("test"), (0, false));
        let somebody_inside = Ringing::new(true);
        Plain { driver: driver.clone(), inside, somebody_inside, _blunder: PhantomData }
    }

    fn call(&self) -> Result<usize, Errno> {
        let mut inside = self.inside.lock();
        if inside.1 {
            return Err(Errno::ENODEV);
        }
        if B::LOOKS_FIRST {
            drop(inside);
            inside = self.inside.lock();
        }
        inside.0 += 1;
        drop(inside);
        self.driver.use_it();
        let mut inside = self.inside.lock();
        inside.0 -= 1;
        let was_last = *inside == (0, true);
        drop(inside);
        if was_last && !B::LEAVES_SILENTLY {
            self.somebody_inside.store(false, Release);
        }
        Err(Errno::ENODEV)
    }

    fn unplug(&self) {
        let was_empty = {
            let mut inside = self.inside.lock();
            inside.1 = true;
            inside.0 == 0
        };
        if !B::LETS_SLEEP {
            self.driver.wake_all();
        }
        if !was_empty && !B::DOES_NOT_WAIT {
            wait_until_clear(&self.somebody_inside);
        }
    }
}

#[test]
fn plain_device_without_a_blunder_is_right() {
    model(3, goes_alone::<None>);
    model(2, || goes::<Plain<None>>(2));
}

/// With one caller, which is enough for every blunder.
fn goes_alone<B: Blunder>() {
    goes::<Plain<B>>(1);
}

#[test]
fn unplug_that_does_not_wait() {
    objects(UNORDERED, goes_alone::<DoesNotWait>);
}

#[test]
fn entry_that_looks_first_and_counts_later() {
    objects(UNORDERED, goes_alone::<LooksFirst>);
}

#[test]
fn last_one_who_tells_nobody() {
    objects(ASLEEP, goes_alone::<LeavesSilently>);
}

#[test]
fn unplug_that_wakes_nobody() {
    objects(ASLEEP, goes_alone::<LetsSleep>);
}
