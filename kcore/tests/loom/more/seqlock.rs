//! The seqlock.

use std::sync::Arc;

use kcore::class;
use kcore::event::Class;
use kcore::machine::AtomicFlag;
use kcore::sync::{AtomicWord, SeqLock};
use loom::thread;

use crate::bodies::{objects, spawn};
use crate::machine::{Dozing, LoadThenStore, LoomFlag, NoRelease, Wrong};
use crate::more::{LaxLoad, LaxStore, LoomWord, NoFence};
use crate::right::holds;

type Seq<A, F = LoomFlag> = SeqLock<Dozing<F>, 2, Class, A>;

/// What the bodies say.
const TORN: &str = "half of a write";

fn seqlock<A: AtomicWord, F: AtomicFlag + 'static>() -> Arc<Seq<A, F>> {
    Arc::new(SeqLock::from_flag(F::new(false), class!("test"), [0, 0]))
}

fn write<A: AtomicWord + 'static, F: AtomicFlag + 'static>(lock: &Seq<A, F>) {
    let mut words = lock.write();
    for index in 0..2 {
        let value = words.get(index);
        words.set(index, value + 1);
    }
}

/// A reader sees all of a writer, or nothing.
fn reads_whole<A: AtomicWord + 'static>() {
    let lock = seqlock::<A, LoomFlag>();
    let tasks = [
        spawn(&lock, write),
        spawn(&lock, |lock| {
            let start = lock.read_begin();
            let found = [lock.get(0), lock.get(1)];
            if !lock.read_retry(start) {
                assert_eq!(found[0], found[1], "{TORN}");
            }
        }),
    ];
    tasks.into_iter().for_each(|task| task.join().unwrap());
    assert_eq!(lock.snapshot(), [1, 1]);
}

/// No write is lost.
fn writes_alone<F: AtomicFlag + 'static>() {
    let lock = seqlock::<LoomWord, F>();
    let tasks = [spawn(&lock, write), spawn(&lock, write)];
    tasks.into_iter().for_each(|task| task.join().unwrap());
    // Not by `snapshot`: of two tasks that write at once the sequence may stay odd.
    assert_eq!([lock.get(0), lock.get(1)], [2, 2], "{TORN}");
}

#[test]
fn seqlock_reads_whole() {
    holds(4, reads_whole::<LoomWord>);
}

#[test]
fn seqlock_writes_alone() {
    holds(3, writes_alone::<LoomFlag>);
}

/// Both repeat by the closure while the other writes.
#[test]
fn seqlock_repeats() {
    holds(2, || {
        let lock = seqlock::<LoomWord, LoomFlag>();
        let tasks = [
            spawn(&lock, write),
            spawn(&lock, |lock| {
                let [first, second] = lock.snapshot();
                assert_eq!(first, second, "{TORN}");
            }),
        ];
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}

#[test]
fn without_fences() {
    objects(TORN, reads_whole::<NoFence>);
}

#[test]
fn begun_without_acquire() {
    objects(TORN, reads_whole::<LaxLoad>);
}

#[test]
fn ended_without_release() {
    objects(TORN, reads_whole::<LaxStore>);
}

#[test]
fn writers_without_a_right_lock() {
    objects(TORN, writes_alone::<Wrong<NoRelease>>);
    objects(TORN, writes_alone::<Wrong<LoadThenStore>>);
}

/// The sequence is not made odd: a reader cannot know that a writer is in the middle of it.
#[test]
fn a_writer_that_counts_only_at_its_end() {
    objects(TORN, || {
        let words = Arc::new([0, 0, 0].map(LoomWord::new));
        let tasks = [
            spawn(&words, |[sequence, words @ ..]| {
                use std::sync::atomic::Ordering::{Relaxed, Release};
                words.iter().for_each(|word| word.store(1, Relaxed));
                sequence.store(2, Release);
            }),
            spawn(&words, |[sequence, words @ ..]| {
                use std::sync::atomic::Ordering::{Acquire, Relaxed};
                let start = sequence.load(Acquire);
                let found = [words[0].load(Relaxed), words[1].load(Relaxed)];
                LoomWord::fence(Acquire);
                if sequence.load(Relaxed) == start {
                    assert_eq!(found[0], found[1], "{TORN}");
                }
                thread::yield_now();
            }),
        ];
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
}
