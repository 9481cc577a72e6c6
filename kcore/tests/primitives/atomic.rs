//! The atomic integer and the bits, against plain ones.

use kcore::host::{Host, HostMachine};
use kcore::sync::{AtomicT, Bits};
use proptest::prelude::*;

use crate::{ROUNDS, TASKS};

type Int = AtomicT<HostMachine>;
type Two = Bits<HostMachine, 2>;

#[test]
fn increments_and_decrements_meet() {
    let number = Int::new(0);
    let zeros = Int::new(0);
    Host::new().tasks(TASKS, |task| {
        for _ in 0..ROUNDS {
            match task % 2 {
                0 => number.add(3),
                _ => number.sub(2),
            }
            if zeros.inc_and_test() {
                unreachable!("it only grows");
            }
        }
    });
    assert_eq!(number.read(), (TASKS * ROUNDS / 2) as i32);
    assert_eq!(zeros.read(), (TASKS * ROUNDS) as i32);
}

#[test]
fn one_of_all_sees_the_last_reference_go() {
    for _ in 0..ROUNDS / 25 {
        let (references, last) = (Int::new(TASKS as i32), Int::new(0));
        Host::new().tasks(TASKS, |_| {
            if references.dec_and_test() {
                last.inc();
            }
        });
        assert_eq!(last.read(), 1);
    }
}

#[test]
fn a_bit_is_a_lock() {
    let (bits, number) = (Two::new(), kcore::shared::Shared::new(0usize));
    Host::new().tasks(TASKS, |task| {
        for _ in 0..ROUNDS {
            while bits.test_and_set_bit(3) {
                std::thread::yield_now();
            }
            number.set_up(number.audit() + 1);
            bits.clear_bit(3);
            // A neighbour in the same word, which must not be disturbed.
            assert!(!bits.test_and_set_bit(10 + task));
            assert!(bits.test_and_clear_bit(10 + task));
        }
    });
    assert_eq!((number.audit(), bits.words()), (TASKS * ROUNDS, [0, 0]));
}

#[test]
#[should_panic(expected = "out of bounds")]
fn there_is_no_bit_past_the_end() {
    Two::new().set_bit(Two::LEN);
}

/// One of the thirteen, and what it says, as a number; 0 where it says nothing.
fn said(number: &Int, operation: u8, i: i32) -> i32 {
    match operation {
        0 => number.add_return(i),
        1 => number.sub_return(i),
        2 => number.inc_return(),
        3 => number.dec_return(),
        4 => number.add_negative(i).into(),
        5 => number.sub_and_test(i).into(),
        6 => number.inc_and_test().into(),
        7 => number.dec_and_test().into(),
        _ => {
            match operation {
                8 => number.add(i),
                9 => number.sub(i),
                10 => number.inc(),
                11 => number.dec(),
                _ => number.set(i),
            }
            0
        }
    }
}

/// The same of a plain number.
fn expected(number: &mut i32, operation: u8, i: i32) -> i32 {
    *number = match operation {
        0 | 4 | 8 => number.wrapping_add(i),
        1 | 5 | 9 => number.wrapping_sub(i),
        2 | 6 | 10 => number.wrapping_add(1),
        3 | 7 | 11 => number.wrapping_sub(1),
        _ => i,
    };
    match operation {
        0..=3 => *number,
        4 => (*number < 0).into(),
        5..=7 => (*number == 0).into(),
        _ => 0,
    }
}

/// Numbers near the places where something happens.
fn operand() -> impl Strategy<Value = i32> {
    prop_oneof![-3..=3, Just(i32::MAX), Just(i32::MIN), any::<i32>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 4 } else { 256 }, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_counts_like_an_int(start in operand(), steps in prop::collection::vec((0u8..13, operand()), 0..50)) {
        let (number, mut model) = (Int::new(start), start);
        for (operation, i) in steps {
            let said = said(&number, operation, i);
            prop_assert_eq!(said, expected(&mut model, operation, i), "operation {} with {}", operation, i);
            prop_assert_eq!(number.read(), model);
        }
    }

    #[test]
    fn bits_are_like_an_array_of_bools(start: [usize; 2], steps in prop::collection::vec((0u8..7, 0..Two::LEN), 0..50)) {
        let bits = Two::of(start);
        let bit = |words: [usize; 2], nr: usize| words[nr / 64] >> (nr % 64) & 1 == 1;
        let mut model: Vec<bool> = (0..Two::LEN).map(|nr| bit(start, nr)).collect();
        for (operation, nr) in steps {
            let was = model[nr];
            let said = match operation {
                0 => { bits.set_bit(nr); was }
                1 => { bits.clear_bit(nr); was }
                2 => { bits.change_bit(nr); was }
                3 => bits.test_bit(nr),
                4 => bits.test_and_set_bit(nr),
                5 => bits.test_and_clear_bit(nr),
                _ => bits.test_and_change_bit(nr),
            };
            model[nr] = match operation {
                0 | 4 => true,
                1 | 5 => false,
                3 => was,
                _ => !was,
            };
            prop_assert_eq!(said, was);
            prop_assert!((0..Two::LEN).all(|nr| bit(bits.words(), nr) == model[nr]));
        }
    }
}
