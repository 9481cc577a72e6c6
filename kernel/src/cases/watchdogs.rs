//! The watchdog, where no lock event tells it anything, and where events of others tell it what is none of
//! its business.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use kcore::class;
use kcore::event::{Events, LockName, Waiting, might_sleep};
use kcore::machine::Cpu;
use kcore::probe::Plan;
use kcore::settings::Verdict;
use kcore::sync::{Mutex, Observed, SpinLock};

use super::Answer;
use super::case::same;
use crate::arch::{cpu, smp};
use crate::experiments::crew;
use crate::machine::Kernel;
use crate::observe::{run, watchdog};
use crate::task::{self, JoinHandle, Name, doom};

crate::case! {
    "watchdog::deadlock-of-others" => deadlock_of_others;
    "watchdog::sleep-of-others" => sleep_of_others;
    // They take seconds, and the last one ends the machine.
    "watchdog::busy" => busy, hidden = true;
    "watchdog::busy-beside-others" => busy_beside_others, hidden = true;
    "watchdog::deaf" => deaf, hidden = true;
    "watchdog::out-of-reach" => out_of_reach, hidden = true;
}

static LOCK: SpinLock<(), Kernel, Observed> =
    SpinLock::new(Observed::new(LockName::spins("busy.lock", class!("test"))), ());

/// A holder that never comes to its end, and a waiter that spins for it.
fn busy() -> Answer {
    let stop = watched(|_| {
        let _held = LOCK.lock();
        loop {
            Kernel::spinning();
            cpu::pause();
        }
    })?;
    same("what the watchdog calls it", stop, Some(Verdict::Livelock))
}

/// The same, while others take and give back a lock of theirs without end.
fn busy_beside_others() -> Answer {
    let over = Arc::new(AtomicBool::new(false));
    let theirs = Arc::clone(&over);
    let other = start(smp::cpus() - 1, move || {
        let lock =
            SpinLock::<(), Kernel, Observed>::new(Observed::new(name("others.lock", Waiting::Spins)), ());
        while !theirs.load(Relaxed) {
            drop(lock.lock());
        }
    })?;
    let answer = busy();
    over.store(true, Relaxed);
    other.join();
    answer
}

/// Tasks that hear of nothing are ended where the clock finds them.
fn deaf() -> Answer {
    let stop = watched(|_| {
        loop {
            cpu::pause();
        }
    })?;
    same("what the watchdog calls it", stop, Some(Verdict::Livelock))
}

/// The clock finds no task that has its interrupts off.
fn out_of_reach() -> Answer {
    let stop = watched(|who| {
        if who == 0 {
            cpu::irq_save();
            loop {
                cpu::pause();
            }
        }
    })?;
    same("what the watchdog calls it", stop, None)
}

/// Two tasks wait for each other's mutexes while a run is watched whose tasks they are not.
fn deadlock_of_others() -> Answer {
    let mutexes: Arc<[Mutex<(), Kernel, Observed>; 2]> = Arc::new(
        ["others.first", "others.second"].map(|of| Mutex::new(Observed::new(name(of, Waiting::Sleeps)), ())),
    );
    let (begun, have_one) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let member = |who: usize| {
        let (mutexes, begun, have_one) = (Arc::clone(&mutexes), Arc::clone(&begun), Arc::clone(&have_one));
        start(who as u32 % smp::cpus(), move || {
            wait_until(|| begun.load(Relaxed));
            let _first = mutexes[who].lock();
            have_one.fetch_add(1, Relaxed);
            wait_until(|| have_one.load(Relaxed) == 2);
            let _second = mutexes[1 - who].lock();
        })
    };
    let others = [member(0)?, member(1)?];
    let stop = watched(|_| {
        begun.store(true, Relaxed);
        wait_until(|| mutexes.iter().all(|mutex| mutex.waiters() == 1));
    });
    others.iter().for_each(|task| doom::doom(task.id()));
    task::join_all(others);
    same("what the watchdog calls it", stop?, None)
}

/// A task that is not of the run asks whether it may sleep, where it may not.
fn sleep_of_others() -> Answer {
    let (begun, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (begins, is_done) = (Arc::clone(&begun), Arc::clone(&done));
    let other = start(smp::cpus() - 1, move || {
        wait_until(|| begins.load(Relaxed));
        let lock =
            SpinLock::<(), Kernel, Observed>::new(Observed::new(name("others.lock", Waiting::Spins)), ());
        let held = lock.lock();
        might_sleep::<Kernel>();
        drop(held);
        is_done.store(true, Relaxed);
    })?;
    let stop = watched(|_| {
        begun.store(true, Relaxed);
        wait_until(|| done.load(Relaxed));
    });
    other.join();
    same("what the watchdog calls it", stop?, None)
}

fn name(name: &'static str, waiting: Waiting) -> LockName {
    LockName { name, class: class!("test"), waiting }
}

/// A task that is of no run: none has begun.
fn start(cpu: u32, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle, alloc::string::String> {
    task::spawn("other", cpu, body).map_err(|error| alloc::format!("{error:?}"))
}

fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        Kernel::spinning();
        Kernel::relax();
        task::yield_now();
    }
}

/// What the watchdog finds while two tasks run `body`.
fn watched(body: impl Fn(u32) + Sync) -> Result<Option<Verdict>, alloc::string::String> {
    run::begin(&Plan::Pass, 2, false, true).map_err(|errno| alloc::format!("{errno}"))?;
    let run = crew::run_on(2, &crew::spread, &|_| Name::new(), &body);
    let found = watchdog::take();
    run::end();
    run.map_err(|error| alloc::format!("{error:?}"))?;
    Ok(found.map(|stop| stop.cause.verdict()))
}
