//! One round of an experiment, as the heap sees it; and devices that live on, while no experiment begins.

use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;
use kcore::ledger::{Record, Snapshot};
use kcore::machine::{Cpu, CpuId, Kind};

use super::quarantine::Recycling;
use super::{HEAP, is_poisoned, next_serial, snapshot, with_all};
use crate::machine::Kernel;

/// The stretch of time of one round of an experiment: blocks of the scull kinds that are freed meanwhile stay
/// in quarantine, and those that are alive at the end can be told apart by reachability. One at a time, or
/// one for the blocks of each CPU.
#[derive(Debug)]
pub struct Experiment {
    since: u64,
    before: Snapshot,
    /// The CPU whose blocks it is about; [`None`] for all.
    cpu: Option<CpuId>,
}

impl Experiment {
    /// Starts it. [`Errno::EBUSY`] while there are devices that live on ([`Live`]).
    ///
    /// # Safety
    /// When it is dropped, nothing uses a block of a scull kind any more that was allocated meanwhile:
    /// neither a task nor a device that lives on without a [`Live`].
    pub unsafe fn begin() -> Result<Experiment, Errno> {
        Experiment::of(None)
    }

    /// Starts one for the blocks that are allocated on this CPU: others may be under way on others.
    ///
    /// # Safety
    /// As for [`begin`](Experiment::begin), of blocks that were allocated on this CPU.
    pub unsafe fn begin_here() -> Result<Experiment, Errno> {
        Experiment::of(Some(Kernel::cpu()))
    }

    fn of(cpu: Option<CpuId>) -> Result<Experiment, Errno> {
        with_all(|all| {
            let is_alone = HEAP.quarantine_since.load(Relaxed) == u64::MAX;
            let is_beside = cpu.is_some() && HEAP.of_one_cpu.load(Relaxed) > 0;
            assert!(is_alone || is_beside, "one experiment at a time");
            if HEAP.live.load(Relaxed) > 0 {
                return Err(Errno::EBUSY);
            }
            let since = next_serial();
            HEAP.quarantine_since.fetch_min(since, Relaxed);
            HEAP.of_one_cpu.fetch_add(cpu.is_some().into(), Relaxed);
            Ok(Experiment { since, before: all.ledgers().snapshot(), cpu })
        })
    }

    /// Starts one in which memory that was freed can be had again before it ends.
    ///
    /// # Safety
    /// As for [`begin`](Experiment::begin). Besides, while blocks of a scull kind are freed, each task that
    /// uses such blocks is [inside](Experiment::inside), and keeps no address of one from one time inside to
    /// the next; and when a task that frees a block leaves, the device does not lead to that block any more.
    pub unsafe fn begin_recycling() -> Result<Experiment, Errno> {
        // SAFETY: the caller promises all that `begin` asks for.
        let experiment = unsafe { Experiment::begin() }?;
        with_all(|all| all.common.recycling = Some(Recycling::new()));
        HEAP.recycles.store(true, Relaxed);
        Ok(experiment)
    }

    /// Ends the one that is under way, if one is: its owner has died, and drops nothing.
    ///
    /// # Safety
    /// As if it were dropped: see [`begin`](Experiment::begin).
    pub unsafe fn end_of_the_dead() {
        with_all(|all| {
            let since = HEAP.quarantine_since.swap(u64::MAX, Relaxed);
            all.common.recycling = None;
            HEAP.recycles.store(false, Relaxed);
            // SAFETY: the caller's promise. Where none is under way, no block is as young as that.
            unsafe { all.sweep(since, |record| record.allocation.kind != Kind::Other) };
        });
    }

