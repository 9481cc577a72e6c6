//! Calls at random on the loaded family, from several tasks at once, while signals come and modules go: no
//! panic, no hang, no wrong answer, and nothing left behind.
//!
//! One task is the conductor: it sends the others signals, so that any call may sleep, reads what `/proc`
//! shows of them, and unloads and loads the modules. What is called, and which answers are right, is
//! [`kcore::fuzz`].

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use fastrand::Rng;
use kcore::class;
use kcore::complete::Complete;
use kcore::dev::{CharDevice, Credentials, OpenFlags};
use kcore::errno::Errno;
use kcore::fuzz::{Devices, Family, Process};
use kcore::scull::Edition;
use kcore::settings::Form;
use kcore::sleepy::Sleepy;

use super::case::{holds, same, seed};
use super::kmemleak::unreferenced;
use super::{Answer, crew};
use crate::arch::smp;
use crate::dev::{self, Built, Group, Loadable, NewDevice, Parameter, Parameters, Refused};
use crate::fs::{self, File};
use crate::kmemleak::roots::Roots;
use crate::machine::{Kernel, SpinLock};
use crate::mm::heap::{self, Experiment};
use crate::println;
use crate::task::{self, JoinHandle, Signal, signal};

crate::case! {
    "fuzz::ioctl" => some;
    "fuzz::ioctl-million" => million, hidden = true;
    "fuzz::ioctl-of-the-book" => book, hidden = true;
}

/// Tasks that call.
const TASKS: u32 = 8;

/// Calls of one task in one round.
const CALLS: u32 = 1250;

fn some() -> Answer {
    clean(1)
}

fn million() -> Answer {
    clean(1_000_000 / (TASKS * CALLS))
}

/// The repaired edition, which leaves nothing behind.
fn clean(rounds: u32) -> Answer {
    let before = (heap::live().scull, unreferenced(Roots::ALL)?);
    run(Edition::Repaired, rounds)?;
    same("blocks of scull", heap::live().scull, before.0)?;
    // What a task of another case had in hand as it ended may have gone since.
    let after = unreferenced(Roots::ALL)?;
    holds(&format!("no more blocks without a reference than {}: {after}", before.1), after <= before.1)
}

/// The book's edition leaves behind what it leaks, and breaks nothing but its own data.
fn book() -> Answer {
    run(Edition::Book, 20)
}

/// What a run saw.
#[derive(Default)]
struct Seen {
    signals: u32,
    forced: u32,
    unloaded: u32,
    busy: u32,
}

fn run(edition: Edition, rounds: u32) -> Answer {
    let (mut rng, mut seen) = (Rng::with_seed(seed()), Seen::default());
    (0..rounds).try_for_each(|_| round(edition, &mut rng, &mut seen))?;
    let Seen { signals, forced, unloaded, busy } = seen;
    println!(
        "    seed {}: {} calls of the {edition} edition by {TASKS} tasks, {signals} signals; unloaded {unloaded} times, \
         busy {busy} times, forced out {forced} times",
        seed(),
        rounds * TASKS * CALLS
    );
    // SAFETY: nothing is allocated meanwhile.
    holds("all devices are gone", unsafe { Experiment::begin() }.is_ok())
}

/// What the tasks tell the conductor.
struct Told {
    ended: AtomicU32,
    wrong: SpinLock<String>,
}

/// All tasks make their calls; in the end no task uses the modules.
fn round(edition: Edition, rng: &mut Rng, seen: &mut Seen) -> Answer {
    load_scull(edition, rng)?;
    load_waits(edition)?;
    let told =
        Arc::new(Told { ended: AtomicU32::new(0), wrong: SpinLock::new(class!("test"), String::new()) });
    let start = |number: u32| {
        let (told, seed) = (Arc::clone(&told), rng.u64(..));
        crew::start(number % smp::cpus(), move || call(seed, &told))
    };
    let tasks: Vec<JoinHandle> = (0..TASKS).map(start).collect::<Result<_, _>>()?;
    let conducted = conduct(edition, rng, seen, &tasks, &told);
    tasks.into_iter().for_each(|task| _ = task.join());
    conducted?;
    let wrong = told.wrong.lock().clone();
    holds(&wrong, wrong.is_empty())?;
    // Not by force: this is busy if a file has been forgotten.
    [WAITS.name, SCULL]
        .into_iter()
        .try_for_each(|name| dev::rmmod(name, false).map_err(|refused| text(name, &refused)))
}

fn call(seed: u64, told: &Told) {
    let mut process = Process::new(seed, &Names);
    let wrong = (0..CALLS).find_map(|_| process.call().err());
    drop(process);
    if let Some(wrong) = wrong {
        let wrong = wrong.to_string();
        *told.wrong.lock() = wrong;
    }
    told.ended.fetch_add(1, SeqCst);
}

/// Whatever happens, signals are sent until all tasks have ended: a sleeper would sleep for ever.
fn conduct(edition: Edition, rng: &mut Rng, seen: &mut Seen, tasks: &[JoinHandle], told: &Told) -> Answer {
    let mut answer = Ok(());
    while told.ended.load(SeqCst) < TASKS {
        let sent = if rng.u32(..8) == 0 { Signal::Kill } else { Signal::Interrupt };
        signal::send(tasks[rng.usize(..tasks.len())].id(), sent);
        seen.signals += 1;
        if answer.is_ok() {
            answer = match rng.u32(..400) {
                0 => reload(edition, rng, seen, true),
                1..4 => reload(edition, rng, seen, false),
                4..12 => show(edition, rng),
                _ => Ok(()),
            };
        }
        task::sleep(rng.u64(..50));
    }
    answer
}

