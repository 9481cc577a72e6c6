//! Waits that signals end.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Access, Events, Kinds, LockName, Op, Site, What};
use kcore::experiment::stage::{Owners, Unit};
use kcore::experiment::{INSIDE, Refusal, Resolved};
use kcore::machine::{Cpu, Sched, Sleep, TaskId};
use kcore::place::Place;
use kcore::shared::probe;
use kcore::sync::{Ending, Ends, Observed};

use crate::arch::smp;
use crate::machine::Kernel;
use crate::mm::heap;
use crate::observe::CREW;
use crate::task::{self, JoinHandle, Signal, SpawnError, shortage, signal};

use super::Stage;

const NAME: LockName = LockName::sleeps("unit", class!("unit"));

/// PAUSEs between two signals, at most; and PAUSEs that the unit is held for.
const MOST_PAUSES: u32 = 64;
/// Turns that are left to the other tasks of the CPU while the unit is held, at most.
const MOST_YIELDS: u32 = 4;

/// One round: a waiter that is granted the unit and interrupted before it runs; then `quanta` interrupted
/// waits for each task, by chance. Where a script orders all steps, what the host explores: the last task sends
/// the signals, and the one before it gives the unit.
pub(super) fn round(stage: &mut Stage<'_>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    if resolved.plan.orders_all() {
        return stage.waits_from_within(resolved.writers.saturating_sub(2), false, &participant);
    }
    let seed = stage.luck();
    let scene = Arc::new(Scene::new(resolved)?);
    let since = heap::next_serial();
    grant_and_interrupt(&scene)?;
    by_chance(stage, &scene, seed)?;
    let units_amiss = scene.unit.free().abs_diff(1) + scene.unit.waiters();
    stage.run.lost_updates += (scene.blocks_left(since) + units_amiss) as u64;
    stage.run.owners = stage.run.owners.max(scene.owners.most());
    stage.add_lock(Some(scene.unit.lock().stats()));
    let (interrupted, had) = (scene.interrupted.load(Relaxed), scene.had.load(Relaxed));
    stage.note(format!("{interrupted} waits were ended by a signal, {had} got the unit"));
    Ok(())
}

/// The task that is participant `who`.
fn participant(who: u32) -> TaskId {
    CREW.named(1 << who).next().expect("no task begins before all are known")
}

/// What a signal is to its task: no point.
static SIGNAL: Site = Site::new("signal");

/// Tells of the signal of `task`.
#[track_caller]
fn tell(op: Op, task: TaskId) {
    if Kernel::wanted().contains(Kinds::UNSTEERED) {
        let access = Access { site: &SIGNAL, op, address: task.0 as usize, size: 1 };
        Kernel::tell(What::Access(access), Place::caller());
    }
}

impl Ends for Kernel {
    #[track_caller]
    fn has_come(what: Ending) -> bool {
        assert!(what == Ending::Signal, "no script lets a deadline pass");
        tell(Op::Look, Kernel::task());
        signal::interrupted(Sleep::Interruptible)
    }

    #[track_caller]
    fn comes(what: Ending, task: TaskId) {
        assert!(what == Ending::Signal, "no script lets a deadline pass");
        tell(Op::Update, task);
        signal::send(task, Signal::Interrupt);
    }
}

/// The unit is granted to a waiter, and the signal comes before the waiter runs: both on the CPU that the
/// waiter needs.
fn grant_and_interrupt(scene: &Arc<Scene>) -> Result<(), SpawnError> {
    let mut waiter: Option<Result<JoinHandle, SpawnError>> = None;
    let held = scene.unit.with(|| {
        let its = Arc::clone(scene);
        let spawned = task::spawn("waiter", Kernel::cpu().0, move || {
            its.waiter.store(Kernel::task().0, Relaxed);
            its.unit.with(|| {})
        });
        while spawned.is_ok() && scene.unit.waiters() == 0 {
            task::yield_now();
        }
        waiter = Some(spawned);
        // The waiter does not run before it has the unit and the signal.
        Kernel::preempt_disable();
    });
    let waiter = waiter.filter(|_| held.is_ok()).expect("the unit was free, and this task has no signal");
    if let Ok(waiter) = &waiter {
        signal::send(waiter.id(), Signal::Interrupt);
    }
    Kernel::preempt_enable();
    waiter?.join();
    Ok(())
}

