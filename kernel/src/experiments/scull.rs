//! A round on a scull device, with the ledger's account of it.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::dev::Whence;
use kcore::errno::Errno;
use kcore::machine::Kind;
use kcore::report::{Counts, Run};
use kcore::scull::{self, Edition, Geometry, Mode, Parameters};
use kcore::settings::Lock;

use crate::kmemleak;
use crate::machine::Kernel;
use crate::mm::heap;

use super::leaks::Lost;
use super::stamps;
use super::trial::{DESCRIBED, Refusal, Trial};

/// A scull device of this machine.
pub(super) type Device = scull::Device<Kernel>;

/// A walk over blocks: it calls its argument with the address of each. It begins with the links that go with it.
pub(super) type Walk<'a> = dyn FnMut(&mut dyn FnMut(usize)) + 'a;

/// What the tasks of a round tell.
#[derive(Default)]
pub(super) struct Told {
    bytes_written: AtomicU64,
    out_of_memory: AtomicU64,
    lost_updates: AtomicU64,
    stale: AtomicU64,
}

impl Told {
    /// Takes note of how a read or write ended; true when it went well.
    pub(super) fn result(&self, result: Result<usize, Errno>, written: bool) -> bool {
        match result {
            Ok(count) if written => drop(self.bytes_written.fetch_add(count as u64, Relaxed)),
            Err(Errno::ENOMEM) => self.refused(),
            _ => {}
        }
        result.is_ok()
    }

    /// There was no memory for a part of the work.
    pub(super) fn refused(&self) {
        self.out_of_memory.fetch_add(1, Relaxed);
    }

    /// A buffer of `size` bytes of the stamp of task `who`, like [`stamps::buffer`]. `None`, and taken note of, when there
    /// is no memory: then the task never comes to call the device.
    pub(super) fn stamp(&self, size: usize, who: u32) -> Option<Vec<u8>> {
        let buffer = stamps::buffer(size, stamps::of(who)).ok();
        if buffer.is_none() {
            self.refused();
        }
        buffer
    }

    /// Bytes that nobody has written were read, and were not 0.
    pub(super) fn stale(&self) {
        self.stale.fetch_add(1, Relaxed);
    }

    /// An acknowledged update is gone.
    pub(super) fn lost_update(&self) {
        self.lost_updates.fetch_add(1, Relaxed);
    }
}

