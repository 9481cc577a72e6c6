//! The records themselves: a list by age, and a list of free ones.

use core::mem::MaybeUninit;

use super::record::Record;

/// Room for one record and its place in the list.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    record: Record,
    older: u32,
    newer: u32,
}

/// The number of no record.
const NONE: u32 = u32::MAX;

/// Records in a list from the oldest to the newest, in memory that was handed in and is not cleared
/// beforehand.
#[derive(Debug)]
pub(super) struct Pool<'a> {
    /// INVARIANT: the first `initialised` entries are initialised.
    entries: &'a mut [MaybeUninit<Entry>],
    initialised: u32,
    /// The first of the free entries, linked by `newer`.
    free: u32,
    oldest: u32,
    newest: u32,
}

impl<'a> Pool<'a> {
    /// An empty pool of at most `limit` records in `entries`.
    pub(super) fn new(entries: &'a mut [MaybeUninit<Entry>], limit: usize) -> Self {
        let most = limit.min(entries.len()).min(NONE as usize);
        Pool { entries: &mut entries[..most], initialised: 0, free: NONE, oldest: NONE, newest: NONE }
    }

    /// Most records at one time.
    pub(super) fn capacity(&self) -> usize {
        self.entries.len()
    }

    /// The number that the next [`push`](Pool::push) will use, or `None` when the pool is full.
    pub(super) fn vacant(&self) -> Option<u32> {
        if self.free != NONE {
            return Some(self.free);
        }
        ((self.initialised as usize) < self.entries.len()).then_some(self.initialised)
    }

    /// Adds the record that `begin` makes as the newest, as number `number`, which is [vacant](Pool::vacant).
    #[inline(always)]
    pub(super) fn push(&mut self, number: u32, begin: impl FnOnce() -> Record) -> &mut Record {
        match number == self.free {
            true => self.free = self.entry(number).newer,
            false => self.initialised += 1,
        }
        match self.newest {
            NONE => self.oldest = number,
            newest => self.entry_mut(newest).newer = number,
        }
        let older = core::mem::replace(&mut self.newest, number);
        let room = &mut self.entries[number as usize];
        &mut room.write(Entry { record: begin(), older, newer: NONE }).record
    }

    /// Goes over to `entries`, of which there are no fewer, for at most `limit` records.
    pub(super) fn move_to(&mut self, entries: &'a mut [MaybeUninit<Entry>], limit: usize) {
        let Pool { entries: new, .. } = Pool::new(entries, limit);
        let used = self.initialised as usize;
        new[..used].copy_from_slice(&self.entries[..used]);
        self.entries = new;
    }

    /// Takes a record out of the list. `number` must be in it.
    pub(super) fn remove(&mut self, number: u32) {
        let &Entry { older, newer, .. } = self.entry(number);
        match older {
            NONE => self.oldest = newer,
            older => self.entry_mut(older).newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.entry_mut(newer).older = older,
        }
        self.entry_mut(number).newer = self.free;
        self.free = number;
    }

    /// A record that is in the list.
    pub(super) fn get(&self, number: u32) -> &Record {
        &self.entry(number).record
    }

    /// A record that is in the list.
    pub(super) fn get_mut(&mut self, number: u32) -> &mut Record {
        &mut self.entry_mut(number).record
    }

    /// The record after `number` in age.
    pub(super) fn newer(&self, number: u32) -> Option<u32> {
        Self::some(self.entry(number).newer)
    }

    /// The oldest record whose serial number is at least `serial`. Searched from the newest end: the cost is
    /// the number of records from there on.
    pub(super) fn first_since(&self, serial: u64) -> Option<u32> {
        let mut first = NONE;
        let mut at = self.newest;
        while at != NONE && self.get(at).serial >= serial {
            first = at;
            at = self.entry(at).older;
        }
        Self::some(first)
    }

    fn some(number: u32) -> Option<u32> {
        (number != NONE).then_some(number)
    }

    #[inline]
    fn entry(&self, number: u32) -> &Entry {
        assert!(number < self.initialised, "record {number} was never written");
        // SAFETY: the invariant of `entries`, with the bound just checked.
        unsafe { self.entries[number as usize].assume_init_ref() }
    }

    #[inline]
    fn entry_mut(&mut self, number: u32) -> &mut Entry {
        assert!(number < self.initialised, "record {number} was never written");
        // SAFETY: the invariant of `entries`, with the bound just checked.
        unsafe { self.entries[number as usize].assume_init_mut() }
    }
}
