//! Words that are read without a lock, and read again when a CPU wrote meanwhile (LDD3 ch. 5, "seqlocks"; LKD
//! ch. 10).
//!
//! Writers exclude each other by a spinlock and never wait for readers. A reader waits while a CPU writes,
//! and repeats what it has read while one wrote: it is for few words, read often and written rarely, without
//! pointers in them.
//!
//! ```text
//!   writer                               reader
//!   sequence.store(odd)                  start = sequence.load(Acquire), even
//!   fence(Release)                       loads the words
//!   stores the words                     fence(Acquire)
//!   sequence.store(even, Release)        sequence.load() == start: they belong together
//! ```
//!
//! A reader that has loaded a word of a writer sees at least the odd number that this writer stored before
//! its fence, and so repeats. The words are relaxed atomics: what is torn is thrown away, but to read it must
//! not be undefined.
//!
//! A reader is no owner, and is not counted. It tells that it waits for a writer, and that it waits no more,
//! and nothing else.

use core::array;
use core::fmt;
use core::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::event::{Class, LockStep, Mode};
use crate::machine::Cpu;
use crate::sync::atomic_word::AtomicWord;
use crate::sync::environment::{BhOff, Environment, IrqSaved, PreemptOff};
use crate::sync::spinlock::{SpinGuard, SpinLock};
use crate::sync::watch::{Watch, Watched};

/// `N` words that belong together.
#[doc(alias = "seqlock_t")]
pub struct SeqLock<M: Cpu, const N: usize, W = Class, A = AtomicUsize> {
    /// Held by the writer.
    writer: SpinLock<(), M, W>,
    /// Odd while a CPU writes. Written by the writer.
    sequence: A,
    /// Written by the writer, while `sequence` is odd.
    words: [A; N],
}

/// What [`SeqLock::read_begin`] saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "whether what was read holds is known after read_retry"]
pub struct Sequence(usize);

impl<M: Cpu<Flag = AtomicBool>, const N: usize, W> SeqLock<M, N, W> {
    /// Words that are all 0. `watch` says what hears of their writers.
    #[doc(alias = "seqlock_init")]
    pub const fn new(watch: W) -> Self {
        let writer = SpinLock::new(watch, ());
        SeqLock { writer, sequence: AtomicUsize::new(0), words: [const { AtomicUsize::new(0) }; N] }
    }
}

impl<M: Cpu, const N: usize, W, A: AtomicWord> SeqLock<M, N, W, A> {
    /// Words as in `words`, made of a clear `flag` and of words of the caller's choice.
    pub fn from_flag(flag: M::Flag, watch: W, words: [usize; N]) -> Self {
        let writer = SpinLock::from_flag(flag, watch, ());
        SeqLock { writer, sequence: A::new(0), words: words.map(A::new) }
    }

    /// One word as it is at this moment. Between [`read_begin`](SeqLock::read_begin) and
    /// [`read_retry`](SeqLock::read_retry).
    #[inline]
    pub fn get(&self, index: usize) -> usize {
        self.words[index].load(Relaxed)
    }

    /// Whether a CPU wrote since `start`, so that what was read since does not hold.
    #[inline]
    #[doc(alias = "read_seqretry")]
    #[must_use = "if it is true, all must be read again"]
    pub fn read_retry(&self, start: Sequence) -> bool {
        // The loads of the words come before the load of the sequence.
        A::fence(Acquire);
        self.sequence.load(Relaxed) != start.0
    }
}

impl<M: Cpu, const N: usize, W: Watch<M>, A: AtomicWord> SeqLock<M, N, W, A> {
    /// Waits until no CPU writes and begins to read.
    ///
    /// Nothing is switched off: a reader that loses its CPU repeats. But a reader that interrupts a writer on
    /// its own CPU waits for ever: where an interrupt handler reads, write by
    /// [`write_irqsave`](SeqLock::write_irqsave).
    #[inline]
    #[track_caller]
    #[doc(alias = "read_seqbegin")]
    pub fn read_begin(&self) -> Sequence {
        let sequence = self.sequence.load(Acquire);
        Sequence(if sequence.is_multiple_of(2) { sequence } else { self.wait_for_writer(W::place()) })
    }

    /// Waits until the sequence is even, and returns it.
    #[cold]
    #[inline(never)]
    fn wait_for_writer(&self, place: W::Place) -> usize {
        loop {
            self.tell(LockStep::Wait, place);
            while !self.sequence.look().is_multiple_of(2) {
                M::relax();
                W::spinning();
            }
            let sequence = self.sequence.load(Acquire);
            if sequence.is_multiple_of(2) {
                self.tell(LockStep::GaveUp, place);
                return sequence;
            }
        }
    }

