use core::mem::MaybeUninit;
use std::vec::Vec;

mod model;

use super::*;
use crate::machine::{BadFree, CpuId, Kind, TaskId};
use crate::place::Place;

/// Memory for a ledger of `records`.
struct Room {
    entries: Vec<MaybeUninit<Entry>>,
    slots: Vec<Slot>,
    clock: Clock,
}

impl Room {
    fn new(records: usize, slots: usize) -> Self {
        let mut entries = Vec::with_capacity(records);
        entries.resize_with(records, MaybeUninit::uninit);
        Room { entries, slots: std::vec![Slot::EMPTY; slots], clock: Clock::new(0) }
    }

    fn ledger(&mut self) -> Ledger<'_> {
        Ledger::new(&mut self.entries, &mut self.slots, &self.clock)
    }
}

fn block(address: usize, size: usize, kind: Kind) -> Allocation {
    Allocation {
        kept: false,
        address,
        size,
        kind,
        cpu: CpuId(1),
        task: TaskId(7),
        cycles: 99,
        allocated_at: Place::caller(),
        backtrace: [3, 2, 1, 0, 0, 0, 0, 0],
    }
}

fn addresses<'r>(records: impl Iterator<Item = &'r Record>) -> Vec<usize> {
    records.map(|record| record.allocation.address).collect()
}

#[test]
fn a_record_keeps_what_it_was_told() {
    let mut room = Room::new(4, 7);
    let mut ledger = room.ledger();
    assert_eq!(ledger.next_serial(), 1);
    assert_eq!(ledger.record(block(0x1000, 40, Kind::Node)), Ok(1));
    let record = ledger.lookup(0x1000).unwrap();
    assert_eq!(
        record.allocation,
        Allocation { allocated_at: record.allocation.allocated_at, ..block(0x1000, 40, Kind::Node) }
    );
    assert_eq!((record.serial, record.backtrace(), record.is_live()), (1, &[3, 2, 1][..], true));
    assert_eq!(ledger.lookup(0x1010), None);
    let full = Allocation { backtrace: [9; BACKTRACE], ..block(0x2000, 1, Kind::Other) };
    ledger.record(full).unwrap();
    assert_eq!(ledger.lookup(0x2000).unwrap().backtrace(), &[9; 8]);
}

#[test]
fn a_full_ledger_refuses_and_goes_on() {
    let mut room = Room::new(2, 4);
    let mut ledger = room.ledger();
    assert_eq!(ledger.left(), 2);
    ledger.record(block(16, 1, Kind::Node)).unwrap();
    assert_eq!(ledger.left(), 1);
    ledger.record(block(32, 1, Kind::Node)).unwrap();
    assert_eq!(ledger.left(), 0);
    assert_eq!(ledger.record(block(48, 1, Kind::Node)), Err(Refused::Full));
    // A quarantined block still needs its record.
    ledger.free(16, Manner::Quarantine).unwrap();
    assert_eq!(ledger.record(block(48, 1, Kind::Node)), Err(Refused::Full));
    ledger.free(32, Manner::AtOnce).unwrap();
    assert_eq!(ledger.record(block(48, 1, Kind::Node)), Ok(3));
    assert_eq!(ledger.snapshot().refused, 2);
    ledger.check();
}

#[test]
fn a_ledger_of_nothing_refuses_everything() {
    for (entries, slots) in [(0, 0), (0, 9), (9, 0), (9, 1)] {
        let mut room = Room::new(entries, slots);
        let mut ledger = room.ledger();
        assert_eq!(ledger.capacity(), 0);
        assert_eq!(ledger.record(block(16, 1, Kind::Node)), Err(Refused::Full));
        assert_eq!(ledger.free(16, Manner::AtOnce), Err(BadFree::Unknown));
        assert_eq!(ledger.lookup(16), None);
        assert_eq!(ledger.since(0).count(), 0);
    }
}

