//! Two words that belong together, read while they are written.

use alloc::format;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::tasks_and;
use super::needs::Needs;
use super::stage::{Named, Probed, Refusal, Rig, Stage};
use crate::class;
use crate::event::{LockName, Site};
use crate::report::LockStats;
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::{Guard, Observed, SeqLock, Watched};

pub(super) static ENTRY: Experiment = Experiment {
    name: "torn-pair",
    tears: true,
    title: "a time of two words is read while it is set, and it never was that time",
    cause: Cause::Smp,
    races: &["R10"],
    sources: &["LDD3 5.7, Seqlocks", "LDD3 7, Measuring Time Lapses", "LKD 10, Sequential Locks"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &tasks_and(Form::SeqLock),
    unit: "times: each reader reads so many, each writer sets so many",
    known_points: &["pair.load", "pair.store"],
    points: &["pair.load", "pair.store"],
    script: &["A.pair.load", "B.pair.store", "B.pair.store", "A.pair.load"],
    certain: Certain { script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::of_two(),
    defaults: Defaults::natural(2000, 5),
    roles: Roles::Alternate(Role::Read, Role::Write),
    invariants: &[
        "the two words of each time that is read were set together, and so are those that are left at the end",
    ],
    seven: [
        "Yes. The time is one for all: a few set it, and all read it.",
        "Not here. In Linux it is just so: the timer interrupt sets the time, and everything else reads it. Then the writer \
         must have interrupts off, or a reader that interrupts it waits for it for ever.",
        "Yes. A reader that loses its CPU between its two loads finds another time when it goes on.",
        "No. Two loads or two stores, and nothing between them can sleep.",
        "It is there from the beginning to the end of the round. What may be freed must not be read like this: a reader \
         follows what it has read before it knows whether it holds.",
        "One loads a word from before a store, and the other word from after it.",
        "By a lock that readers and writers take; or by a seqlock: writers take a lock, and readers look whether a writer \
         was there.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A clock has two words, say seconds and tenths of a second. A writer sets both, a reader reads both. Make the reader \
see a time that the clock has never shown.";

const HINT: &str = "Each word is loaded and stored in one piece. How many pieces is the time? Stop the reader after its \
first load.";

const EXPLANATION: &str = "The clock shows 0.9 s: the words are 0 and 9. A loads the first word: 0. B sets the clock to 1.0 s: \
it stores 1 and 0. A loads the second word: 0. A has read 0.0 s, and no clock has shown that since the machine was \
started; time has gone back. The other way round, with A between the two stores of B, it has read 1.9 s. Nothing is damaged: \
the next reader finds both words as they should be, and A goes on with a time that never was. Here both words of a time carry \
the same number, and a reader that finds two is torn. With two writers and no lock the pair itself may be left torn.\n\n\
A spinlock, a semaphore, a reader/writer lock: whatever readers and writers both take makes the pair one thing. But then \
each reader writes, to the word of the lock, and all CPUs that only want to know the time pass one cache line \
around. And many readers keep the writer waiting, which may be the timer interrupt.\n\n\
The seqlock turns this round. The writer takes a spinlock against other writers and adds 1 to a sequence number, \
stores the words, and adds 1 again: the number is odd while the words do not hold. A reader stores nothing at all. It loads the \
number and waits if it is odd; loads the words; and loads the number once more. If that is what it was, no writer was \
there, and the words belong together; if not, it throws them away and repeats. So the writer never waits for a reader, and a reader \
pays only when a writer was really there. The report says how many reads were repeated. That is how Linux reads its clock.\n\n\
It is for few words, read often and written rarely. The reader has to survive what it throws away, so there must be no \
pointer in it that could lead to what is freed, and nothing may be done with the words before the second look.\n\n\
Wrong cures: to read until two times agree (both may be torn alike); a flag that says that a writer is there, tested before \
the words only (the writer may come after the test; it is the second look that counts); to read the number without an order between it \
and the words (x86 keeps loads in order, the compiler and other CPUs do not); a lock that only the writers take.";

/// The two words, and the sequence of a seqlock: points `pair.load` and `pair.store`.
static PAIR: Site = Site::new("pair");

/// The words of the seqlock.
struct Words;

impl Named for Words {
    const SITE: &'static Site = &PAIR;
}

/// A time.
enum Pair<M: Rig> {
    Guarded { guard: Guard<M>, words: [Shared<usize>; 2] },
    Sequenced(SeqLock<M, 2, Observed, Probed<M, Words>>),
}

/// One round: writers set `quanta` times each, each a number of its own in both words; readers read as many.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let quanta = resolved.quanta as usize;
    let pair = Pair::<M>::new(resolved.lock);
    let (torn, repeated) = (AtomicU64::new(0), AtomicU64::new(0));
    let read = || {
        let ([first, second], more) = pair.read();
        torn.fetch_add(u64::from(first != second), Relaxed);
        repeated.fetch_add(more, Relaxed);
    };
    stage.race(&|who| match resolved.role(who) {
        Role::Read => (0..quanta).for_each(|_| read()),
        _ => (1..=quanta).for_each(|time| pair.set(who as usize * quanta + time)),
    })?;
    stage.add_lock(pair.stats());
    read();
    stage.run.torn += torn.load(Relaxed);
    if let Pair::Sequenced(_) = pair {
        stage.note(format!("reads of a round that were repeated: {}", repeated.load(Relaxed)));
    }
    Ok(())
}

impl<M: Rig> Pair<M> {
    fn new(form: Form) -> Self {
        let (name, class) = ("pair.lock", class!("pair.lock"));
        if form == Form::SeqLock {
            let watch = Observed::new(LockName::spins(name, class));
            return Pair::Sequenced(SeqLock::from_flag(M::Flag::new(false), watch, [0; 2]));
        }
        Pair::Guarded { guard: Guard::new(form, name, class), words: [Shared::new(0), Shared::new(0)] }
    }

    /// Both words, and how often they had to be read again.
    fn read(&self) -> ([usize; 2], u64) {
        match self {
            Pair::Guarded { guard, words } => {
                let _held = guard.enter();
                ([words[0].load::<M>(&PAIR), words[1].load::<M>(&PAIR)], 0)
            }
            Pair::Sequenced(lock) => {
                let mut tries = 0;
                let words = lock.read(|lock| {
                    tries += 1;
                    [lock.get(0), lock.get(1)]
                });
                (words, tries - 1)
            }
        }
    }

    fn set(&self, time: usize) {
        match self {
            Pair::Guarded { guard, words } => {
                let _held = guard.enter();
                words.iter().for_each(|word| word.store::<M>(&PAIR, time));
            }
            Pair::Sequenced(lock) => {
                let mut words = lock.write();
                (0..2).for_each(|index| words.set(index, time));
            }
        }
    }

    fn stats(&self) -> Option<LockStats> {
        match self {
            Pair::Guarded { guard, .. } => guard.stats(),
            Pair::Sequenced(lock) => Some(lock.stats()),
        }
    }
}
