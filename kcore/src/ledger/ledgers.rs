//! Several ledgers that keep one account.
#![forbid(unsafe_code)]

use super::account::Ledger;
use super::counts::{PerKind, Snapshot};
use super::record::Record;

/// Bytes next to each other whose blocks are in one ledger: some quanta, so that those freed one after the
/// other are handed out like this, and a CPU stays with the pages that it has met.
const STRETCH: usize = 16 << 10;

/// Several ledgers, each of the blocks at some addresses, with one [`Clock`](super::Clock). Their owner holds
/// all their locks: what is counted here is true of one moment.
#[derive(Debug)]
pub struct Ledgers<'l, 'a, const N: usize>(pub [&'l mut Ledger<'a>; N]);

impl<'a, const N: usize> Ledgers<'_, 'a, N> {
    /// Which of them has the blocks at `address`: one stretch after the other has another. The address alone
    /// says it, so what a race writes into memory cannot lead to the wrong one.
    #[inline]
    pub fn part(address: usize) -> usize {
        // An index finds its slots by the same product of all bits of an address, so that those of a stretch
        // lie all over it.
        let spread = (address / STRETCH) as u64;
        let middle = (spread.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32;
        (middle as usize * N) >> 32
    }

    /// See [`Ledger::capacity`].
    pub fn capacity(&self) -> usize {
        self.0.iter().map(|ledger| ledger.capacity()).sum()
    }

    /// See [`Ledger::next_serial`].
    pub fn next_serial(&self) -> u64 {
        self.0[0].next_serial()
    }

    /// See [`Ledger::lookup`].
    pub fn lookup(&self, address: usize) -> Option<&Record> {
        self.0[Self::part(address)].lookup(address)
    }

    /// All records, live and quarantined, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Record> {
        self.0.iter().flat_map(|ledger| ledger.since(0))
    }

    /// The records since serial number `since` (0 for all), live and quarantined, oldest first.
    pub fn since(&self, since: u64) -> impl Iterator<Item = &Record> {
        let mut rest = self.0.each_ref().map(|ledger| ledger.since(since));
        let mut next = rest.each_mut().map(Iterator::next);
        core::iter::from_fn(move || {
            let first = |&part: &usize| next[part].map_or(u64::MAX, |record| record.serial);
            let oldest = (0..N).min_by_key(first)?;
            core::mem::replace(&mut next[oldest], rest[oldest].next())
        })
    }

    /// See [`Ledger::retain_since`]. One ledger after the other, each from its oldest record on.
    pub fn retain_since(&mut self, since: u64, mut keep: impl FnMut(&Record) -> bool) {
        self.0.iter_mut().for_each(|ledger| ledger.retain_since(since, &mut keep));
    }

    /// All counters.
    pub fn snapshot(&self) -> Snapshot {
        let mut all = Snapshot::default();
        self.0.iter().for_each(|ledger| all += ledger.snapshot());
        all
    }

    /// Blocks alive now: `allocated - freed - reclaimed`.
    pub fn live(&self) -> PerKind {
        let counts = self.snapshot();
        counts.allocated - counts.freed - counts.reclaimed
    }

    /// Blocks alive since serial number `since`, counted one by one: the check on `allocated - freed`.
    pub fn live_since(&self, since: u64) -> PerKind {
        self.count(since, |_| true)
    }

    /// See [`Ledger::begin_marking`].
    pub fn begin_marking(&mut self) {
        self.0.iter_mut().for_each(|ledger| ledger.begin_marking());
    }

    /// Whether this pass of marking reached the block.
    pub fn is_marked(&self, record: &Record) -> bool {
        self.0[Self::part(record.allocation.address)].is_marked(record)
    }

    /// Live blocks since serial number `since` that this pass of marking reached.
    pub fn marked_since(&self, since: u64) -> PerKind {
        self.count(since, |record| self.is_marked(record))
    }

    /// Live blocks since serial number `since` that this pass of marking did not reach, oldest first: the
    /// leaks.
    pub fn unmarked_since(&self, since: u64) -> impl Iterator<Item = &Record> {
        self.since(since).filter(|record| record.is_live() && !self.is_marked(record))
    }

    /// How many live blocks since serial number `since` there are of each kind, of those that `which` says.
    fn count(&self, since: u64, which: impl Fn(&Record) -> bool) -> PerKind {
        let mut counts = PerKind::default();
        let records = self.0.iter().flat_map(|ledger| ledger.since(since));
        for record in records.filter(|record| record.is_live() && which(record)) {
            counts[record.allocation.kind] += 1;
        }
        counts
    }
}