impl Trial<'_> {
    /// One round: a fresh device, `prepare`d by this task alone; then `body(device, who, told)` in every task at once; then
    /// the account; then `check(device, run)`, which may use the device as it likes.
    pub(super) fn scull_round(
        &mut self,
        prepare: &dyn Fn(&Device) -> Result<(), Errno>,
        body: &(dyn Fn(&Device, u32, &Told) + Sync),
        check: &mut dyn FnMut(&Device, &mut Run) -> Result<(), Errno>,
    ) -> Result<(), Refusal> {
        self.fresh_round(&|lock, geometry| Device::new(0, lock, geometry), prepare, body, check)
    }

    /// [`scull_round`](Trial::scull_round) on a device of the book's driver or of the repaired one, as the form says, with the
    /// lock that the driver is printed with.
    pub(super) fn family_round(
        &mut self,
        prepare: &dyn Fn(&Device) -> Result<(), Errno>,
        body: &(dyn Fn(&Device, u32, &Told) + Sync),
        check: &mut dyn FnMut(&Device, &mut Run) -> Result<(), Errno>,
    ) -> Result<(), Refusal> {
        self.fresh_round(&device_of, prepare, body, check)
    }

    /// A round on the device that `make` makes.
    fn fresh_round(
        &mut self,
        make: &dyn Fn(Lock, Geometry) -> Result<Device, Errno>,
        prepare: &dyn Fn(&Device) -> Result<(), Errno>,
        body: &(dyn Fn(&Device, u32, &Told) + Sync),
        check: &mut dyn FnMut(&Device, &mut Run) -> Result<(), Errno>,
    ) -> Result<(), Refusal> {
        // SAFETY: the device is dropped before it, and the crew's tasks, which use the device, are joined before that.
        let experiment = unsafe { heap::Experiment::begin() }?;
        let device = make(self.resolved.lock, self.geometry)?;
        prepare(&device)?;
        self.race_on(&experiment, &device, &|who, told| body(&device, who, told), check)
    }

    /// What comes after `device` was prepared: `body(who, told)` in every task at once; then the account; then
    /// `check(device, run)`, which may use the device as it likes.
    pub(super) fn race_on(
        &mut self,
        experiment: &heap::Experiment,
        device: &Device,
        body: &(dyn Fn(u32, &Told) + Sync),
        check: &mut dyn FnMut(&Device, &mut Run) -> Result<(), Errno>,
    ) -> Result<(), Refusal> {
        let told = Told::default();
        self.race(&|who| body(who, &told))?;
        self.run.bytes_written += told.bytes_written.into_inner();
        self.run.lost_updates += told.lost_updates.into_inner();
        self.out_of_memory += told.out_of_memory.into_inner();
        self.add_lock(device.lock_stats());
        self.account(experiment, &[device.root()], &mut |mark| {
            device.walk(|_, address| mark(address));
        });
        self.run.use_after_free += device.damage().wild + told.stale.into_inner();
        match check(device, &mut self.run) {
            // A pointer that leads nowhere: what was acknowledged behind it cannot be read back, nor what comes after it.
            Err(Errno::EFAULT) => self.run.lost_updates += 1,
            // To look takes memory, too, where a race has left holes.
            Err(Errno::ENOMEM) => self.out_of_memory += 1,
            _ => {}
        }
        let damage = device.damage();
        self.run.out_of_bounds += damage.overrun + damage.division;
        Ok(())
    }

    /// One round without a device, on blocks of the scull kinds: `body(who, told)` in every task at once; then the account.
    /// Nothing leads to a block that is alive afterwards.
    pub(super) fn heap_round(&mut self, body: &(dyn Fn(u32, &Told) + Sync)) -> Result<(), Refusal> {
        // SAFETY: the crew's tasks are joined before it is dropped, and nobody else uses such blocks but handlers whose end
        // one of these tasks waits for.
        let experiment = unsafe { heap::Experiment::begin() }?;
        let told = Told::default();
        self.race(&|who| body(who, &told))?;
        self.out_of_memory += told.out_of_memory.into_inner();
        self.account(&experiment, &[], &mut |_| {});
        Ok(())
    }

    /// Has kmemleak say the same without knowing a device: see [`kmemleak::Agreement`]. The walk, whose marks are in the
    /// ledger, began with `links`.
    #[inline(never)]
    fn compare(&mut self, since: u64, links: &[usize]) {
        kmemleak::clean::clear_stack_below();
        // What the trial has noted of leaks before is no reference to them.
        let books = self.lost.as_ptr().addr();
        match kmemleak::agreement(since, links, &[books]) {
            Ok(agreement) if !agreement.is_whole() => {
                self.disagreement = Some(format!("walk and search differ: {agreement:x?}"));
            }
            Ok(agreement) => self.hidden.add(&agreement),
            Err(failure) => self.note(format!("kmemleak could not search: {failure:?}")),
        }
    }

    /// What was allocated and freed in this round, what is alive, what of it `walk` leads to, which begins with the links at
    /// the addresses `links`, and what is lost.
    pub(super) fn account(&mut self, experiment: &heap::Experiment, links: &[usize], walk: &mut Walk<'_>) {
        let happened = experiment.so_far();
        let since = experiment.since();
        heap::with_ledger(|ledger| ledger.begin_marking());
        walk(&mut |address| {
            heap::with_ledger(|ledger| ledger.mark(address));
        });
        self.compare(since, links);
        let mut leaked = Counts::default();
        let mut leaked_bytes = 0;
        let (run, lost, resolved) = (&mut self.run, &mut self.lost, self.resolved);
        heap::with_ledger(|ledger| {
            for record in ledger.unmarked_since(since).filter(|record| record.allocation.kind != Kind::Other)
            {
                leaked[record.allocation.kind] += 1;
                leaked_bytes += record.allocation.size as u64;
                if lost.len() < DESCRIBED {
                    lost.push(Lost::describe(record, ledger, resolved));
                }
            }
            run.live += ledger.live_since(since).scull;
            run.reachable += ledger.marked_since(since).scull;
        });
        run.allocated += happened.allocated.scull;
        run.freed += happened.freed.scull;
        run.leaked += leaked;
        run.leaked_bytes += leaked_bytes;
        run.double_free += happened.double_free;
        run.use_after_free += experiment.written_after_free();
    }
}

/// An empty device of the edition of the driver that `form` names, with the lock that the driver is printed with.
pub(super) fn device_of(form: Lock, geometry: Geometry) -> Result<Device, Errno> {
    let edition = Edition::of(form).unwrap_or_default();
    Device::of_module(0, Edition::LOCK, edition, &Arc::new(Parameters::new(geometry)))
}

/// Fills the first `quanta` quanta, each with `bytes`, which are as long as one.
pub(super) fn prepare_quanta(device: &Device, quanta: usize, bytes: &[u8]) -> Result<(), Errno> {
    (0..quanta).try_for_each(|index| write_at(device, index * bytes.len(), bytes).map(drop))
}

/// Writes `bytes` at `position` through a file of its own.
pub(super) fn write_at(device: &Device, position: usize, bytes: &[u8]) -> Result<usize, Errno> {
    let mut file = device.open(Mode::ReadWrite)?;
    file.llseek(Whence::Set, position as i64)?;
    file.write(bytes)
}

/// Reads at `position` through a file of its own.
pub(super) fn read_at(device: &Device, position: usize, into: &mut [u8]) -> Result<usize, Errno> {
    let mut file = device.open(Mode::Read)?;
    file.llseek(Whence::Set, position as i64)?;
    file.read(into)
}