#[test]
fn an_address_is_recorded_once() {
    let mut room = Room::new(4, 7);
    let mut ledger = room.ledger();
    ledger.record(block(16, 1, Kind::Node)).unwrap();
    assert_eq!(ledger.record(block(16, 1, Kind::Node)), Err(Refused::Taken));
    ledger.free(16, Manner::Quarantine).unwrap();
    assert_eq!(ledger.record(block(16, 1, Kind::Node)), Err(Refused::Taken));
    assert_eq!(ledger.record(block(0, 1, Kind::Node)), Err(Refused::Taken));
    assert_eq!(ledger.snapshot().allocated.scull.node, 1);
    ledger.check();
}

#[test]
fn a_quarantined_block_knows_a_double_free_and_a_forgotten_one_does_not() {
    let mut room = Room::new(4, 7);
    let mut ledger = room.ledger();
    ledger.record(block(16, 5, Kind::Quantum)).unwrap();
    ledger.record(block(32, 6, Kind::Array)).unwrap();
    let freed = ledger.free(16, Manner::Quarantine);
    assert_eq!(freed, Ok(Freed { size: 5, kind: Kind::Quantum, serial: 1, manner: Manner::Quarantine }));
    assert_eq!(ledger.free(16, Manner::Quarantine), Err(BadFree::Double));
    ledger.free(32, Manner::AtOnce).unwrap();
    assert_eq!(ledger.free(32, Manner::AtOnce), Err(BadFree::Unknown));
    assert_eq!(ledger.free(17, Manner::AtOnce), Err(BadFree::Unknown), "not the start of a block");
    let counts = ledger.snapshot();
    assert_eq!((counts.double_free, counts.unknown_free), (1, 2));
    assert_eq!((counts.freed.scull.quantum, counts.freed.scull.array), (1, 1));
}

#[test]
fn records_come_in_the_order_of_their_serials_wherever_they_lie() {
    let mut room = Room::new(4, 7);
    let mut ledger = room.ledger();
    for address in [16, 32, 48] {
        ledger.record(block(address, 1, Kind::Node)).unwrap();
    }
    ledger.free(16, Manner::AtOnce).unwrap();
    let mark = ledger.next_serial();
    // The freed record is used again, before the others in memory, after them in age.
    ledger.record(block(64, 1, Kind::Array)).unwrap();
    ledger.record(block(16, 1, Kind::Quantum)).unwrap();
    assert_eq!(addresses(ledger.since(0)), [32, 48, 64, 16]);
    assert_eq!(addresses(ledger.since(mark)), [64, 16]);
    assert_eq!(ledger.since(ledger.next_serial()).count(), 0);
    assert_eq!(Ledgers([&mut ledger]).live_since(mark).scull.total(), 2);
}

#[test]
fn what_is_not_marked_is_leaked() {
    let mut room = Room::new(8, 13);
    let mut ledger = room.ledger();
    ledger.record(block(16, 1, Kind::Other)).unwrap();
    let mark = ledger.next_serial();
    for address in [32, 48, 64] {
        ledger.record(block(address, 4000, Kind::Quantum)).unwrap();
    }
    ledger.free(64, Manner::Quarantine).unwrap();
    let mut ledger = Ledgers([&mut ledger]);
    ledger.begin_marking();
    assert!(ledger.0[0].mark(48));
    assert!(!ledger.0[0].mark(48), "already marked");
    assert!(!ledger.0[0].mark(64), "freed");
    assert!(!ledger.0[0].mark(80), "unknown");
    assert_eq!(addresses(ledger.unmarked_since(mark)), [32]);
    assert_eq!(ledger.marked_since(mark).scull.quantum, 1);
    ledger.begin_marking();
    assert_eq!(addresses(ledger.unmarked_since(mark)), [32, 48]);
}

#[test]
fn marks_do_not_outlive_the_counter_of_passes() {
    let mut room = Room::new(2, 4);
    let mut ledger = room.ledger();
    ledger.record(block(16, 1, Kind::Node)).unwrap();
    // Never marked so far.
    ledger.record(block(32, 1, Kind::Node)).unwrap();
    assert!(ledger.mark(16));
    ledger.set_marking(u32::MAX);
    ledger.begin_marking();
    let ledger = Ledgers([&mut ledger]);
    assert_eq!(addresses(ledger.unmarked_since(0)), [16, 32]);
    assert!(ledger.0[0].mark(16));
}