    /// Tells of a reader, which waits for the lock of the writers and never has it.
    fn tell(&self, step: LockStep, place: W::Place) {
        self.watch().announce(step, Mode::Passing, self.writer.address(), place);
    }

    /// Calls `body`, which reads by [`get`](SeqLock::get), until no CPU wrote meanwhile, and returns what it
    /// found then. It may see words that do not belong together, and must survive that.
    #[inline]
    #[track_caller]
    pub fn read<R>(&self, mut body: impl FnMut(&Self) -> R) -> R {
        loop {
            let start = self.read_begin();
            let found = body(self);
            if !self.read_retry(start) {
                return found;
            }
        }
    }

    /// All words, as one writer left them.
    #[inline]
    #[track_caller]
    pub fn snapshot(&self) -> [usize; N] {
        self.read(|lock| array::from_fn(|index| lock.get(index)))
    }

    /// Switches preemption off on this CPU, waits until no other CPU writes, and writes, until the guard is
    /// dropped.
    #[inline]
    #[track_caller]
    #[doc(alias = "write_seqlock")]
    pub fn write(&self) -> SeqWriteGuard<'_, M, N, W, A> {
        self.begin(self.writer.lock())
    }

    /// [`write`](SeqLock::write) with softirqs off: where softirqs read or write.
    #[inline]
    #[track_caller]
    #[doc(alias = "write_seqlock_bh")]
    pub fn write_bh(&self) -> SeqWriteGuard<'_, M, N, W, A, BhOff<M>> {
        self.begin(self.writer.lock_bh())
    }

    /// [`write`](SeqLock::write) with interrupts off: where interrupt handlers read or write.
    #[inline]
    #[track_caller]
    #[doc(alias = "write_seqlock_irqsave")]
    pub fn write_irqsave(&self) -> SeqWriteGuard<'_, M, N, W, A, IrqSaved<M>> {
        self.begin(self.writer.lock_irqsave())
    }

    /// [`write`](SeqLock::write) if no other CPU does.
    #[inline]
    #[track_caller]
    #[doc(alias = "write_tryseqlock")]
    pub fn try_write(&self) -> Option<SeqWriteGuard<'_, M, N, W, A>> {
        self.writer.try_lock().map(|alone| self.begin(alone))
    }

    fn begin<'a, E: Environment>(
        &'a self,
        alone: SpinGuard<'a, (), M, W, E>,
    ) -> SeqWriteGuard<'a, M, N, W, A, E> {
        self.sequence.store(self.sequence.load(Relaxed).wrapping_add(1), Relaxed);
        // The store of the odd number comes before the stores of the words.
        A::fence(Release);
        SeqWriteGuard { lock: self, _alone: alone }
    }
}

/// Its counters are those of the writers.
impl<M: Cpu, const N: usize, W, A> Watched for SeqLock<M, N, W, A> {
    type Watch = W;

    fn watch(&self) -> &W {
        self.writer.watch()
    }
}

impl<M: Cpu, const N: usize, W, A: AtomicWord> fmt::Debug for SeqLock<M, N, W, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SeqLock").field("sequence", &self.sequence.load(Relaxed)).finish_non_exhaustive()
    }
}

/// The right to write the words of a [`SeqLock`]. It ends with the guard.
#[must_use = "the words hold again when the guard is dropped, which is at once"]
pub struct SeqWriteGuard<
    'a,
    M: Cpu,
    const N: usize,
    W: Watch<M> = Class,
    A: AtomicWord = AtomicUsize,
    E: Environment = PreemptOff<M>,
> {
    /// Its `sequence` is odd.
    lock: &'a SeqLock<M, N, W, A>,
    /// Dropped after the guard itself, which makes the sequence even.
    _alone: SpinGuard<'a, (), M, W, E>,
}

impl<M: Cpu, const N: usize, W: Watch<M>, A: AtomicWord, E: Environment> SeqWriteGuard<'_, M, N, W, A, E> {
    /// One word.
    #[inline]
    pub fn get(&self, index: usize) -> usize {
        self.lock.get(index)
    }

    /// Writes one word.
    #[inline]
    pub fn set(&mut self, index: usize, value: usize) {
        self.lock.words[index].store(value, Relaxed);
    }
}

impl<M: Cpu, const N: usize, W: Watch<M>, A: AtomicWord, E: Environment> Drop
    for SeqWriteGuard<'_, M, N, W, A, E>
{
    #[inline]
    fn drop(&mut self) {
        let sequence = &self.lock.sequence;
        sequence.store(sequence.load(Relaxed).wrapping_add(1), Release);
    }
}
