//! Devices that come and go: modules, and a device that is unplugged while tasks sleep in it.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use kcore::dev::{CharDevice, Credentials, DeviceNumber, FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::sync::{Semaphore, WaitQueue};

use super::case::{holds, same};
use super::{Answer, crew, heap as blocks};
use crate::dev::{self, Built, Group, Loadable, NewDevice, Parameters, Refused};
use crate::fs::{self, Kind};
use crate::machine::Kernel;
use crate::mm::heap::{self, Experiment};

crate::case! {
    "chrdev::insmod-makes-names" => names;
    "chrdev::insmod-undoes-all" => undone;
    "chrdev::insmod-says-why-not" => refusals;
    "chrdev::numbers-by-hand" => by_hand;
    "chrdev::rmmod-is-busy" => busy;
    "chrdev::rmmod-forced" => forced;
    "chrdev::unplug" => unplug_some;
    "chrdev::unplug-10000" => unplug_many, hidden = true;
}

/// A module with two devices in which everybody sleeps until they are gone.
static PIT: Loadable = Loadable { name: "pit", parameters: &["major", "mode"], build: build_pit };

/// Another one that wants the numbers of the first.
static RIVAL: Loadable = Loadable { name: "rival", parameters: &["major"], build: build_rival };

/// Calls that sleep in a pit.
static ARRIVED: Semaphore<Kernel> = Semaphore::new(0);
static INSIDE: AtomicU32 = AtomicU32::new(0);
/// Uses of a pit whose memory was not what it had been.
static WILD: AtomicU32 = AtomicU32::new(0);

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
        // SAFETY: the block is new, 64 bytes long, and nobody else knows of it.
        unsafe { block.cast::<[u8; 4]>().write(MARK) };
        let block = block.as_ptr().expose_provenance();
        Ok(Arc::new(Pit { block, is_gone: AtomicBool::new(false), queue: WaitQueue::new() }))
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
    let parameters = Vec::from([("mode", mode.to_string())]);
    let files = Vec::from([("pits", fs::Generated::new(|| Ok(String::from("two pits\n"))))]);
    Ok(Built { major, groups, files, parameters, ..Built::default() })
}

/// It gets numbers for its first device, and none for its second.
fn build_rival(parameters: &Parameters<'_>) -> Result<Built, Refused> {
    let mut built = build_pit(parameters)?;
    built.groups[1].devices.clear();
    Ok(built)
}

fn load(parameters: &[&str]) -> Answer {
    dev::load(&PIT, parameters).map_err(|refused| refused.why)
}

fn unload(forced: bool) -> Answer {
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
    same("the parameters", &loaded[0].parameters, &Vec::from([("mode", "416".to_string())]))?;
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
        (Some(Errno::EINVAL), "pit: unknown parameter 'mojor'; valid: major, mode".to_string()),
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

/// Readers and writers of the race against the unplugging, half and half.
const TASKS: u32 = 8;
/// Runs whose freed blocks are in quarantine together.
const BATCH: u32 = 100;

fn unplug_some() -> Answer {
    unplug(2 * BATCH)
}

fn unplug_many() -> Answer {
    unplug(10_000)
}

/// What the tasks and whoever unplugs tell each other.
struct Race {
    /// A device was plugged in: one unit for each task.
    go: Semaphore<Kernel>,
    /// A task has its answer.
    done: Semaphore<Kernel>,
    over: AtomicBool,
    /// Answers that are not [`Errno::ENODEV`].
    wrong: AtomicU32,
    /// Tasks that came too late to open it.
    late: AtomicU32,
    answered: AtomicU32,
}

impl Race {
    const fn new() -> Self {
        Race {
            go: Semaphore::new(0),
            done: Semaphore::new(0),
            over: AtomicBool::new(false),
            wrong: AtomicU32::new(0),
            late: AtomicU32::new(0),
            answered: AtomicU32::new(0),
        }
    }

    /// A reader or a writer.
    fn run(&self, task: u32) {
        loop {
            self.go.down();
            if self.over.load(SeqCst) {
                return;
            }
            self.call(task);
            self.done.up();
        }
    }

    fn call(&self, task: u32) {
        let number = number();
        let file = match dev::registry().open(number, OpenFlags::READ_WRITE, &Credentials::ROOT) {
            Ok(file) => file,
            Err(Errno::ENXIO | Errno::ENODEV) => {
                self.late.fetch_add(1, SeqCst);
                return;
            }
            Err(_) => {
                self.wrong.fetch_add(1, SeqCst);
                return;
            }
        };
        let answer = if task.is_multiple_of(2) { file.read(&mut [0]) } else { file.write(&[0]) };
        let again = file.read(&mut [0]);
        let right = answer == Err(Errno::ENODEV) && again == answer;
        self.wrong.fetch_add(u32::from(!right), SeqCst);
        self.answered.fetch_add(1, SeqCst);
    }

    /// Plugs a device in, and unplugs it when `inside` tasks sleep in it. Returns how many calls were left inside then.
    fn once(&self, inside: u32) -> Result<u32, String> {
        load(&["major=202"])?;
        (0..TASKS).for_each(|_| self.go.up());
        (0..inside).for_each(|_| ARRIVED.down());
        unload(true)?;
        let left = INSIDE.load(SeqCst);
        (0..TASKS).for_each(|_| self.done.down());
        while ARRIVED.try_down() {}
        Ok(left)
    }
}

fn number() -> DeviceNumber {
    DeviceNumber { major: 202, minor: 0 }
}

/// Four readers and four writers in a device, or on the way there, when it goes: `runs` times.
fn unplug(runs: u32) -> Answer {
    let race = Arc::new(Race::new());
    WILD.store(0, SeqCst);
    let cpus = crate::arch::smp::cpus();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let race = Arc::clone(&race);
            crew::start(task % cpus, move || race.run(task))
        })
        .collect::<Result<_, _>>()?;
    let outcome = (0..runs / BATCH).try_for_each(|_| batch(&race));
    race.over.store(true, SeqCst);
    (0..TASKS).for_each(|_| race.go.up());
    tasks.into_iter().for_each(|task| _ = task.join());
    outcome?;
    let (late, answered) = (race.late.load(SeqCst), race.answered.load(SeqCst));
    crate::println!(
        "{runs} times unplugged: {answered} calls were told ENODEV, {late} came too late to open it"
    );
    same("calls", late + answered, runs * TASKS)?;
    holds("every second time all were inside", answered >= runs / 2 * TASKS)
}

/// Every other time everybody is inside; else as many as the number of the run says, and the others are on their way.
fn batch(race: &Race) -> Answer {
    // SAFETY: blocks of the scull kinds are those of the devices that come and go in here.
    let experiment = unsafe { Experiment::begin() }.map_err(|errno| errno.to_string())?;
    for run in 0..BATCH {
        let inside = if run.is_multiple_of(2) { TASKS } else { run % TASKS };
        same("calls that were left inside", race.once(inside)?, 0)?;
    }
    let happened = experiment.so_far();
    let live = happened.allocated.scull - happened.freed.scull;
    same("wrong answers", race.wrong.load(SeqCst), 0)?;
    same("uses after free", WILD.load(SeqCst), 0)?;
    same("blocks that were allocated", happened.allocated.scull.quantum, u64::from(2 * BATCH))?;
    same("blocks that are left", live.quantum, 0)?;
    same("double frees", happened.double_free, 0)?;
    same("writes after free", experiment.written_after_free(), 0)
}
