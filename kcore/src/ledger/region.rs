//! A ledger in one piece of raw memory.

use core::mem::{MaybeUninit, align_of, size_of};

use super::{Clock, Entry, Index, Ledger, Slot};

impl<'a> Ledger<'a> {
    /// Bytes that [`in_region`](Ledger::in_region) needs for `records` records, wherever the region starts.
    /// `None` when that is more than an address space has.
    pub const fn bytes_for(records: usize) -> Option<usize> {
        // Each of the two arrays may lose up to its alignment at its start.
        const SLACK: usize = align_of::<Entry>() + align_of::<Slot>();
        let Some(entries) = records.checked_mul(size_of::<Entry>()) else { return None };
        let Some(slots) = Index::slots_for(records).checked_mul(size_of::<Slot>()) else { return None };
        let Some(bytes) = entries.checked_add(slots) else { return None };
        bytes.checked_add(SLACK)
    }

    /// A ledger of as many records as `region` has room for (possibly none), which takes its serial numbers
    /// from `clock`. Only the index is cleared, not the records.
    pub fn in_region(region: &'a mut [MaybeUninit<u8>], clock: &'a Clock) -> Self {
        let (entries, slots) = Self::divide(region);
        Ledger::new(entries, slots, clock)
    }

    /// Goes over to `region`, which has room for no fewer records, and leaves the memory that it had.
    pub fn move_to(&mut self, region: &'a mut [MaybeUninit<u8>]) {
        let (entries, slots) = Self::divide(region);
        self.go_over(entries, slots);
    }

    /// The two arrays in `region`.
    fn divide(region: &'a mut [MaybeUninit<u8>]) -> (&'a mut [MaybeUninit<Entry>], &'a mut [Slot]) {
        let records = Self::records_in(region.len());
        let slots = Index::slots_for(records);
        let for_slots = (slots * size_of::<Slot>() + align_of::<Slot>()).min(region.len());
        let (front, back) = region.split_at_mut(for_slots);
        // SAFETY: every byte, initialised or not, is part of a valid `MaybeUninit`, and none of the two has
        // drop glue.
        let (_, front, _) = unsafe { front.align_to_mut::<MaybeUninit<Slot>>() };
        // SAFETY: as above.
        let (_, entries, _) = unsafe { back.align_to_mut::<MaybeUninit<Entry>>() };
        let index = &mut front[..if records == 0 { 0 } else { slots }];
        for slot in index.iter_mut() {
            slot.write(Slot::EMPTY);
        }
        // SAFETY: every slot was written just now.
        (entries, unsafe { index.assume_init_mut() })
    }

    /// The most records whose [`bytes_for`](Ledger::bytes_for) fit into `bytes`.
    fn records_in(bytes: usize) -> usize {
        let (mut fits, mut too_many) = (0, bytes / size_of::<Entry>() + 1);
        while too_many - fits > 1 {
            let middle = fits + (too_many - fits) / 2;
            match Self::bytes_for(middle) {
                Some(needed) if needed <= bytes => fits = middle,
                _ => too_many = middle,
            }
        }
        fits
    }
}
