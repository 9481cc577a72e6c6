//! Tasks: starting, ending, and how many there can be.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use kcore::event::Class;
use kcore::sync::Semaphore;

use super::Answer;
use super::case::{different, holds, same};
use super::crew;
use crate::arch::{cpu, smp};
use crate::machine::Kernel;
use crate::param::MAX_TASKS;
use crate::task::table::State;
use crate::task::{self, JoinHandle, SpawnError, listing};

crate::case! {
    "tasks::more-than-cpus" => more_than_cpus;
    "tasks::no-such-cpu" => no_such_cpu;
    "tasks::slots-are-used-again" => slots;
    "tasks::too-many-is-an-error" => too_many;
    "tasks::ids-differ" => ids;
    "tasks::names-are-cut" => names;
    "tasks::started-by-tasks" => nested;
    "tasks::are-listed" => listed;
    "tasks::no-stack-goes-before-all-have-ended" => stacks_stay;
}

fn more_than_cpus() -> Answer {
    const TASKS: u32 = 60;
    let done = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&done);
    crew::run(TASKS, move |_| {
        task::yield_now();
        counted.fetch_add(1, Relaxed);
    })?;
    same("tasks that ended", done.load(Relaxed), TASKS)
}

/// A task is in the list while it lives, with its CPU and what it is doing, and not afterwards.
fn listed() -> Answer {
    let last = smp::cpus() - 1;
    let sleeper = crew::start(last, || {
        while !task::should_stop() {
            task::block();
        }
    })?;
    let id = sleeper.id();
    let entry = || listing::list().find(|listed| listed.id == id);
    while entry().is_some_and(|listed| listed.state != State::Blocked) {
        task::yield_now();
    }
    let found = entry().map(|listed| (listed.cpu, listed.state, listed.runs));
    same("a task that sleeps", found, Some((last, State::Blocked, false)))?;
    let me = || listing::list().find(|listed| listed.id == task::current());
    same("whether the running task runs", me().map(|listed| listed.runs), Some(true))?;
    let (before, then) = (me().map(|listed| listed.run_time), cpu::cycles());
    while cpu::cycles() == then {}
    holds(
        "it has run longer than before, though nobody has switched to it",
        me().map(|listed| listed.run_time) > before,
    )?;
    sleeper.stop();
    same("whether a task that was joined is listed", entry().is_some(), false)
}

fn no_such_cpu() -> Answer {
    for cpu in [smp::cpus(), u32::MAX] {
        let error = task::spawn("nowhere", cpu, || ()).err();
        same("starting a task on a CPU that is not there", error, Some(SpawnError::NoSuchCpu))?;
    }
    Ok(())
}

fn slots() -> Answer {
    const TASKS: u32 = 2000;
    let done = Arc::new(AtomicU32::new(0));
    for number in 0..TASKS {
        let counted = Arc::clone(&done);
        // Its own CPU most of the time: that is quicker, and the slots are the same.
        let cpu = if number % 10 == 0 { number / 10 % smp::cpus() } else { 0 };
        crew::start(cpu, move || {
            counted.fetch_add(1, Relaxed);
        })?
        .join();
    }
    same("tasks that ended", done.load(Relaxed), TASKS)
}

/// The table, or the memory for stacks, has an end; beyond it there is an error, and behind it all is as
/// before.
fn too_many() -> Answer {
    let mut tasks = Vec::with_capacity(MAX_TASKS);
    let error = loop {
        match task::spawn("one of many", tasks.len() as u32 % smp::cpus(), || ()) {
            Ok(task) => tasks.push(task),
            Err(error) => break error,
        }
    };
    let started = tasks.len();
    task::join_all(tasks);
    holds(&format!("{error:?} says so"), matches!(error, SpawnError::TooMany | SpawnError::NoMemory))?;
    holds(&format!("{started} tasks are a good many"), started > 60)?;
    more_than_cpus()
}

/// A task that is given up leaves its node in the queue of a lock that another one of its crew still has.
/// Until that one has ended, too, no other task gets the stack.
fn stacks_stay() -> Answer {
    static UNITS: Semaphore<Kernel> = Semaphore::new(Class::EVENT, 0);
    let last = smp::cpus() - 1;
    let waiter = crew::start(last, || UNITS.down())?;
    while UNITS.waiters() == 0 {
        task::yield_now();
    }
    let id = waiter.id();
    let went = Arc::new(AtomicBool::new(false));
    let sees = Arc::clone(&went);
    let holder = crew::start(0, move || {
        task::doom::doom(id);
        while listing::state_of(id) == Some(State::Blocked) {
            task::yield_now();
        }
        // Long enough for the task that waits for both to free the one.
        for _ in 0..20 {
            task::sleep(100);
            sees.fetch_or(listing::state_of(id).is_none(), SeqCst);
        }
        UNITS.up();
    })?;
    task::join_all([waiter, holder]);
    holds("its slot was taken until the other had ended", !went.load(SeqCst))
}

fn ids() -> Answer {
    let mut ids = Vec::new();
    let mut tasks = Vec::new();
    for number in 0..20 {
        let task = crew::start(number % smp::cpus(), || ())?;
        ids.push(task.id().0);
        tasks.push(task);
    }
    task::join_all(tasks);
    let next = crew::start(0, || ())?;
    ids.push(next.id().0);
    next.join();
    same("different ids", different(&ids), 21)
}

fn names() -> Answer {
    let task = task::spawn("a name that is far too long", 0, || ()).map_err(|error| format!("{error:?}"))?;
    let name = task::name_of(task.id());
    let id = task.id();
    task.join();
    same("the name", name.as_str(), "a name that is+")?;
    same("the name when it has ended", task::name_of(id).as_str(), "a name that is+")?;
    same("the name of nobody", task::name_of(kcore::machine::TaskId(u32::MAX)).as_str(), "?")
}

fn nested() -> Answer {
    let right = crew::count(|cpu| {
        let other = (cpu + 1) % smp::cpus();
        let reached = Arc::new(AtomicU32::new(0));
        let inner = Arc::clone(&reached);
        crew::start(other, move || {
            inner.store(1, Relaxed);
        })
        .map(JoinHandle::join)
        .is_ok()
            && reached.load(Relaxed) == 1
    })?;
    same("CPUs whose task started another", right, smp::cpus())
}
