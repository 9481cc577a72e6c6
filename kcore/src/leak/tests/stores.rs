//! Who published a block, and who dropped it.

use crate::leak::{Provenance, StoreLog, Trace};

/// Location, value, moment.
type Store = (usize, usize, u64);

impl Trace for Store {
    fn location(&self) -> usize {
        self.0
    }
    fn value(&self) -> usize {
        self.1
    }
    fn when(&self) -> u64 {
        self.2
    }
}

impl StoreLog for &[Store] {
    type Store = Store;
    fn each(&self, visit: &mut dyn FnMut(&Store)) {
        self.iter().for_each(visit);
    }
}

const BLOCK: usize = 0x70;

fn find(log: &[Store], since: u64) -> Option<(u64, Option<u64>)> {
    let found = Provenance::find(&log, BLOCK, since);
    found.map(|found| (found.published.2, found.dropped.map(|store| store.2)))
}

#[test]
fn the_next_store_of_something_else_drops_it() {
    let log = [(1, 9, 50), (1, BLOCK, 20), (2, 8, 30), (1, 7, 40), (1, 5, 10)];
    assert_eq!(find(&log, 0), Some((20, Some(40))));
}

#[test]
fn a_block_that_was_never_stored_has_no_provenance() {
    assert_eq!(find(&[(1, 9, 50)], 0), None);
}

#[test]
fn what_an_earlier_block_of_this_address_did_does_not_count() {
    assert_eq!(find(&[(1, BLOCK, 20), (1, 0, 30), (2, BLOCK, 70), (2, 0, 80)], 60), Some((70, Some(80))));
    assert_eq!(find(&[(1, BLOCK, 20), (1, 0, 30)], 60), None);
}

#[test]
fn the_last_location_that_is_overwritten_counts() {
    let log = [(1, BLOCK, 10), (2, BLOCK, 20), (1, 0, 30), (2, 0, 25), (3, BLOCK, 26)];
    assert_eq!(find(&log, 0), Some((10, Some(30))));
}

#[test]
fn a_reference_that_is_still_there_is_not_dropped() {
    assert_eq!(find(&[(1, BLOCK, 10), (1, BLOCK, 20)], 0), Some((10, None)));
}