/// The crew waits, and is interrupted until it has had enough of it.
fn by_chance(stage: &mut Stage<'_>, scene: &Arc<Scene>, seed: u64) -> Result<(), Refusal> {
    let theirs = Arc::clone(scene);
    let interrupter = task::spawn("interrupter", smp::cpus() - 1, move || {
        theirs.interrupter.store(Kernel::task().0, Relaxed);
        let mut chance = fastrand::Rng::with_seed(seed);
        while !theirs.is_over() {
            theirs.interrupt_somebody(&mut chance);
            task::yield_now();
        }
    })?;
    let raced = stage.race(&|who| {
        scene.work(who, &mut fastrand::Rng::with_seed(seed ^ u64::from(who + 1)));
    });
    // Also when not all of them could be started.
    scene.at_work.store(0, Relaxed);
    interrupter.join();
    raced
}

/// The unit, the tasks that want it, and what has become of them.
struct Scene {
    unit: Unit<Kernel, Observed>,
    /// Interrupted waits, all together.
    wanted: u64,
    interrupted: AtomicU64,
    /// Waits that got the unit.
    had: AtomicU64,
    /// Tasks of the crew that have not finished.
    at_work: AtomicU32,
    /// Their numbers; 0 for tasks that have not begun.
    tasks: Vec<AtomicU32>,
    /// And the tasks that are not of the crew.
    waiter: AtomicU32,
    interrupter: AtomicU32,
    owners: Owners,
}

impl Scene {
    fn new(resolved: &Resolved) -> Result<Self, Errno> {
        let mut tasks = shortage::with_room_for(resolved.writers as usize)?;
        tasks.resize_with(resolved.writers as usize, || AtomicU32::new(0));
        Ok(Scene {
            unit: Unit::new(resolved.lock, Observed::new(NAME)),
            wanted: u64::from(resolved.writers) * u64::from(resolved.quanta),
            interrupted: AtomicU64::new(0),
            had: AtomicU64::new(0),
            at_work: AtomicU32::new(resolved.writers),
            tasks,
            waiter: AtomicU32::new(0),
            interrupter: AtomicU32::new(0),
            owners: Owners::default(),
        })
    }

    /// Waits for the unit, again and again, until there were enough waits that a signal has ended.
    fn work(&self, who: u32, chance: &mut fastrand::Rng) {
        self.tasks[who as usize].store(Kernel::task().0, Relaxed);
        while self.interrupted.load(Relaxed) < self.wanted {
            let waited = self.unit.with(|| self.have(chance));
            if waited.is_err() {
                // Those beyond the last are not counted.
                let one_more = |count| (count < self.wanted).then_some(count + 1);
                let _ = self.interrupted.fetch_update(Relaxed, Relaxed, one_more);
            }
            // It is handled, or it came too late for this wait.
            signal::take();
        }
        self.at_work.fetch_sub(1, Relaxed);
    }

    /// Has the unit for a while.
    fn have(&self, chance: &mut fastrand::Rng) {
        self.owners.enter::<Kernel>();
        self.had.fetch_add(1, Relaxed);
        probe::<Kernel>(&INSIDE);
        (0..chance.u32(..MOST_YIELDS)).for_each(|_| task::yield_now());
        (0..chance.u32(..MOST_PAUSES)).for_each(|_| Kernel::relax());
        self.owners.leave::<Kernel>();
    }

    /// Sends a signal to one of the crew, sooner or later, if any of them waits.
    fn interrupt_somebody(&self, chance: &mut fastrand::Rng) {
        (0..chance.u32(..MOST_PAUSES)).for_each(|_| Kernel::relax());
        let victim = self.tasks[chance.usize(..self.tasks.len())].load(Relaxed);
        if victim != 0 && self.unit.waiters() > 0 {
            signal::send(TaskId(victim), Signal::Interrupt);
        }
    }

    /// Blocks from number `since` on that a task of the round has allocated and none has freed. What others
    /// have does not count.
    fn blocks_left(&self, since: u64) -> usize {
        let runner = Kernel::task();
        let others = [&self.waiter, &self.interrupter];
        let is_ours = |task: TaskId| {
            task == runner || self.tasks.iter().chain(others).any(|ours| ours.load(Relaxed) == task.0)
        };
        heap::with_ledger(|ledger| {
            let left = ledger.since(since).filter(|record| record.is_live());
            left.filter(|record| is_ours(record.allocation.task)).count()
        })
    }

    fn is_over(&self) -> bool {
        self.at_work.load(Relaxed) == 0
    }
}
