//! The races of the unguarded device, each forced by a script and proved by the account.

use std::sync::{Arc, Barrier};

use kcore::errno::Errno;
use kcore::event::{Event, Kinds};
use kcore::host::{Host, Listener};
use kcore::machine::Kind;
use kcore::report::Counts;
use kcore::scull::{Damage, Geometry};
use kcore::settings::Form;

use crate::census::{census, counts};
use crate::script::{Task, play};
use crate::{SMALL, Scull, device, read_at, write_at};

/// Bytes of a quantum and of a node of the small device.
const QUANTUM: usize = 8;
const NODE: usize = 16;

/// A machine with an unguarded small device that holds one byte at each of `positions`.
fn race(positions: &[usize], test: impl FnOnce(&Host, &Scull)) {
    let host = Host::new();
    host.run(|| {
        let device = device(Form::None, SMALL);
        for position in positions {
            write_at(&device, *position, &[0xaa]).unwrap();
        }
        test(&host, &device);
    });
}

/// A task that writes a quantum of `stamp` at `position`.
fn writes(position: usize, stamp: u8) -> Task<'static> {
    Box::new(move |device| assert_eq!(write_at(device, position, &[stamp; QUANTUM]), Ok(QUANTUM)))
}

fn wild_writes(position: usize) -> Task<'static> {
    Box::new(move |device| assert_eq!(write_at(device, position, &[1; QUANTUM]), Err(Errno::EFAULT)))
}

fn reads(position: usize, expected: &'static [u8]) -> Task<'static> {
    Box::new(move |device| assert_eq!(read_at(device, position, QUANTUM), Ok(expected.to_vec())))
}

fn trims() -> Task<'static> {
    Box::new(Scull::trim)
}

#[track_caller]
fn leaked(host: &Host, device: &Scull, expected: Counts) {
    assert_eq!(census(host, device).leaked, expected);
    assert_eq!(device.damage(), Damage::default());
}

#[test]
fn r1_two_writers_of_a_slot_leak_a_quantum() {
    race(&[QUANTUM], |host, device| {
        let steps = "A.slot.load B.slot.load A.slot.store B.slot.store";
        play(host, device, steps, vec![writes(0, 1), writes(0, 2)]);
        leaked(host, device, counts(0, 0, 1));
    });
}

#[test]
fn r1_the_loser_s_bytes_land_in_the_other_s_quantum() {
    race(&[QUANTUM], |host, device| {
        let steps = "A.slot.load B.slot.load A.slot.store B.slot.store B.copy.end A.slot.load";
        play(host, device, steps, vec![writes(0, 1), writes(0, 2)]);
        leaked(host, device, counts(0, 0, 1));
        assert_eq!(read_at(device, 0, 9), Ok(vec![1; 8]));
    });
}

#[test]
fn r1_in_turn_two_writers_leak_nothing() {
    race(&[QUANTUM], |host, device| {
        play(host, device, "A.slot.store A.copy.end B.slot.load", vec![writes(0, 1), writes(0, 2)]);
        leaked(host, device, counts(0, 0, 0));
    });
}

/// Every task meets all others at one point before any goes on.
struct Rendezvous {
    point: &'static str,
    barrier: Barrier,
}

impl Listener for Rendezvous {
    fn on(&self, event: &Event) {
        if event.is(self.point) {
            self.barrier.wait();
        }
    }
}

#[test]
fn r1_writers_that_meet_before_the_store_leak_all_but_one() {
    for writers in [2, 3, 5] {
        race(&[QUANTUM], |host, device| {
            let rendezvous = Rendezvous { point: "slot.store", barrier: Barrier::new(writers) };
            host.listen(Kinds::POINTS_AND_LOCKS, Arc::new(rendezvous));
            host.tasks(writers, |writer| writes(0, writer as u8)(device));
            leaked(host, device, counts(0, 0, writers as u64 - 1));
        });
    }
}

#[test]
fn r2_an_array_is_lost_with_an_acknowledged_write() {
    race(&[NODE], |host, device| {
        let steps = "A.array.load B.array.load A.array.store A.size.load B.array.store";
        play(host, device, steps, vec![writes(0, 1), writes(QUANTUM, 2)]);
        leaked(host, device, counts(0, 1, 1));
        assert_eq!(read_at(device, 0, QUANTUM), Ok(vec![]), "acknowledged, and now a hole");
        assert_eq!(read_at(device, QUANTUM, QUANTUM), Ok(vec![2; 8]));
    });
}

