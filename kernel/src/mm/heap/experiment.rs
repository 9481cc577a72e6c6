//! One round of an experiment, as the heap sees it; and devices that live on, while no experiment begins.

use kcore::errno::Errno;
use kcore::ledger::Snapshot;
use kcore::machine::Kind;

use super::quarantine::Recycling;
use super::{HEAP, is_poisoned, snapshot, with_heap};

/// The stretch of time of one round of an experiment: blocks of the scull kinds that are freed meanwhile stay
/// in quarantine, and those that are alive at the end can be told apart by reachability. One at a time.
#[derive(Debug)]
pub struct Experiment {
    since: u64,
    before: Snapshot,
}

impl Experiment {
    /// Starts it. [`Errno::EBUSY`] while there are devices that live on ([`Live`]).
    ///
    /// # Safety
    /// When it is dropped, nothing uses a block of a scull kind any more that was allocated meanwhile:
    /// neither a task nor a device that lives on without a [`Live`].
    pub unsafe fn begin() -> Result<Experiment, Errno> {
        let mut heap = HEAP.lock_irqsave();
        let heap = heap.as_mut().expect("the heap is set up before experiments run");
        assert!(heap.quarantine_since == u64::MAX, "one experiment at a time");
        if heap.live > 0 {
            return Err(Errno::EBUSY);
        }
        heap.quarantine_since = heap.ledger.next_serial();
        Ok(Experiment { since: heap.quarantine_since, before: heap.ledger.snapshot() })
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
        with_heap(|heap| heap.recycling = Some(Recycling::new()));
        Ok(experiment)
    }

    /// Ends the one that is under way, if one is: its owner has died, and drops nothing.
    ///
    /// # Safety
    /// As if it were dropped: see [`begin`](Experiment::begin).
    pub unsafe fn end_of_the_dead() {
        let mut heap = HEAP.lock_irqsave();
        let Some(heap) = heap.as_mut() else { return };
        let since = core::mem::replace(&mut heap.quarantine_since, u64::MAX);
        heap.recycling = None;
        // SAFETY: the caller's promise. Where none is under way, no block is as young as that.
        unsafe { heap.sweep(since, |record| record.allocation.kind != Kind::Other) };
    }

    /// Task `who` of the experiment is inside the device until the result is dropped.
    #[must_use = "the task is inside until this is dropped, which is at once"]
    pub fn inside(&self, who: u32) -> Inside<'_> {
        with_heap(|heap| {
            let now = heap.ledger.next_serial();
            heap.recycling.iter_mut().for_each(|recycling| recycling.enter(who, now));
        });
        Inside { who, _experiment: self }
    }

    /// Blocks that were freed and used again while it ran.
    pub fn recycled(&self) -> u64 {
        with_heap(|heap| heap.recycling.as_ref().map_or(0, Recycling::taken))
    }

    /// The first serial number that belongs to it.
    pub fn since(&self) -> u64 {
        self.since
    }

    /// What has happened since it began.
    pub fn so_far(&self) -> Snapshot {
        snapshot() - self.before
    }

    /// Freed blocks whose poison was overwritten: a task wrote to them after they were freed.
    pub fn written_after_free(&self) -> u64 {
        let since = self.since;
        with_heap(|heap| {
            let freed = heap
                .ledger
                .since(since)
                .filter(|record| !record.is_live() && record.allocation.kind != Kind::Other);
            let spoilt = freed.filter(|record| !is_poisoned(record)).count() as u64;
            spoilt + heap.recycling.as_ref().map_or(0, Recycling::spoilt)
        })
    }
}

/// A task is inside the device: what is freed meanwhile is not used again before it leaves.
#[derive(Debug)]
pub struct Inside<'a> {
    who: u32,
    _experiment: &'a Experiment,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        with_heap(|heap| heap.recycling.iter_mut().for_each(|recycling| recycling.leave(self.who)));
    }
}

impl Drop for Experiment {
    /// Ends it: empties the quarantine and takes back what leaked, so that the next one starts afresh. No
    /// task may use a block of the experiment any more.
    fn drop(&mut self) {
        // SAFETY: the tasks of the experiment have ended, and its devices are gone: `begin` asks for that.
        unsafe { Experiment::end_of_the_dead() };
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
        HEAP.lock_irqsave().as_ref().is_some_and(|heap| heap.live > 0)
    }

    /// One more. [`Errno::EBUSY`] while an experiment runs.
    pub fn begin() -> Result<Self, Errno> {
        let mut heap = HEAP.lock_irqsave();
        let heap = heap.as_mut().ok_or(Errno::ENOMEM)?;
        if heap.quarantine_since != u64::MAX {
            return Err(Errno::EBUSY);
        }
        heap.live += 1;
        Ok(Live(()))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(heap) = HEAP.lock_irqsave().as_mut() {
            heap.live -= 1;
        }
    }
}