    /// Task `who` of the experiment is inside the device until the result is dropped.
    #[must_use = "the task is inside until this is dropped, which is at once"]
    pub fn inside(&self, who: u32) -> Inside<'_> {
        recycling(|recycling| recycling.enter(who, next_serial()));
        Inside { who, _experiment: self }
    }

    /// Blocks that were freed and used again while it ran.
    pub fn recycled(&self) -> u64 {
        recycling(|recycling| recycling.taken()).unwrap_or(0)
    }

    /// The first serial number that belongs to it.
    pub fn since(&self) -> u64 {
        self.since
    }

    /// Whether it is about this block.
    pub fn has(&self, record: &Record) -> bool {
        record.serial >= self.since && self.cpu.is_none_or(|cpu| record.allocation.cpu == cpu)
    }

    /// What has happened since it began. Of the blocks of one CPU no more is known than what is not
    /// forgotten: how many of the scull kinds there were, were freed, and were freed twice.
    pub fn so_far(&self) -> Snapshot {
        if self.cpu.is_none() {
            return snapshot() - self.before;
        }
        let mut happened = Snapshot::default();
        with_all(|all| {
            for record in all.ledgers().since(self.since).filter(|record| self.has(record)) {
                happened.allocated[record.allocation.kind] += 1;
                happened.freed[record.allocation.kind] += u64::from(!record.is_live());
                happened.double_free += u64::from(record.freed_again);
            }
        });
        happened
    }

    /// Freed blocks whose poison was overwritten: a task wrote to them after they were freed.
    pub fn written_after_free(&self) -> u64 {
        let since = self.since;
        with_all(|all| {
            let recycled = all.common.recycling.as_ref().map_or(0, Recycling::spoilt);
            let ledgers = all.ledgers();
            let is_freed = |record: &&Record| {
                self.has(record) && !record.is_live() && record.allocation.kind != Kind::Other
            };
            let spoilt = ledgers.since(since).filter(is_freed).filter(|record| !is_poisoned(record)).count();
            spoilt as u64 + recycled
        })
    }
}

/// Asks which tasks are inside, if that is known.
pub(super) fn recycling<R>(ask: impl FnOnce(&mut Recycling) -> R) -> Option<R> {
    HEAP.common.lock_irqsave().as_mut()?.recycling.as_mut().map(ask)
}

/// A task is inside the device: what is freed meanwhile is not used again before it leaves.
#[derive(Debug)]
pub struct Inside<'a> {
    who: u32,
    _experiment: &'a Experiment,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        recycling(|recycling| recycling.leave(self.who));
    }
}

impl Drop for Experiment {
    /// Ends it: empties the quarantine and takes back what leaked, so that the next one starts afresh. No
    /// task may use a block of the experiment any more.
    fn drop(&mut self) {
        if self.cpu.is_none() {
            // SAFETY: the tasks of the experiment have ended, and its devices are gone: `begin` asks for
            // that.
            return unsafe { Experiment::end_of_the_dead() };
        }
        with_all(|all| {
            if HEAP.of_one_cpu.fetch_sub(1, Relaxed) == 1 {
                HEAP.quarantine_since.store(u64::MAX, Relaxed);
            }
            // SAFETY: as above.
            unsafe {
                all.sweep(self.since, |record| self.has(record) && record.allocation.kind != Kind::Other)
            };
        });
    }
}

/// There are devices of the scull family outside of experiments. A module has one from before its first
/// device is made until its last is gone.
///
/// While there is one, no experiment [begins](Experiment::begin): at its end it would take back all blocks of
/// the scull kinds that were allocated meanwhile, those of such a device, too.
#[derive(Debug)]
pub struct Live(());

impl Live {
    /// Whether there is one.
    pub fn any() -> bool {
        HEAP.live.load(Relaxed) > 0
    }

    /// One more. [`Errno::EBUSY`] while an experiment runs.
    pub fn begin() -> Result<Self, Errno> {
        with_all(|_| {
            if HEAP.quarantine_since.load(Relaxed) != u64::MAX {
                return Err(Errno::EBUSY);
            }
            HEAP.live.fetch_add(1, Relaxed);
            Ok(Live(()))
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        HEAP.live.fetch_sub(1, Relaxed);
    }
}