#[test]
fn r3_a_forked_head_loses_one_branch() {
    race(&[], |host, device| {
        let steps = "A.head.load B.head.load A.head.store A.size.store B.head.store";
        play(host, device, steps, vec![writes(0, 1), writes(QUANTUM, 2)]);
        leaked(host, device, counts(1, 1, 1));
        assert_eq!(read_at(device, 0, QUANTUM), Ok(vec![]));
    });
}

#[test]
fn r3_a_forked_tail_loses_one_branch() {
    race(&[0], |host, device| {
        let steps = "A.next.load B.next.load A.next.store A.next.load A.copy.end B.next.store";
        play(host, device, steps, vec![writes(2 * NODE, 1), writes(NODE, 2)]);
        leaked(host, device, counts(2, 1, 1));
        assert_eq!(read_at(device, NODE, QUANTUM), Ok(vec![2; 8]));
    });
}

#[test]
fn r4_a_published_node_is_poison_until_it_is_cleared() {
    race(&[], |host, device| {
        let steps = "A.head.store B.head.load B.array.load A.node.clear";
        play(host, device, steps, vec![writes(0, 1), wild_writes(0)]);
        assert_eq!(device.damage(), Damage { wild: 1, ..Damage::default() });
        assert_eq!(census(host, device).leaked, Counts::default());
    });
}

#[test]
fn r4_a_published_array_is_poison_until_it_is_cleared() {
    race(&[NODE], |host, device| {
        let steps = "A.array.store B.array.load B.slot.load A.array.clear";
        play(host, device, steps, vec![writes(0, 1), wild_writes(QUANTUM)]);
        assert_eq!(device.damage(), Damage { wild: 1, ..Damage::default() });
        assert_eq!(census(host, device).leaked, Counts::default());
    });
}

