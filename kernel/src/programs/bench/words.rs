//! What needs no lock: counters, bits, rings.

use core::hint::black_box;
use core::sync::atomic::{
    AtomicI32, AtomicUsize,
    Ordering::{AcqRel, Relaxed},
};

use kcore::sync::{AtomicT, Bits, Kfifo};

use super::contest::Contestant;
use crate::context;
use crate::machine::Kernel;

/// Places of the rings.
const ROOM: usize = 16;

static COUNTER: AtomicT<Kernel> = AtomicT::new(0);
static COUNTER_PEER: AtomicI32 = AtomicI32::new(0);
static BITS: Bits<Kernel, 1> = Bits::new();
static BITS_PEER: AtomicUsize = AtomicUsize::new(0);

/// On one CPU alone.
pub(super) const UNCONTENDED: [Contestant; 8] = [
    ("kfifo, push and pop", |n| {
        let mut ring = Kfifo::<u64, ROOM>::new();
        let (mut producer, mut consumer) = ring.split();
        for turn in 0..n {
            let _ = black_box(producer.push(black_box(turn)));
            black_box(consumer.pop());
        }
    }),
    ("heapless::spsc, push and pop", |n| {
        let mut ring = heapless::spsc::Queue::<u64, ROOM>::new();
        let (mut producer, mut consumer) = ring.split();
        for turn in 0..n {
            let _ = black_box(producer.enqueue(black_box(turn)));
            black_box(consumer.dequeue());
        }
    }),
    ("atomic, inc", |n| (0..n).for_each(|_| COUNTER.inc())),
    ("core AtomicI32, fetch_add", |n| (0..n).for_each(|_| _ = COUNTER_PEER.fetch_add(1, Relaxed))),
    ("bits, test_and_set_bit", |n| (0..n).for_each(|turn| _ = BITS.test_and_set_bit(turn as usize % 64))),
    ("core AtomicUsize, fetch_or", |n| {
        (0..n).for_each(|turn| _ = black_box(BITS_PEER.fetch_or(1 << (turn % 64), AcqRel)));
    }),
    ("preemption off and on", |n| {
        for _ in 0..n {
            context::preempt_disable();
            context::preempt_enable();
        }
    }),
    ("softirqs off and on", |n| {
        for _ in 0..n {
            context::bh_disable();
            context::bh_enable();
        }
    }),
];

/// Ours, and the peer that does the same.
pub(super) const PEERS: [(&str, &str); 3] = [
    ("kfifo, push and pop", "heapless::spsc, push and pop"),
    ("atomic, inc", "core AtomicI32, fetch_add"),
    ("bits, test_and_set_bit", "core AtomicUsize, fetch_or"),
];
