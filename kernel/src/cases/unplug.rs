//! A device that goes while readers and writers are inside: every task is told, and none uses what is gone.
//!
//! Four readers and four writers live through all runs. In each run new devices are plugged in, the tasks
//! open them and call them, and when some or all of them sleep inside, the devices are unplugged.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use kcore::dev::{Cdev, Credentials, DeviceNumber, Module, OpenFlags};
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::pipe::Pipe;
use kcore::scull::{Edition, Parameters};
use kcore::sync::Semaphore;

use super::case::{holds, same};
use super::chrdev::{self, ARRIVED, INSIDE, WILD};
use super::{Answer, crew};
use crate::arch::smp;
use crate::dev;
use crate::fs::File;
use crate::machine::Kernel;
use crate::mm::heap::Experiment;
use crate::{println, task};

crate::case! {
    "chrdev::unplug" => pits_some;
    "chrdev::unplug-10000" => pits_many, hidden = true;
    "chrdev::unplug-pipes" => pipes_some;
    "chrdev::unplug-pipes-10000" => pipes_many, hidden = true;
}

/// Readers and writers, half and half.
const TASKS: u32 = 8;
/// Runs whose freed blocks are in quarantine together.
const BATCH: u32 = 100;
/// The runs of a case that is always run.
const SOME: u32 = 2 * BATCH;
/// The runs of one that is asked for by name.
const MANY: u32 = 10_000;
/// The major of the devices.
const MAJOR: u32 = 202;

fn pits_some() -> Answer {
    race(&PITS, SOME)
}

fn pits_many() -> Answer {
    race(&PITS, MANY)
}

fn pipes_some() -> Answer {
    race(&PIPES, SOME)
}

fn pipes_many() -> Answer {
    race(&PIPES, MANY)
}

/// What is plugged in.
struct Scene {
    /// Plugs new devices in; calls the second when they are there, which lets the tasks go; waits until so
    /// many sleep inside; unplugs. Returns how many calls are left inside then.
    once: fn(inside: u32, go: &dyn Fn()) -> Result<u32, String>,
    /// The minor for readers, and the one for writers.
    minors: [u32; 2],
    /// Blocks of the scull kinds that each run allocates at least.
    blocks: u64,
}

/// A module with devices in which every task sleeps, loaded and forced out.
static PITS: Scene = Scene { once: pits, minors: [0, 0], blocks: 2 };

/// Two pipes: an empty one for readers, and one for writers that is soon full.
static PIPES: Scene = Scene { once: pipes, minors: [0, 1], blocks: 0 };

fn pits(inside: u32, go: &dyn Fn()) -> Result<u32, String> {
    while ARRIVED.try_down() {}
    chrdev::load(&["major=202"])?;
    go();
    (0..inside).for_each(|_| ARRIVED.down());
    chrdev::unload(true)?;
    Ok(INSIDE.load(SeqCst))
}

fn pipes(inside: u32, go: &dyn Fn()) -> Result<u32, String> {
    let failed = |errno: Errno| errno.to_string();
    let parameters = Arc::new(Parameters::default());
    parameters.pipe_buffer.set_up(16);
    let (registry, module) = (dev::registry(), Module::new("pipes"));
    let pipes = [0, 1].map(|index| Pipe::<Kernel>::new(index, &parameters, Edition::Repaired));
    let pipes: Vec<_> = pipes.into_iter().collect::<Result<_, _>>().map_err(failed)?;
    let region = registry.claim("pipes", Some(MAJOR), 2).map_err(failed)?;
    for (minor, pipe) in (0..).zip(&pipes) {
        let number = DeviceNumber { major: MAJOR, minor };
        registry.add(Cdev::new(number, pipe.name(), &module, pipe.clone())).map_err(failed)?;
    }
    go();
    let asleep = || pipes.iter().map(|pipe| pipe.sleepers()).fold(0, |sum, (read, write)| sum + read + write);
    while asleep() < inside as usize {
        task::yield_now();
    }
    for minor in [0, 1] {
        registry.remove(DeviceNumber { major: MAJOR, minor }).map_err(failed)?;
    }
    registry.give_back(&region);
    Ok(asleep() as u32)
}

