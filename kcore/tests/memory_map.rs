//! The loader's memory map, in every state that a loader may leave it in.

#![expect(clippy::single_range_in_vec_init, reason = "one range is meant, not its numbers")]

use std::ops::Range;

use kcore::memory_map::{Entry, RAM, Use, split};
use proptest::prelude::*;

const RESERVED: u32 = 2;

fn entry(range: Range<u64>, kind: u32) -> Entry {
    Entry { address: range.start, size: range.end - range.start, kind, reserved: 0 }
}

fn parts(map: &[Entry], taken: &[Range<u64>]) -> Vec<(Range<u64>, Use)> {
    let mut parts = Vec::new();
    split(map, taken, |range, usage| parts.push((range, usage)));
    parts
}

#[test]
fn a_map_without_surprises() {
    let map = [entry(0..640, RAM), entry(640..1024, RESERVED), entry(1024..4096, RAM)];
    let expected = [
        (0..640, Use::Free),
        (640..1024, Use::Other(RESERVED)),
        (1024..2048, Use::Free),
        (2048..2100, Use::Taken),
        (2100..4096, Use::Free),
    ];
    assert_eq!(parts(&map, &[2048..2100, 0..0]), expected);
}

#[test]
fn what_is_taken_may_touch_the_edges() {
    let map = [entry(100..200, RAM)];
    assert_eq!(
        parts(&map, &[100..110, 190..200]),
        [(100..110, Use::Taken), (110..190, Use::Free), (190..200, Use::Taken)]
    );
    assert_eq!(parts(&map, &[90..100, 200..210]), [(100..200, Use::Free)]);
    assert_eq!(
        parts(&map, &[90..101, 199..210]),
        [(100..101, Use::Taken), (101..199, Use::Free), (199..200, Use::Taken)]
    );
    assert_eq!(parts(&map, &[0..1000]), [(100..200, Use::Taken)]);
    assert_eq!(parts(&map, &[100..200]), [(100..200, Use::Taken)]);
}

#[test]
fn entries_may_overlap_in_any_order() {
    let map = [entry(150..300, RAM), entry(100..200, RAM), entry(180..190, RESERVED)];
    assert_eq!(
        parts(&map, &[]),
        [
            (150..180, Use::Free),
            (190..300, Use::Free),
            (100..150, Use::Free),
            (180..190, Use::Other(RESERVED))
        ]
    );
}

#[test]
fn nothing_is_no_part() {
    assert_eq!(parts(&[], &[0..10]), []);
    assert_eq!(parts(&[entry(5..5, RAM), entry(6..6, RESERVED)], &[]), []);
    // Nor does it cut anything in two.
    let map = [entry(0..10, RAM), entry(5..5, RESERVED), entry(6..6, RAM)];
    assert_eq!(parts(&map, &[3..3]), [(0..10, Use::Free)]);
}

#[test]
fn an_entry_may_claim_to_go_on_for_ever() {
    let endless = |address, kind| Entry { address, size: u64::MAX, kind, reserved: 0 };
    assert_eq!(parts(&[endless(4096, RAM)], &[]), [(4096..u64::MAX, Use::Free)]);
    assert_eq!(
        parts(&[entry(0..8192, RAM), endless(4096, RESERVED)], &[]),
        [(0..4096, Use::Free), (4096..u64::MAX, Use::Other(RESERVED))]
    );
    assert_eq!(parts(&[endless(u64::MAX, RAM)], &[]), []);
}

proptest! {
    /// Byte by byte, in a memory of 64 bytes.
    #[test]
    fn each_byte_is_told_once(
        map in prop::collection::vec((0..64_u64, 0..24_u64, 1..4_u32), 0..8),
        taken in prop::collection::vec((0..64_u64, 0..24_u64), 0..4),
    ) {
        let map: Vec<Entry> = map.into_iter().map(|(at, size, kind)| entry(at..at + size, kind)).collect();
        let taken: Vec<Range<u64>> = taken.into_iter().map(|(at, size)| at..at + size).collect();
        let parts = parts(&map, &taken);
        prop_assert!(parts.iter().all(|(range, _)| !range.is_empty()));
        for byte in 0..128 {
            let named = |ram: bool| {
                map.iter().any(|e| (e.kind == RAM) == ram && (e.address..e.address + e.size).contains(&byte))
            };
            let expected = match (named(true), named(false), taken.iter().any(|range| range.contains(&byte))) {
                (true, false, false) => vec![Use::Free],
                (true, false, true) => vec![Use::Taken],
                _ => vec![],
            };
            let told: Vec<Use> = parts
                .iter()
                .filter(|(range, usage)| range.contains(&byte) && !matches!(usage, Use::Other(_)))
                .map(|&(_, usage)| usage)
                .collect();
            prop_assert_eq!(told, expected, "byte {}", byte);
        }
        let others = parts.iter().filter(|(_, usage)| matches!(usage, Use::Other(_))).count();
        prop_assert_eq!(others, map.iter().filter(|entry| entry.kind != RAM && entry.size > 0).count());
    }
}