#[test]
fn reclaiming_is_not_freeing() {
    let mut room = Room::new(4, 7);
    let mut ledger = room.ledger();
    ledger.record(block(16, 1, Kind::Other)).unwrap();
    let before = ledger.snapshot();
    for address in [32, 48, 64] {
        ledger.record(block(address, 1, Kind::Quantum)).unwrap();
    }
    ledger.free(32, Manner::Quarantine).unwrap();
    let mut gone = Vec::new();
    ledger.retain_since(before.serial + 1, |record| {
        let keep = record.allocation.address == 64;
        if !keep {
            gone.push(record.allocation.address);
        }
        keep
    });
    assert_eq!(gone, [32, 48]);
    let period = ledger.snapshot() - before;
    assert_eq!((period.serial, period.allocated.scull.quantum), (3, 3));
    assert_eq!((period.freed.scull.quantum, period.reclaimed.scull.quantum), (1, 1));
    assert_eq!(addresses(ledger.since(0)), [16, 64]);
    ledger.check();
    let live = Ledgers([&mut ledger]).live();
    assert_eq!((live.scull.quantum, live.other), (1, 1));
}

#[test]
fn of_every_counter_a_period_has_what_came_in_it() {
    let mut room = Room::new(8, 13);
    let mut ledger = room.ledger();
    let mut address = 0;
    // Another number of each.
    let mut happen = |ledger: &mut Ledger<'_>, numbers: [u64; 4]| {
        let [recorded, doubles, unknown, refused] = numbers;
        for _ in 0..recorded {
            address += 16;
            ledger.record(block(address, 1, Kind::Other)).unwrap();
        }
        let _ = ledger.free(16, Manner::Quarantine);
        let before = ledger.snapshot().double_free;
        while ledger.snapshot().double_free < before + doubles {
            assert_eq!(ledger.free(16, Manner::Quarantine), Err(BadFree::Double));
        }
        for _ in 0..unknown {
            assert_eq!(ledger.free(8, Manner::AtOnce), Err(BadFree::Unknown));
        }
        for _ in 0..refused {
            assert_eq!(ledger.record(block(16, 1, Kind::Other)), Err(Refused::Taken));
        }
    };
    happen(&mut ledger, [1, 2, 3, 4]);
    let before = ledger.snapshot();
    happen(&mut ledger, [5, 0, 7, 9]);
    let period = ledger.snapshot() - before;
    assert_eq!((period.serial, period.allocated.other), (5, 5));
    // The free that quarantined it was before; that it is tried again is a double one.
    assert_eq!((period.freed.other, period.double_free), (0, 1));
    assert_eq!((period.unknown_free, period.refused), (7, 9));
}

#[test]
fn a_record_knows_before_which_block_it_was_freed() {
    let mut room = Room::new(4, 7);
    let mut ledger = room.ledger();
    ledger.record(block(16, 1, Kind::Node)).unwrap();
    ledger.record(block(32, 1, Kind::Node)).unwrap();
    assert!(!ledger.lookup(16).unwrap().was_freed_before(u64::MAX), "it lives");
    ledger.free(16, Manner::Quarantine).unwrap();
    ledger.record(block(48, 1, Kind::Node)).unwrap();
    // Block 3 came next. Of one that came before nothing else can be said.
    assert_eq!(
        [2, 3, 4].map(|serial| ledger.lookup(16).unwrap().was_freed_before(serial)),
        [false, false, true]
    );
}

