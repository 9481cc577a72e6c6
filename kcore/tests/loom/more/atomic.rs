//! The atomic integer and the bits.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use kcore::sync::{AtomicT, AtomicWord, Bits, LockedWord};

use crate::bodies::{Payload, Section, each, excludes, objects, spawn};
use crate::machine::{Dozing, LoadThenStore, LoomFlag, NoAcquire, NoRelease};
use crate::more::{LoomWord, Weak};
use crate::right::holds;
use crate::twins::UNORDERED;

/// Of flags and such words.
type Machine<A> = Dozing<LoomFlag, A>;

/// What the bodies say.
const LOST: &str = "a change was lost";

/// A number and bits that tasks change.
trait Changed: Send + Sync + 'static {
    fn new() -> Self;
    fn add(&self, i: i32) -> i32;
    fn read(&self) -> i32;
    fn set_bit(&self, nr: usize);
    fn has_bits(&self, bits: usize) -> bool;
}

struct Right<A: LockedWord + 'static> {
    number: AtomicT<Machine<A>>,
    bits: Bits<Machine<A>, 1>,
}

impl<A: LockedWord + 'static> Changed for Right<A> {
    fn new() -> Self {
        Right { number: AtomicT::of(0), bits: Bits::of([0]) }
    }
    fn add(&self, i: i32) -> i32 {
        self.number.add_return(i)
    }
    fn read(&self) -> i32 {
        self.number.read()
    }
    fn set_bit(&self, nr: usize) {
        self.bits.set_bit(nr);
    }
    fn has_bits(&self, bits: usize) -> bool {
        self.bits.words() == [bits]
    }
}

/// A load and a store, each atomic.
struct LoadAndStore([LoomWord; 2]);

impl Changed for LoadAndStore {
    fn new() -> Self {
        LoadAndStore([0, 0].map(LoomWord::new))
    }
    fn add(&self, i: i32) -> i32 {
        let sum = self.read() + i;
        self.0[0].store(sum as usize, Relaxed);
        sum
    }
    fn read(&self) -> i32 {
        self.0[0].load(Relaxed) as i32
    }
    fn set_bit(&self, nr: usize) {
        self.0[1].store(self.0[1].load(Relaxed) | 1 << nr, Relaxed);
    }
    fn has_bits(&self, bits: usize) -> bool {
        self.0[1].load(Relaxed) == bits
    }
}

/// Two tasks add, and each sees another sum.
fn adds<C: Changed>() {
    let number = Arc::new(C::new());
    let tasks = each(2, &number, |number| {
        let sum = number.add(1);
        assert!(sum == 1 || sum == 2);
    });
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(number.read(), 2, "{LOST}");
}

/// Two tasks set two bits of one word.
fn sets<C: Changed>() {
    let bits = Arc::new(C::new());
    let tasks = [spawn(&bits, |bits| bits.set_bit(0)), spawn(&bits, |bits| bits.set_bit(5))];
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert!(bits.has_bits(0b10_0001), "{LOST}");
}

/// The task that lets the last reference go may do as it likes: all others have done.
fn frees_last<A: LockedWord + 'static>() {
    let shared = Arc::new((AtomicT::<Machine<A>>::of(2), [Payload::default(), Payload::default()]));
    let body = |mine: usize| {
        move |(references, payloads): &(AtomicT<Machine<A>>, [Payload; 2])| {
            payloads[mine].increment();
            if references.dec_and_test() {
                payloads.iter().for_each(Payload::increment);
            }
        }
    };
    let tasks = [spawn(&shared, body(0)), spawn(&shared, body(1))];
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(shared.1[0].get() + shared.1[1].get(), 4, "{LOST}");
}

/// A bit as a lock, as the book has it.
struct BitLock<A: LockedWord + 'static>(Bits<Machine<A>, 1>);

impl<A: LockedWord + 'static> Section for BitLock<A> {
    fn new(_units: usize) -> Self {
        BitLock(Bits::of([0]))
    }
    fn within(&self, body: impl FnOnce()) {
        while self.0.test_and_set_bit(7) {
            while self.0.test_bit(7) {
                loom::thread::yield_now();
            }
        }
        body();
        assert!(self.0.test_and_clear_bit(7));
    }
}

#[test]
fn no_change_is_lost() {
    holds(4, adds::<Right<LoomWord>>);
    holds(4, sets::<Right<LoomWord>>);
}

#[test]
fn the_last_reference_sees_all() {
    holds(4, frees_last::<LoomWord>);
}

#[test]
fn a_bit_is_a_lock() {
    holds(3, || excludes::<BitLock<LoomWord>>(2, 1));
}

#[test]
fn a_load_and_a_store() {
    objects(LOST, adds::<LoadAndStore>);
    objects(LOST, sets::<LoadAndStore>);
}

#[test]
fn mistakes_in_the_word() {
    objects(LOST, adds::<Right<Weak<LoadThenStore>>>);
    objects(LOST, sets::<Right<Weak<LoadThenStore>>>);
    objects(UNORDERED, frees_last::<Weak<NoAcquire>>);
    objects(UNORDERED, frees_last::<Weak<NoRelease>>);
    objects(UNORDERED, || excludes::<BitLock<Weak<NoAcquire>>>(2, 1));
    objects(UNORDERED, || excludes::<BitLock<Weak<NoRelease>>>(2, 1));
}