/// What the tasks and the one that unplugs tell each other.
struct Race {
    scene: &'static Scene,
    /// Devices were plugged in: one unit for each task.
    go: Semaphore<Kernel>,
    /// A task has its answer.
    done: Semaphore<Kernel>,
    over: AtomicBool,
    /// Answers that are not [`Errno::ENODEV`].
    wrong: AtomicU32,
    /// Tasks that came too late to open a device.
    late: AtomicU32,
    answered: AtomicU32,
}

impl Race {
    const fn new(scene: &'static Scene) -> Self {
        Race {
            scene,
            go: Semaphore::new(Class::EVENT, 0),
            done: Semaphore::new(Class::EVENT, 0),
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
            self.call(task.is_multiple_of(2));
            self.done.up();
        }
    }

    fn call(&self, reads: bool) {
        let [readers, writers] = self.scene.minors;
        let (minor, flags) = if reads { (readers, OpenFlags::READ) } else { (writers, OpenFlags::WRITE) };
        let number = DeviceNumber { major: MAJOR, minor };
        let counter = match dev::registry().open(number, flags, &Credentials::ROOT) {
            Ok(file) if is_told(&file, reads) => &self.answered,
            Err(Errno::ENXIO | Errno::ENODEV) => &self.late,
            _ => &self.wrong,
        };
        counter.fetch_add(1, SeqCst);
    }

    /// One run, with so many inside when the devices go. Returns how many calls were left inside.
    fn once(&self, inside: u32) -> Result<u32, String> {
        let left = (self.scene.once)(inside, &|| (0..TASKS).for_each(|_| self.go.up()))?;
        (0..TASKS).for_each(|_| self.done.down());
        Ok(left)
    }

    /// Every other time all tasks are inside; else as many as the number of the run says, and the others are
    /// on their way.
    fn batch(&self) -> Answer {
        // SAFETY: blocks of the scull kinds are those of the devices that come and go in here.
        let experiment = unsafe { Experiment::begin() }.map_err(|errno| errno.to_string())?;
        for run in 0..BATCH {
            let inside = if run.is_multiple_of(2) { TASKS } else { run % TASKS };
            same("calls that were left inside", self.once(inside)?, 0)?;
        }
        let happened = experiment.so_far();
        let (allocated, freed) = (happened.allocated.scull.quantum, happened.freed.scull.quantum);
        same("wrong answers", self.wrong.load(SeqCst), 0)?;
        same("uses after free", WILD.load(SeqCst), 0)?;
        holds("every run has allocated", allocated >= self.scene.blocks * u64::from(BATCH) && allocated > 0)?;
        same("blocks that were freed", freed, allocated)?;
        same("double frees", happened.double_free, 0)?;
        same("writes after free", experiment.written_after_free(), 0)
    }
}

/// Whether the calls of a file end with [`Errno::ENODEV`], the first after a while, or after some bytes.
fn is_told(file: &File, reads: bool) -> bool {
    let call = || if reads { file.read(&mut [0]) } else { file.write(&[0]) };
    loop {
        match call() {
            Ok(1) if !reads => {}
            answer => return answer == Err(Errno::ENODEV) && call() == answer,
        }
    }
}

fn race(scene: &'static Scene, runs: u32) -> Answer {
    let race = Arc::new(Race::new(scene));
    WILD.store(0, SeqCst);
    let start = |task: u32| {
        let race = Arc::clone(&race);
        crew::start(task % smp::cpus(), move || race.run(task))
    };
    let tasks: Vec<_> = (0..TASKS).map(start).collect::<Result<_, _>>()?;
    let outcome = (0..runs / BATCH).try_for_each(|_| race.batch());
    race.over.store(true, SeqCst);
    (0..TASKS).for_each(|_| race.go.up());
    tasks.into_iter().for_each(|task| _ = task.join());
    outcome?;
    let (late, answered) = (race.late.load(SeqCst), race.answered.load(SeqCst));
    println!("{runs} times unplugged: {answered} calls were told ENODEV, {late} came too late to open it");
    same("calls", late + answered, runs * TASKS)?;
    holds("every second time all were inside", answered >= runs / 2 * TASKS)
}
