//! The ring of one producer and one consumer, against a queue.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::AtomicUsize;
use std::thread::{scope, yield_now};

use kcore::sync::Kfifo;
use proptest::prelude::*;

use crate::ROUNDS;

#[test]
fn what_goes_in_comes_out_in_order() {
    let mut fifo: Kfifo<usize, 4> = Kfifo::new();
    let (mut producer, mut consumer) = fifo.split();
    scope(|scope| {
        scope.spawn(move || {
            for value in 0..ROUNDS {
                while producer.push(value).is_err() {
                    yield_now();
                }
            }
        });
        for expected in 0..ROUNDS {
            let value = std::iter::repeat_with(|| consumer.pop()).inspect(|_| yield_now()).flatten().next();
            assert_eq!(value, Some(expected));
        }
        assert_eq!(consumer.pop(), None);
    });
    assert!(fifo.is_empty());
}

#[test]
fn slices_go_through_in_order() {
    let mut fifo: Kfifo<usize, 8> = Kfifo::new();
    let (mut producer, mut consumer) = fifo.split();
    let all: Vec<usize> = (0..ROUNDS).collect();
    let mut got: Vec<usize> = Vec::new();
    scope(|scope| {
        let mut rest = &all[..];
        scope.spawn(move || {
            while !rest.is_empty() {
                rest = &rest[producer.push_slice(&rest[..rest.len().min(5)])..];
                yield_now();
            }
        });
        while got.len() < ROUNDS {
            let mut some = [0; 3];
            let count = consumer.pop_slice(&mut some);
            got.extend(&some[..count]);
            yield_now();
        }
    });
    assert_eq!(got, all);
}

#[test]
fn what_is_left_in_is_dropped_once() {
    let value = Rc::new(());
    let mut fifo: Kfifo<Rc<()>, 4> = Kfifo::new();
    let (mut producer, mut consumer) = fifo.split();
    for _ in 0..3 {
        producer.push(value.clone()).unwrap();
    }
    assert_eq!(consumer.peek().map(Rc::strong_count), Some(4));
    drop(consumer.pop());
    assert_eq!(Rc::strong_count(&value), 3);
    drop(fifo);
    assert_eq!(Rc::strong_count(&value), 1);
}

/// One step of either end.
#[derive(Clone, Debug)]
enum Step {
    Push(u8),
    Pop,
    Peek,
    PushSlice(Vec<u8>),
    PopSlice(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<u8>().prop_map(Step::Push),
        Just(Step::Pop),
        Just(Step::Peek),
        prop::collection::vec(any::<u8>(), 0..12).prop_map(Step::PushSlice),
        (0usize..12).prop_map(Step::PopSlice),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 256 }, failure_persistence: None, ..ProptestConfig::default() })]

    /// From any count on: also where the counters wrap round.
    #[test]
    fn it_is_like_a_queue(
        start in prop_oneof![Just(0), usize::MAX - 20..=usize::MAX],
        steps in prop::collection::vec(step(), 0..60),
    ) {
        const ROOM: usize = 8;
        let mut fifo: Kfifo<u8, ROOM, AtomicUsize> = Kfifo::starting_at(start);
        let mut model = VecDeque::new();
        for step in steps {
            let (mut producer, mut consumer) = fifo.split();
            match step {
                Step::Push(value) => {
                    let fits = model.len() < ROOM;
                    prop_assert_eq!(producer.push(value), if fits { Ok(()) } else { Err(value) });
                    model.extend(fits.then_some(value));
                }
                Step::Pop => prop_assert_eq!(consumer.pop(), model.pop_front()),
                Step::Peek => prop_assert_eq!(consumer.peek(), model.front()),
                Step::PushSlice(values) => {
                    let fit = values.len().min(ROOM - model.len());
                    prop_assert_eq!(producer.push_slice(&values), fit);
                    model.extend(&values[..fit]);
                }
                Step::PopSlice(most) => {
                    let mut got = vec![0; most];
                    let count = consumer.pop_slice(&mut got);
                    let expected: Vec<u8> = model.drain(..most.min(model.len())).collect();
                    prop_assert_eq!(&got[..count], &expected[..]);
                }
            }
            prop_assert_eq!((producer.len(), consumer.len()), (model.len(), model.len()));
            prop_assert_eq!((producer.room(), producer.is_full()), (ROOM - model.len(), model.len() == ROOM));
            prop_assert_eq!(consumer.is_empty(), model.is_empty());
            prop_assert_eq!((fifo.len(), fifo.is_full(), fifo.is_empty()), (model.len(), model.len() == ROOM, model.is_empty()));
        }
    }
}
