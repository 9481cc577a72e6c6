//! A crew: the tasks of one round, spread over the CPUs, starting together.

use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

use kcore::event::{Class, Events};
use kcore::experiment::{Resolved, Role};
use kcore::machine::Cpu;
use kcore::sync::Completion;

use crate::arch::smp;
use crate::machine::Kernel;
use crate::observe::{CREW, participant, run};
use crate::task::{self, Name, SpawnError};

/// Runs `body(who)` in every task of `resolved`, each on its CPU, and waits until all have ended: [`run_on`].
pub(super) fn run(resolved: &Resolved, body: &(dyn Fn(u32) + Sync)) -> Result<u64, SpawnError> {
    let cpu_of = |who| resolved.cpu_of(who, smp::cpus());
    run_on(resolved.writers, &cpu_of, &|who| name(who, resolved), body)
}

/// Runs `body(who)` in `size` tasks, task `who` on CPU `cpu_of(who)`, and waits until all have ended. All are
/// there before the first begins; when one of them cannot be started, none begins. Returns the cycles from
/// the first begin to the last end.
///
/// What differs from crew to crew is called through pointers, once by each task: so this code is in the
/// kernel once.
pub fn run_on(
    size: u32,
    cpu_of: &dyn Fn(u32) -> u32,
    name: &dyn Fn(u32) -> Name,
    body: &(dyn Fn(u32) + Sync),
) -> Result<u64, SpawnError> {
    let start = Completion::<Kernel>::new(Class::EVENT);
    let clock = Clock { first: AtomicU64::new(u64::MAX), last: AtomicU64::new(0) };
    let gathering = Gathering::default();
    let is_whole = AtomicBool::new(true);
    let member = |who: u32| {
        start.wait();
        if !is_whole.load(Relaxed) {
            // Some bodies wait for all others, which no probe knows of.
            return participant::leave_unstarted(who as u8);
        }
        gathering.arrive();
        clock.begin();
        participant::enter(who as u8);
        body(who);
        participant::leave();
        clock.end();
    };
    run::begin_round(size, cpu_of);
    let member: &(dyn Fn(u32) + Sync) = &member;
    // SAFETY: the reference is used by the tasks alone, and every task that was started is joined before this
    // function returns: there is no way out in between.
    let member =
        unsafe { core::mem::transmute::<&(dyn Fn(u32) + Sync), &'static (dyn Fn(u32) + Sync)>(member) };
    let mut failed = None;
    let mut tasks = Vec::with_capacity(size as usize);
    for who in 0..size {
        match task::spawn_mortal(&name(who), cpu_of(who), move || member(who)) {
            Ok(task) => {
                CREW.enter(who as u8, task.id());
                tasks.push(task);
            }
            Err(error) => {
                failed = Some(error);
                is_whole.store(false, Relaxed);
                // No task may wait at a point for tasks that will never come.
                (who..size).for_each(|missing| participant::leave_unstarted(missing as u8));
                break;
            }
        }
    }
    gathering.is_of(tasks.len());
    start.complete_all();
    task::join_all(tasks);
    run::end_round();
    failed.map_or_else(|| Ok(clock.cycles()), Err)
}

/// Member `who` on CPU `who`, and round again when there are more members than CPUs.
pub fn spread(who: u32) -> u32 {
    who % smp::cpus()
}

/// What member `who` is called: `writer-A`.
pub fn name(who: u32, resolved: &Resolved) -> Name {
    let role = match resolved.role(who) {
        Role::Write => "writer",
        Role::Read => "reader",
        Role::Trim => "trimmer",
    };
    let mut name = Name::new();
    // The longest, "trimmer-task 64", just fits.
    let _ = write!(name, "{role}-{}", kcore::probe::Name(who as u8));
    name
}

/// Where an interrupt is sent at certain points, all members are awake before the first comes to one: the end
/// of a slice is nothing to a task that is alone on its CPU. Elsewhere they begin as they wake up. From here
/// on to their ends time takes the CPU from none of them: one that lost it before its first step would find
/// done what it is to do at the same time.
#[derive(Default)]
struct Gathering {
    expected: AtomicU32,
    present: AtomicU32,
}

impl Gathering {
    fn is_of(&self, tasks: usize) {
        self.expected.store(tasks as u32, Relaxed);
    }

    fn arrive(&self) {
        if participant::is_interrupted() {
            task::schedule::set_timed(false);
        }
        self.present.fetch_add(1, Relaxed);
        while participant::is_interrupted() && self.present.load(Relaxed) < self.expected.load(Relaxed) {
            Kernel::spinning();
            Kernel::relax();
            task::yield_now();
        }
    }
}

/// The time from the first begin to the last end.
struct Clock {
    first: AtomicU64,
    last: AtomicU64,
}

impl Clock {
    fn begin(&self) {
        self.first.fetch_min(Kernel::cycles(), Relaxed);
    }

    fn end(&self) {
        self.last.fetch_max(Kernel::cycles(), Relaxed);
    }

    fn cycles(&self) -> u64 {
        self.last.load(Relaxed).saturating_sub(self.first.load(Relaxed))
    }
}
