//! A machine of threads, as the experiments see it.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::string::String;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::vec::Vec;

use crate::errno::Errno;
use crate::event::might_sleep;
use crate::experiment::stage::{Account, FEW_PAUSES, HeapRound, Walk};
use crate::experiment::{Body, Experiment, Refusal, Resolved, Rig, Stage, body};
use crate::host::arena::Taken;
use crate::host::machine::{Host, HostMachine};
use crate::host::task::{Task, lock};
use crate::host::warden::Warden;
use crate::machine::{Cpu, Sched, TaskId};
use crate::report::{LockStats, Run, Step};
use crate::settings::{MAX_WRITERS, Probe, RunSettings, Verdict};

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// The numbers and the verdict.
    pub run: Run,
    /// The counters of the guard, summed over the rounds.
    pub lock: Option<LockStats>,
    /// Steps of the script that could not happen.
    pub steps: Vec<Step>,
    /// What the experiment has to say besides, a line each.
    pub notes: Vec<String>,
    /// The identity of the account that does not hold, if one does not.
    pub broken_account: Option<String>,
}

/// What the tasks of `entry` do here. [`None`] when it needs what a machine of threads has not: its body is a
/// kernel's, or it is about an interrupt at certain points, and so about tasks that share a CPU.
///
/// To be inlined, as [`run`] is: then all experiments are compiled for this machine where that is asked for,
/// in the tests, and not in each build of this crate.
#[inline]
pub fn body_of(entry: &Experiment) -> Option<Body<HostMachine>> {
    body(entry).filter(|_| !matches!(entry.forced(), Probe::Fire(_)))
}

/// Runs an experiment on a new machine, if it [can](body_of) be run here.
#[inline]
pub fn run(resolved: &Resolved, settings: &RunSettings) -> Option<Result<Outcome, Refusal>> {
    let body = body_of(resolved.experiment)?;
    let host = Host::new();
    let may_stop = resolved.experiment.may_stop();
    let warden = Arc::new(Warden::new(&host, &resolved.plan, resolved.writers, may_stop));
    host.listen(warden.wants(&resolved.plan), warden.clone());
    host.run(|| {
        let mut stage = Stage::<HostMachine>::new(resolved, settings);
        stage.books = Books { warden: Some(warden.clone()) };
        match stage.rounds(body, settings) {
            Ok(()) | Err(Refusal::Stopped) => {}
            Err(refusal) => return Some(Err(refusal)),
        }
        let broken_account = stage.judge(None);
        let Stage { run, lock, notes, .. } = stage;
        Some(Ok(Outcome { run, lock, steps: warden.given_up(), notes, broken_account }))
    })
}

/// What a machine of threads has to do with a run.
#[derive(Default)]
pub struct Books {
    warden: Option<Arc<Warden>>,
}

impl Rig for HostMachine {
    type Heap = Round;
    type Books = Books;

    fn pauses() -> u8 {
        FEW_PAUSES
    }

    /// Each task has one of its own.
    fn cpus() -> u32 {
        MAX_WRITERS
    }

    fn cycles_of(microseconds: u64) -> u64 {
        microseconds * 1000
    }

    #[track_caller]
    fn sleep(microseconds: u64) {
        might_sleep::<Self>();
        let moment = Self::cycles().saturating_add(Self::cycles_of(microseconds));
        while Self::cycles() < moment {
            Self::block_until(moment);
        }
    }

    fn has_ended(task: TaskId) -> bool {
        Host::here().token(task).is_none_or(|token| token.has_ended())
    }

    /// As large as the host allows.
    fn heap_size() -> usize {
        isize::MAX as usize
    }

    fn race(stage: &mut Stage<'_, Self>, body: &(dyn Fn(u32) + Sync)) -> Result<(), Refusal> {
        let warden = stage.books.warden.clone().expect("`run` has set it");
        let (cycles, found) = crew(&warden, stage.resolved.writers, body);
        stage.run.cycles += cycles;
        match found {
            None => Ok(()),
            Some(found) => {
                stage.run.stopped = Some(found);
                Err(Refusal::Stopped)
            }
        }
    }

    fn account(_stage: &mut Stage<'_, Self>, heap: &Round, _links: &[usize], walk: &mut Walk<'_>) -> Account {
        let mut reachable = BTreeSet::new();
        walk(&mut |address| {
            reachable.insert(address);
        });
        Host::here().arena(|arena| arena.account_since(&heap.since, &reachable))
    }
}

/// Runs `body(who)` in so many tasks at once, and waits until all have ended or were given up. Returns the
/// time from the first begin to the last end, and why they were given up.
fn crew(warden: &Arc<Warden>, size: u32, body: &(dyn Fn(u32) + Sync)) -> (u64, Option<Verdict>) {
    let host = Host::here();
    let tasks: Vec<Task> = (0..size).map(|_| Task::new(&host)).collect();
    warden.begin_round(&tasks.iter().map(|task| task.id).collect::<Vec<_>>());
    // SAFETY: the reference is used by the tasks alone, and each of them has ended, or is parked for ever,
    // before this function returns: there is no way out in between.
    let body = unsafe { core::mem::transmute::<&(dyn Fn(u32) + Sync), &'static (dyn Fn(u32) + Sync)>(body) };
    let start = Arc::new(Barrier::new(size as usize));
    let clock = Arc::new([AtomicU64::new(u64::MAX), AtomicU64::new(0)]);
    let panicked = Arc::new(Mutex::new(None));
    for (task, who) in tasks.into_iter().zip(0..) {
        let (warden, start, clock, panicked) =
            (warden.clone(), start.clone(), clock.clone(), panicked.clone());
        let token = task.token.clone();
        let member = move || {
            start.wait();
            clock[0].fetch_min(HostMachine::cycles(), Relaxed);
            warden.enter(who as u8);
            let ended = catch_unwind(AssertUnwindSafe(|| body(who)));
            clock[1].fetch_max(HostMachine::cycles(), Relaxed);
            if let Err(panic) = ended {
                *lock(&panicked) = Some(panic);
                warden.stop(Verdict::Oops);
            }
            warden.leave(who as u8, &token);
        };
        thread::spawn(move || task.run(member));
    }
    let found = warden.end_round();
    if let Some(panic) = lock(&panicked).take() {
        resume_unwind(panic);
    }
    (clock[1].load(Relaxed).saturating_sub(clock[0].load(Relaxed)), found)
}

/// A round, as the arena sees it. What is freed stays in quarantine as long as the machine.
pub struct Round {
    since: Taken,
}

impl HeapRound for Round {
    type Inside<'a> = ();

    unsafe fn begin() -> Result<Self, Errno> {
        Ok(Round { since: Host::here().arena(|arena| arena.taken()) })
    }

    unsafe fn begin_recycling() -> Result<Self, Errno> {
        // SAFETY: the caller's promise.
        unsafe { Self::begin() }
    }

    fn inside(&self, _who: u32) {}

    fn recycled(&self) -> u64 {
        0
    }

    fn written_after_free(&self) -> u64 {
        Host::here().arena(|arena| arena.account_since(&self.since, &BTreeSet::new())).written_after_free
    }
}
