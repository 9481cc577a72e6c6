//! The ledger.
#![forbid(unsafe_code)]

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::counts::Snapshot;
use super::index::{Index, Slot};
use super::pool::{Entry, Pool};
use super::record::{Allocation, Record, State};
use crate::machine::{BadFree, Kind};

/// Why a block could not be recorded. Its allocation must then fail
/// ([`ENOMEM`](crate::errno::Errno::ENOMEM)): an unrecorded block would falsify every count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Every record is in use, by live blocks or by quarantined ones.
    Full,
    /// A block with this address is recorded already (or the address is 0): the allocator gave out memory
    /// twice.
    Taken,
}

/// What becomes of the record of a freed block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It goes; the address may be recorded again. A second free is then an unknown one.
    AtOnce,
    /// It stays, and so must the block, until [`Ledger::retain_since`] lets it go. A second free is found as
    /// such.
    Quarantine,
}

/// What a block was, told to the allocator that takes it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freed {
    /// Its size in bytes.
    pub size: usize,
    /// What it was used for.
    pub kind: Kind,
    /// Its serial number.
    pub serial: u64,
    /// What became of its record.
    pub manner: Manner,
}

/// Where the serial numbers come from: the last one that was given. Ledgers that keep one account share it.
pub type Clock = AtomicU64;

/// The account of every block, or of those at some addresses ([`Ledgers`](super::Ledgers)). All operations on
/// one block take constant time. Not synchronised: it belongs under the lock of the heap it accounts for.
#[derive(Debug)]
pub struct Ledger<'a> {
    /// INVARIANT: leads from the address of each record in `pool`, and of no other, to its number.
    index: Index<'a>,
    pool: Pool<'a>,
    /// All counters but the serial number, which `clock` has.
    counts: Snapshot,
    clock: &'a Clock,
    marking: u32,
}

impl<'a> Ledger<'a> {
    /// An empty ledger. It holds as many records as there are `entries`, or one fewer than there are `slots`
    /// if that is less; [`Index::slots_for`] says how many slots keep it fast. The entries need not be
    /// initialised.
    pub fn new(entries: &'a mut [MaybeUninit<Entry>], slots: &'a mut [Slot], clock: &'a Clock) -> Self {
        let index = Index::new(slots);
        let pool = Pool::new(entries, index.capacity());
        Ledger { index, pool, counts: Snapshot::default(), clock, marking: 1 }
    }

    pub(super) fn go_over(&mut self, entries: &'a mut [MaybeUninit<Entry>], slots: &'a mut [Slot]) {
        self.index.move_to(slots);
        self.pool.move_to(entries, self.index.capacity());
    }

    /// Most records at one time.
    pub fn capacity(&self) -> usize {
        self.pool.capacity()
    }

    /// Records that are not in use.
    pub fn left(&self) -> usize {
        self.capacity() - self.index.len()
    }

    /// The serial number that the next block will get. An experiment that keeps it can ask later what came
    /// since.
    pub fn next_serial(&self) -> u64 {
        self.clock.load(Relaxed) + 1
    }

    /// Enters a new live block and returns its serial number.
    pub fn record(&mut self, allocation: Allocation) -> Result<u64, Refused> {
        self.record_at(allocation.address, &allocation)
    }

    /// [`record`](Ledger::record) of a block of which all is known but its `address`.
    #[inline]
    pub fn record_at(&mut self, address: usize, allocation: &Allocation) -> Result<u64, Refused> {
        let number = self.number_for(address).inspect_err(|_| self.counts.refused += 1)?;
        let serial = self.clock.fetch_add(1, Relaxed) + 1;
        self.counts.allocated[allocation.kind] += 1;
        let begin =
            || Record { allocation: *allocation, serial, state: State::Live, freed_again: 0, marked_in: 0 };
        // Only then its address: what is copied whole is copied once.
        self.pool.push(number, begin).allocation.address = address;
        Ok(serial)
    }

    /// The number of a record for the block at `address`, which the index leads to from now on.
    #[inline]
    fn number_for(&mut self, address: usize) -> Result<u32, Refused> {
        let number = self.pool.vacant().ok_or(Refused::Full)?;
        // The index has more slots than the pool has records, so it refuses only an address that it knows, or
        // 0.
        if self.index.insert(address, number) { Ok(number) } else { Err(Refused::Taken) }
    }