/// Walks the device between two reads that find nothing. What it saw, and how much poison there was.
fn walks(expected: (&'static [Kind], u64)) -> Task<'static> {
    Box::new(move |device| {
        assert_eq!(read_at(device, 1 << 20, 1), Ok(vec![]));
        let mut seen = Vec::new();
        let wild = device.walk(|kind, _| seen.push(kind));
        assert_eq!((seen.as_slice(), wild), expected);
        assert_eq!(read_at(device, 1 << 20, 1), Ok(vec![]));
    })
}

#[test]
fn r4_a_walk_counts_the_poison_and_does_not_follow_it() {
    race(&[], |host, device| {
        // Both links of the node.
        let steps = "A.head.store B.size.load B.size.load A.node.clear";
        play(host, device, steps, vec![writes(0, 1), walks((&[Kind::Node], 2))]);
        // Both slots of the second node's array.
        let steps = "A.array.store B.size.load B.size.load A.array.clear";
        let seen = &[Kind::Node, Kind::Array, Kind::Quantum, Kind::Node, Kind::Array];
        play(host, device, steps, vec![writes(NODE, 1), walks((seen, 2))]);
        leaked(host, device, Counts::default());
    });
}

#[test]
fn r5_two_readers_leak_a_node() {
    race(&[0], |host, device| {
        // They have passed the test of the size when the device is emptied, and each makes a first node.
        let steps = "A.size.load A.size.load B.size.load B.size.load C.trim.walk C.trim.done \
                     A.head.load B.head.load A.head.store B.head.store";
        play(host, device, steps, vec![reads(0, &[]), reads(0, &[]), trims()]);
        leaked(host, device, counts(1, 0, 0));
    });
}

#[test]
fn r5_a_reader_that_cannot_make_a_node_says_so() {
    race(&[0], |host, device| {
        let reads: Task<'_> = Box::new(|device| assert_eq!(read_at(device, 0, 1), Err(Errno::ENOMEM)));
        host.allow_allocations(Some(0));
        play(
            host,
            device,
            "A.size.load A.size.load B.trim.walk B.trim.done A.head.load",
            vec![reads, trims()],
        );
        leaked(host, device, Counts::default());
    });
}

#[test]
fn r6_the_size_goes_back() {
    race(&[], |host, device| {
        // The one in the middle makes the list without a write that counts: the size stays 0.
        let steps = "C.head.store C.size.load A.head.load B.head.load \
                     A.size.load B.size.load A.size.store B.size.store";
        let nothing: Task<'_> = Box::new(|device| assert_eq!(write_at(device, 0, &[]), Ok(0)));
        play(host, device, steps, vec![writes(QUANTUM, 1), writes(0, 2), nothing]);
        leaked(host, device, Counts::default());
        assert_eq!(device.size(), QUANTUM, "acknowledged to 16");
        assert_eq!(read_at(device, QUANTUM, QUANTUM), Ok(vec![]));
    });
}

#[test]
fn r7_a_reader_past_the_test_finds_the_device_empty() {
    race(&[0], |host, device| {
        let steps = "A.size.load B.trim.walk B.trim.done A.size.load";
        play(host, device, steps, vec![reads(0, &[]), trims()]);
        leaked(host, device, Counts::default());
        assert_eq!(census(host, device).live, counts(1, 0, 0), "and has made a node in it");
    });
}

#[test]
fn r8_a_write_lands_in_freed_memory() {
    race(&[0], |host, device| {
        let steps = "A.slot.load A.slot.load B.trim.walk B.trim.done A.copy.start";
        play(host, device, steps, vec![writes(0, 1), trims()]);
        leaked(host, device, Counts::default());
        assert_eq!(device.size(), QUANTUM, "acknowledged");
        assert_eq!(read_at(device, 0, QUANTUM), Ok(vec![]), "and gone");
    });
}

#[test]
fn r8_a_read_finds_the_poison_of_freed_memory() {
    race(&[0], |host, device| {
        let steps = "A.slot.load A.slot.load B.trim.walk B.trim.done A.read.copy";
        play(host, device, steps, vec![reads(0, &[0x6b]), trims()]);
        leaked(host, device, Counts::default());
    });
}

#[test]
fn r8_a_walk_through_freed_nodes_is_stopped() {
    race(&[0], |host, device| {
        let steps = "A.head.load B.trim.walk B.trim.done A.array.load";
        play(host, device, steps, vec![wild_writes(0), trims()]);
        assert_eq!(device.damage(), Damage { wild: 1, ..Damage::default() });
        assert_eq!(census(host, device).live, Counts::default());
    });
}

#[test]
fn r9_two_trims_in_step_free_everything_twice() {
    race(&[0, QUANTUM], |host, device| {
        // Two quanta, the array, the node.
        let steps = "A.trim.walk B.trim.walk A.trim.free B.trim.free A.trim.free B.trim.free \
                     A.trim.free B.trim.free B.next.load A.trim.free B.trim.free";
        play(host, device, steps, vec![trims(), trims()]);
        assert_eq!(device.damage(), Damage { double_free: 4, ..Damage::default() });
        assert_eq!(host.account().double_frees, 4);
        assert_eq!(census(host, device).live, Counts::default());
    });
}

#[test]
fn r9_a_trim_that_comes_late_walks_freed_memory() {
    race(&[0, NODE], |host, device| {
        let steps = "B.head.load A.head.load A.trim.done B.trim.walk";
        play(host, device, steps, vec![trims(), trims()]);
        // The first node's array and next, then the node itself.
        assert_eq!(device.damage(), Damage { wild: 2, double_free: 1, ..Damage::default() });
        assert_eq!(census(host, device).live, Counts::default());
    });
}

#[test]
fn r10_two_copies_into_one_quantum_are_torn() {
    let host = Host::new();
    host.run(|| {
        let device = device(Form::None, Geometry { quantum: 16, qset: 2 });
        write_at(&device, 0, &[0; 16]).unwrap();
        let steps = "A.copy.start B.copy.start B.copy.half A.copy.half";
        let writes = |stamp| -> Task<'_> {
            Box::new(move |device| assert_eq!(write_at(device, 0, &[stamp; 16]), Ok(16)))
        };
        play(&host, &device, steps, vec![writes(1), writes(2)]);
        leaked(&host, &device, Counts::default());
        assert_eq!(read_at(&device, 0, 16), Ok([[2; 8], [1; 8]].concat()));
    });
}
