//! A ring that needs no lock between one producer and one consumer (LDD3 ch. 5, "Lock-Free Algorithms"; LKD
//! ch. 6, "Queues").
//!
//! Each of the two counters has one writer, so a load and a store are enough; and there is one of each end,
//! so that two producers, which would need a lock between them, do not compile:
//!
//! ```compile_fail,E0499
//! use kcore::sync::Kfifo;
//!
//! let mut fifo: Kfifo<u32, 4> = Kfifo::new();
//! let (mut first, _consumer) = fifo.split();
//! let (mut second, _consumer) = fifo.split();
//! first.push(1);
//! second.push(2);
//! ```
//!
//! ```text
//!   producer                              consumer
//!   writes the slot
//!   pushed.store(n + 1, Release) ───────► pushed.load(Acquire): sees the slot
//!                                         reads the slot
//!   popped.load(Acquire): may overwrite ◄ popped.store(m + 1, Release)
//! ```

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::sync::atomic_word::AtomicWord;

/// A ring of `N` slots, `N` a power of two.
///
/// ```
/// use kcore::sync::Kfifo;
///
/// let mut fifo: Kfifo<u32, 4> = Kfifo::new();
/// let (mut producer, mut consumer) = fifo.split();
/// assert_eq!(producer.push_slice(&[1, 2, 3, 4, 5]), 4);
/// assert_eq!(producer.push(6), Err(6));
/// assert_eq!(consumer.pop(), Some(1));
/// assert_eq!(consumer.len(), 3);
/// ```
#[doc(alias = "struct kfifo")]
#[doc(alias = "circular buffer")]
pub struct Kfifo<T, const N: usize, A: AtomicWord = AtomicUsize> {
    /// Those from `popped` up to `pushed` (modulo `N`) hold a value.
    slots: [UnsafeCell<MaybeUninit<T>>; N],
    /// How many were ever put in, modulo 2^64; never more than `N` ahead of `popped`. The producer writes it.
    pushed: A,
    /// How many were ever taken out. The consumer writes it.
    popped: A,
}

// SAFETY: a shared ring gives no value; its two ends, of which there is one each, pass values from one CPU to
// the other.
unsafe impl<T: Send, const N: usize, A: AtomicWord> Sync for Kfifo<T, N, A> {}

impl<T, const N: usize> Kfifo<T, N> {
    /// An empty ring.
    #[doc(alias = "kfifo_alloc")]
    pub const fn new() -> Self {
        const { assert!(N.is_power_of_two(), "the counters wrap round at a multiple of N") };
        let slots = [const { UnsafeCell::new(MaybeUninit::uninit()) }; N];
        Kfifo { slots, pushed: AtomicUsize::new(0), popped: AtomicUsize::new(0) }
    }
}

impl<T, const N: usize> Default for Kfifo<T, N> {
    fn default() -> Self {
        Kfifo::new()
    }
}

impl<T, const N: usize, A: AtomicWord> Kfifo<T, N, A> {
    /// An empty ring with counters of the caller's choice that stand at `count`: the ring works for ever, as
    /// they wrap.
    pub fn starting_at(count: usize) -> Self {
        const { assert!(N.is_power_of_two(), "the counters wrap round at a multiple of N") };
        let slots = [const { UnsafeCell::new(MaybeUninit::uninit()) }; N];
        Kfifo { slots, pushed: A::new(count), popped: A::new(count) }
    }

    /// Its two ends. There are no others while these live.
    pub fn split(&mut self) -> (Producer<'_, T, N, A>, Consumer<'_, T, N, A>) {
        let fifo = &*self;
        let (pushed, popped) = (fifo.pushed.load(Relaxed), fifo.popped.load(Relaxed));
        (Producer { fifo, pushed }, Consumer { fifo, popped })
    }

    /// How many values are in it. While it is split its ends are asked.
    #[doc(alias = "kfifo_len")]
    pub fn len(&self) -> usize {
        self.pushed.load(Relaxed).wrapping_sub(self.popped.load(Relaxed))
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there is no room in it.
    pub fn is_full(&self) -> bool {
        self.len() == N
    }

    /// The slot of the value that was, or will be, put in as number `count`.
    #[inline]
    fn slot(&self, count: usize) -> *mut T {
        self.slots[count % N].get().cast()
    }
}

impl<T, const N: usize, A: AtomicWord> Drop for Kfifo<T, N, A> {
    fn drop(&mut self) {
        let (_, mut consumer) = self.split();
        while consumer.pop().is_some() {}
    }
}

impl<T, const N: usize, A: AtomicWord> fmt::Debug for Kfifo<T, N, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kfifo").field("len", &self.len()).field("room", &N).finish_non_exhaustive()
    }
}