    /// Notes that the block at `address` was freed.
    pub fn free(&mut self, address: usize, manner: Manner) -> Result<Freed, BadFree> {
        self.free_as(address, |_| manner)
    }

    /// [`free`](Ledger::free) in the manner that `decide` says, which sees the record of a live block.
    #[inline]
    pub fn free_as(
        &mut self,
        address: usize,
        decide: impl FnOnce(&Record) -> Manner,
    ) -> Result<Freed, BadFree> {
        let Some(at) = self.index.find(address) else {
            self.counts.unknown_free += 1;
            return Err(BadFree::Unknown);
        };
        let before = self.next_serial();
        let number = self.index.record_at(at);
        let record = self.pool.get_mut(number);
        if !record.is_live() {
            self.counts.double_free += 1;
            record.freed_again += 1;
            return Err(BadFree::Double);
        }
        let manner = decide(record);
        record.state = State::Freed { before };
        let Allocation { size, kind, .. } = record.allocation;
        let freed = Freed { size, kind, serial: record.serial, manner };
        self.counts.freed[kind] += 1;
        if manner == Manner::AtOnce {
            self.pool.remove(number);
            self.index.remove_at(at);
        }
        Ok(freed)
    }

    /// The record of the block that starts at `address`, live or in quarantine.
    pub fn lookup(&self, address: usize) -> Option<&Record> {
        self.index.get(address).map(|number| self.pool.get(number))
    }

    /// The records since serial number `since` (0 for all), live and quarantined, oldest first.
    pub fn since(&self, since: u64) -> impl Iterator<Item = &Record> {
        let first = self.pool.first_since(since);
        core::iter::successors(first, |&number| self.pool.newer(number)).map(|number| self.pool.get(number))
    }

    /// Shows each record since serial number `since` to `keep`, oldest first, and removes those for which it
    /// says no.
    ///
    /// This is how a quarantine is emptied, and how the blocks that an experiment leaked are taken back once
    /// they are reported: a live block that is removed counts as reclaimed, not as freed. The caller gives
    /// the memory back.
    pub fn retain_since(&mut self, since: u64, mut keep: impl FnMut(&Record) -> bool) {
        let mut next = self.pool.first_since(since);
        while let Some(number) = next {
            next = self.pool.newer(number);
            let record = self.pool.get(number);
            if keep(record) {
                continue;
            }
            if record.is_live() {
                self.counts.reclaimed[record.allocation.kind] += 1;
            }
            self.index.remove(record.allocation.address);
            self.pool.remove(number);
        }
    }

    /// All counters.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot { serial: self.clock.load(Relaxed), ..self.counts }
    }

    /// Starts a new pass of marking: nothing is marked.
    pub fn begin_marking(&mut self) {
        self.marking = match self.marking.checked_add(1) {
            Some(pass) => pass,
            None => self.forget_marks(),
        };
    }

    /// After 2^32 - 1 passes the old marks could be taken for new ones.
    #[cold]
    fn forget_marks(&mut self) -> u32 {
        let mut next = self.pool.first_since(0);
        while let Some(number) = next {
            self.pool.get_mut(number).marked_in = 0;
            next = self.pool.newer(number);
        }
        1
    }

    /// Marks the block that starts at `address` as reachable. True when it is a live one that was not yet
    /// marked in this pass.
    pub fn mark(&mut self, address: usize) -> bool {
        let Some(number) = self.index.get(address) else { return false };
        let record = self.pool.get_mut(number);
        if !record.is_live() || record.marked_in == self.marking {
            return false;
        }
        record.marked_in = self.marking;
        true
    }

    /// Whether this pass of marking reached the block.
    pub fn is_marked(&self, record: &Record) -> bool {
        record.marked_in == self.marking
    }

    /// Checks that index and pool agree; for tests.
    #[cfg(test)]
    pub(super) fn check(&self) {
        self.index.check();
        for record in self.since(0) {
            assert_eq!(self.lookup(record.allocation.address), Some(record));
        }
    }

    /// Sets the number of the current pass of marking; for tests.
    #[cfg(test)]
    pub(super) fn set_marking(&mut self, pass: u32) {
        self.marking = pass;
    }
}