/// Takes one of the modules out and loads it again.
fn reload(edition: Edition, rng: &mut Rng, seen: &mut Seen, forced: bool) -> Answer {
    let is_scull = rng.bool();
    let name = if is_scull { SCULL } else { WAITS.name };
    match dev::rmmod(name, forced) {
        Ok(()) if forced => seen.forced += 1,
        Ok(()) => seen.unloaded += 1,
        Err(refused) if refused.errno == Errno::EBUSY && !forced => {
            seen.busy += 1;
            return Ok(());
        }
        Err(refused) => return Err(text(name, &refused)),
    }
    if is_scull { load_scull(edition, rng) } else { load_waits(edition) }
}

/// Reads one of the texts about the devices, to the end. There may be no memory for it, and in the book's
/// edition one of them may be about a list that has just been freed (R13).
fn show(edition: Edition, rng: &mut Rng) -> Answer {
    const TEXTS: [&str; 6] = ["scullmem", "scullseq", "scullpipe", "lock_stat", "modules", "devices"];
    let name = format!("/proc/{}", TEXTS[rng.usize(..TEXTS.len())]);
    let file = match fs::open(&name, OpenFlags::READ, &Credentials::ROOT) {
        Err(Errno::ENOMEM) => return Ok(()),
        Err(Errno::EFAULT) if edition == Edition::Book => return Ok(()),
        opened => opened.map_err(|errno| format!("{name}: {errno}"))?,
    };
    let mut bytes = [0; 256];
    while file.read(&mut bytes).map_err(|errno| format!("{name}: {errno}"))? > 0 {}
    Ok(())
}

const SCULL: &str = "scull";

fn load_scull(edition: Edition, rng: &mut Rng) -> Answer {
    const LOCKS: [Form; 6] =
        [Form::Semaphore, Form::Mutex, Form::Spinlock, Form::Completion, Form::RwLock, Form::RwSem];
    let lock = if edition == Edition::Book { Edition::LOCK } else { LOCKS[rng.usize(..LOCKS.len())] };
    let words =
        [format!("lock={lock}"), format!("edition={edition}"), format!("pipe_buffer={}", rng.u32(2..300))];
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["quantum=16", "qset=4"]).collect();
    dev::insmod(SCULL, &words).map_err(|refused| text(SCULL, &refused))
}

fn load_waits(edition: Edition) -> Answer {
    let word = format!("edition={edition}");
    dev::load(&WAITS, &[&word]).map_err(|refused| text(WAITS.name, &refused))
}

fn text(module: &str, refused: &Refused) -> String {
    format!("{module}: {} {}", refused.errno, refused.why)
}

/// complete and sleepy as one module, which says nothing: a log of all these calls would be the longer part
/// of the work.
static WAITS: Loadable = Loadable {
    name: "waits",
    parameters: &[Parameter::word("edition", &["book", "repaired"])],
    build: build_waits,
};

fn build_waits(given: &Parameters<'_>) -> Result<Built, Refused> {
    let edition = Edition::of(given.value("edition", Form::Repaired)?).unwrap_or_default();
    let silent = || alloc::boxed::Box::new(|_, _| {});
    let new = |name: &str, device: Arc<dyn CharDevice<Kernel>>| NewDevice {
        name: name.into(),
        mode: 0o666,
        device,
    };
    let complete = new("complete", Complete::<Kernel>::new(true, silent()));
    let sleepy = new("sleepy", Sleepy::<Kernel>::new(edition, silent()));
    let groups = Vec::from([Group { name: "waits", devices: Vec::from([complete, sleepy]) }]);
    Ok(Built { groups, ..Built::default() })
}

/// The devices by their names.
struct Names;

static NAMES: [(&str, Family); 14] = [
    ("/dev/scull0", Family::Scull),
    ("/dev/scull1", Family::Scull),
    ("/dev/scull2", Family::Scull),
    ("/dev/scull3", Family::Scull),
    ("/dev/scullpipe0", Family::Pipe),
    ("/dev/scullpipe1", Family::Pipe),
    ("/dev/scullpipe2", Family::Pipe),
    ("/dev/scullpipe3", Family::Pipe),
    ("/dev/scullsingle", Family::Scull),
    ("/dev/sculluid", Family::Scull),
    ("/dev/scullwuid", Family::Scull),
    ("/dev/scullpriv", Family::Scull),
    ("/dev/complete", Family::Waits),
    ("/dev/sleepy", Family::Waits),
];

impl Devices<Kernel> for Names {
    fn count(&self) -> usize {
        NAMES.len()
    }

    fn family(&self, index: usize) -> Family {
        NAMES[index].1
    }

    fn open(&self, index: usize, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
        fs::open(NAMES[index].0, flags, credentials)
    }

    fn may_sleep(&self) -> bool {
        true
    }

    fn take_signal(&self) {
        signal::take();
    }
}