/// The end of a [`Kfifo`] that values are put into.
#[derive(Debug)]
pub struct Producer<'a, T, const N: usize, A: AtomicWord = AtomicUsize> {
    /// We alone write its `pushed`, and its slots that hold nothing.
    fifo: &'a Kfifo<T, N, A>,
    /// What `fifo.pushed` is: only we change it, so it need not be loaded.
    pushed: usize,
}

impl<T, const N: usize, A: AtomicWord> Producer<'_, T, N, A> {
    /// Puts `value` in, or gives it back when there is no room.
    #[inline]
    #[doc(alias = "kfifo_put")]
    pub fn push(&mut self, value: T) -> Result<(), T> {
        if self.room() == 0 {
            return Err(value);
        }
        self.write(0, value);
        self.publish(1);
        Ok(())
    }

    /// Puts in as many of `values` as there is room for, all at once for the consumer, and says how many.
    #[doc(alias = "kfifo_in")]
    pub fn push_slice(&mut self, values: &[T]) -> usize
    where
        T: Copy,
    {
        let count = values.len().min(self.room());
        values[..count].iter().enumerate().for_each(|(index, value)| self.write(index, *value));
        self.publish(count);
        count
    }

    /// For how many values there is room. More by the time it is used, never less.
    #[doc(alias = "kfifo_avail")]
    #[inline]
    pub fn room(&self) -> usize {
        N - self.pushed.wrapping_sub(self.fifo.popped.load(Acquire))
    }

    /// How many values are in. Fewer by the time it is used, never more.
    #[expect(clippy::len_without_is_empty, reason = "a producer asks whether it is full")]
    pub fn len(&self) -> usize {
        N - self.room()
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        self.room() == 0
    }

    /// Writes the slot `index` places further on, which is free.
    #[inline]
    fn write(&mut self, index: usize, value: T) {
        let slot = self.fifo.slot(self.pushed.wrapping_add(index));
        // SAFETY: there is room at `index`, so the consumer has read the slot (`popped`, acquired) and will
        // not look at it before it is published.
        unsafe { slot.write(value) };
    }

    #[inline]
    fn publish(&mut self, count: usize) {
        self.pushed = self.pushed.wrapping_add(count);
        self.fifo.pushed.store(self.pushed, Release);
    }
}

/// The end of a [`Kfifo`] that values are taken out of.
#[derive(Debug)]
pub struct Consumer<'a, T, const N: usize, A: AtomicWord = AtomicUsize> {
    /// We alone write its `popped`, and read its slots that hold a value.
    fifo: &'a Kfifo<T, N, A>,
    /// What `fifo.popped` is: only we change it, so it need not be loaded.
    popped: usize,
}

impl<T, const N: usize, A: AtomicWord> Consumer<'_, T, N, A> {
    /// Takes the oldest value out.
    #[inline]
    #[doc(alias = "kfifo_get")]
    pub fn pop(&mut self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let value = self.read(0);
        self.release(1);
        Some(value)
    }

    /// Takes as many values out as there are, at most as many as `values` is long, and says how many.
    #[doc(alias = "kfifo_out")]
    pub fn pop_slice(&mut self, values: &mut [T]) -> usize
    where
        T: Copy,
    {
        let count = values.len().min(self.len());
        values[..count].iter_mut().enumerate().for_each(|(index, value)| *value = self.read(index));
        self.release(count);
        count
    }

    /// The oldest value, which stays in. Only one thread at a time may look at it: the value need not be
    /// `Sync`.
    #[doc(alias = "kfifo_peek")]
    pub fn peek(&mut self) -> Option<&T> {
        if self.is_empty() {
            return None;
        }
        // SAFETY: the slot holds a value (`pushed`, acquired), and the consumer, which alone may use it, is
        // borrowed.
        Some(unsafe { &*self.fifo.slot(self.popped) })
    }

    /// How many values are in. More by the time it is used, never fewer.
    #[inline]
    pub fn len(&self) -> usize {
        self.fifo.pushed.load(Acquire).wrapping_sub(self.popped)
    }

    /// Whether nothing is in.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Moves the value out that is `index` places behind the oldest.
    #[inline]
    fn read(&mut self, index: usize) -> T {
        let slot = self.fifo.slot(self.popped.wrapping_add(index));
        // SAFETY: the slot holds a value (`pushed`, acquired); it is free once released, and the one
        // consumer, which is this, reads it once before.
        unsafe { slot.read() }
    }

    #[inline]
    fn release(&mut self, count: usize) {
        self.popped = self.popped.wrapping_add(count);
        self.fifo.popped.store(self.popped, Release);
    }
}