#[test]
fn a_region_holds_as_many_records_as_it_was_made_for() {
    assert_eq!([usize::MAX / 100, usize::MAX / 2, usize::MAX].map(Ledger::bytes_for), [None; 3]);
    // Each of the two arrays may lose up to its alignment at its start, and nothing else is lost.
    let needed = 10 * size_of::<Entry>() + Index::slots_for(10) * size_of::<Slot>();
    assert_eq!(Ledger::bytes_for(10), Some(needed + align_of::<Entry>() + align_of::<Slot>()));
    let clock = Clock::new(0);
    for records in [0, 1, 2, 10, if cfg!(miri) { 30 } else { 333 }] {
        let bytes = Ledger::bytes_for(records).unwrap();
        let mut memory = std::vec![MaybeUninit::<u8>::uninit(); bytes + 64];
        for offset in [0, 1, 8, 15] {
            let mut ledger = Ledger::in_region(&mut memory[offset..offset + bytes], &clock);
            assert!(ledger.capacity() >= records, "{records} at {offset}: {}", ledger.capacity());
            for n in 0..ledger.capacity() {
                ledger.record(block(16 + 16 * n, 1, Kind::Other)).unwrap();
            }
            assert_eq!(ledger.record(block(8, 1, Kind::Other)), Err(Refused::Full));
            ledger.check();
        }
    }
    for bytes in 0..200 {
        let mut memory = std::vec![MaybeUninit::<u8>::uninit(); bytes];
        let _ = Ledger::in_region(&mut memory, &clock);
    }
}

/// Each has about as many blocks, also in a small heap: so one of them is full when all nearly are.
#[test]
fn each_of_several_ledgers_has_its_share() {
    const PARTS: usize = 16;
    for (stretches, least, most) in [(64, 2, 7), (1 << 12, 200, 320)] {
        let mut blocks = [0; PARTS];
        for number in 0..stretches {
            blocks[Ledgers::<PARTS>::part(0xffff_8000_0010_0000 + (16 << 10) * number)] += 1;
        }
        assert!(blocks.iter().all(|blocks| (least..=most).contains(blocks)), "{stretches}: {blocks:?}");
    }
}

#[test]
fn the_index_stays_sound_when_it_is_full_and_churned() {
    let mut slots = std::vec![Slot::EMPTY; 17];
    let mut index = Index::new(&mut slots);
    for round in 0..if cfg!(miri) { 4 } else { 200_usize } {
        while index.insert(16 * (round + 7 * index_len(&index) + 1), 5) {}
        index.check();
        let all: Vec<usize> = (1..400).map(|n| 16 * n).filter(|&a| index.get(a).is_some()).collect();
        assert!(!all.is_empty());
        for address in all.iter().skip(round % 3) {
            assert_eq!(index.remove(*address), Some(5));
            index.check();
        }
    }
}

#[test]
fn an_index_says_how_many_it_holds() {
    let mut slots = std::vec![Slot::EMPTY; 3];
    let mut index = Index::new(&mut slots);
    assert_eq!((index.len(), index.is_empty(), index.capacity()), (0, true, 2));
    assert!(index.insert(16, 5));
    assert_eq!((index.len(), index.is_empty()), (1, false));
    assert_eq!(index.remove(16), Some(5));
    assert_eq!((index.len(), index.is_empty()), (0, true));
}

/// The blocks of a heap lie at equal distances. A search takes no more steps for that than with addresses at
/// random: at two thirds full two probes for a hit, of which one is in vain.
#[test]
fn an_index_is_as_quick_with_equal_distances() {
    for distance in [16, 32, 48, 4016, 4096, 1 << 16] {
        let mut slots = std::vec![Slot::EMPTY; Index::slots_for(300)];
        let mut index = Index::new(&mut slots);
        for number in 0..300 {
            assert!(index.insert(0xffff_8000_0010_0000 + distance * number, 5));
        }
        assert!(index.steps() <= 300, "{distance}: {}", index.steps());
    }
}

/// Half as many again, and one that stays empty.
#[test]
fn an_index_has_slots_to_spare() {
    assert_eq!([0, 1, 2, 100].map(Index::slots_for), [1, 2, 4, 151]);
}

fn index_len(index: &Index<'_>) -> usize {
    (1..400).filter(|n| index.get(16 * n).is_some()).count()
}
