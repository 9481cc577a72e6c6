//! The ring. loom does not see its slots, so what goes through is the number of a payload, which loom sees.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};

use kcore::sync::{AtomicWord, Kfifo};
use loom::thread;

use crate::bodies::{Payload, objects, spawn};
use crate::more::{LaxLoad, LaxStore, LoomWord};
use crate::right::holds;
use crate::twins::UNORDERED;

/// `values` numbers go through a ring with room for two. The producer uses a slot's payload before it puts a
/// number in, the consumer before it takes it out.
fn passes<A: AtomicWord + 'static>(values: usize) {
    let payloads = Arc::new([Payload::default(), Payload::default()]);
    let fifo = Box::into_raw(Box::new(Kfifo::<usize, 2, A>::starting_at(0)));
    // SAFETY: it is the box of the line above, which is taken back at the end, when both tasks have ended.
    let both: &'static mut Kfifo<usize, 2, A> = unsafe { &mut *fifo };
    let (mut producer, mut consumer) = both.split();
    let tasks = [
        spawn(&payloads, move |payloads| {
            for value in 0..values {
                while producer.is_full() {
                    thread::yield_now();
                }
                payloads[value % 2].increment();
                producer.push(value).expect("there is room");
            }
        }),
        spawn(&payloads, move |payloads| {
            for expected in 0..values {
                while consumer.is_empty() {
                    thread::yield_now();
                }
                let value = *consumer.peek().expect("there is something");
                assert_eq!(value, expected);
                payloads[value % 2].increment();
                assert_eq!(consumer.pop(), Some(value));
            }
        }),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(payloads[0].get() + payloads[1].get(), 2 * values);
    // SAFETY: it comes from a box, and both its ends are gone with their tasks.
    drop(unsafe { Box::from_raw(fifo) });
}

#[test]
fn kfifo_passes_what_was_done_before() {
    holds(3, || passes::<LoomWord>(1));
    holds(3, || passes::<LoomWord>(3));
}

#[test]
fn put_in_without_release() {
    objects(UNORDERED, || passes::<LaxStore>(1));
}

#[test]
fn taken_out_without_acquire() {
    objects(UNORDERED, || passes::<LaxLoad>(1));
}

/// Both counters are needed in order: the third value meets the first one's payload.
#[test]
fn room_without_order() {
    objects(UNORDERED, || passes::<LaxStore>(3));
    objects(UNORDERED, || passes::<LaxLoad>(3));
}

/// The twin that publishes a slot before it is written.
#[test]
fn the_count_before_the_value() {
    objects(UNORDERED, || {
        let shared = Arc::new((LoomWord::new(0), Payload::default()));
        let tasks = [
            spawn(&shared, |(pushed, slot)| {
                pushed.store(1, Release);
                slot.increment();
            }),
            spawn(&shared, |(pushed, slot)| {
                if pushed.load(Acquire) == 1 {
                    slot.get();
                }
            }),
        ];
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}
