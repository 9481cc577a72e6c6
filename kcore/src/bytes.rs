//! The bytes of a block that several CPUs copy into and out of without a lock.
//!
//! The race is the point, so it must not be undefined. Every access is a relaxed atomic, and every byte
//! belongs to one atomic of one size for ever: the whole words of a block are [`AtomicU64`]s, the up to seven
//! bytes after them [`AtomicU8`]s. (Atomics of different sizes that overlap and race are as undefined as
//! plain accesses.) A copy that starts or ends inside a word changes only its own bytes of it, by
//! compare-and-exchange; all else is a `mov` for each word.

use core::ops::Range;
use core::ptr::NonNull;
use core::slice;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// Bytes of a word.
pub const WORD: usize = size_of::<u64>();
/// Words that are copied between two looks at whether there are more: on an emulated CPU each look takes
/// about as long as a word. Ten of them are half a quantum of LDD3, which is copied in halves.
const RUN: usize = 25;

/// A view of a block as bytes.
#[derive(Clone, Copy, Debug)]
pub struct SharedBytes<'a> {
    words: &'a [AtomicU64],
    tail: &'a [AtomicU8],
}

impl<'a> SharedBytes<'a> {
    /// The `len` bytes from `start` on.
    ///
    /// # Safety
    /// `start` is aligned to 8, the bytes are mapped and writable for `'a`, and other code that touches them
    /// meanwhile does so through a view of the same start and length, or with atomics of the same sizes.
    pub unsafe fn new(start: NonNull<u8>, len: usize) -> Self {
        let whole = len - len % WORD;
        // SAFETY: the caller promises `len` mapped, aligned, atomically accessed bytes; any bits are a valid
        // word.
        let words = unsafe { slice::from_raw_parts(start.as_ptr().cast(), whole / WORD) };
        // SAFETY: `whole` is at most `len`.
        let end = unsafe { start.add(whole) };
        // SAFETY: as for the words; these are the bytes after them.
        let tail = unsafe { slice::from_raw_parts(end.as_ptr().cast(), len - whole) };
        SharedBytes { words, tail }
    }

    /// How many bytes there are.
    #[allow(clippy::len_without_is_empty, reason = "a block is never empty")]
    pub fn len(&self) -> usize {
        self.words.len() * WORD + self.tail.len()
    }

    /// Copies `from` to the bytes from `at` on. Panics when they do not fit.
    #[inline]
    pub fn write(&self, at: usize, from: &[u8]) {
        match (self.whole_words(at, from.len()), from.as_chunks()) {
            (Some(to), (from, _)) => put_words(to, from),
            (None, _) => self.write_parts(at, from),
        }
    }

    /// The words from byte `at` on, if `len` bytes are whole words that lie there.
    #[inline]
    fn whole_words(&self, at: usize, len: usize) -> Option<&'a [AtomicU64]> {
        let are_whole = (at | len).is_multiple_of(WORD);
        self.words.get(at / WORD..)?.get(..len / WORD).filter(|_| are_whole)
    }

    /// [`write`](SharedBytes::write), of any bytes.
    #[inline(never)]
    fn write_parts(&self, at: usize, from: &[u8]) {
        let (in_words, in_tail) = self.split(at, from.len());
        let (from_words, from_tail) = from.split_at(in_words.len());
        self.write_words(in_words.start, from_words);
        for (to, from) in self.tail[in_tail].iter().zip(from_tail) {
            to.store(*from, Relaxed);
        }
    }

    /// Copies the bytes from `at` on to `into`. Panics when there are not so many.
    pub fn read(&self, at: usize, into: &mut [u8]) {
        let (in_words, in_tail) = self.split(at, into.len());
        let (into_words, into_tail) = into.split_at_mut(in_words.len());
        self.read_words(in_words.start, into_words);
        for (from, into) in self.tail[in_tail].iter().zip(into_tail) {
            *into = from.load(Relaxed);
        }
    }

    /// Sets every byte.
    pub fn fill(&self, byte: u8) {
        let word = u64::from_ne_bytes([byte; WORD]);
        let put = |to: &AtomicU64| to.store(word, Relaxed);
        let (runs, rest) = self.words.as_chunks::<RUN>();
        // Most blocks are small.
        let (small, rest) = rest.as_chunks::<WORD>();
        runs.iter().for_each(|run| run.iter().for_each(put));
        small.iter().for_each(|run| run.iter().for_each(put));
        rest.iter().for_each(put);
        self.tail.iter().for_each(|to| to.store(byte, Relaxed));
    }

    /// Where the first byte is that differs from `byte`: what was written into poisoned memory.
    #[inline]
    pub fn first_other_than(&self, byte: u8) -> Option<usize> {
        let word = u64::from_ne_bytes([byte; WORD]);
        let found = self.words.iter().enumerate().find_map(|(index, from)| {
            let differing = (from.load(Relaxed) ^ word).to_ne_bytes();
            differing.iter().position(|&bits| bits != 0).map(|offset| index * WORD + offset)
        });
        found.or_else(|| {
            let offset = self.tail.iter().position(|from| from.load(Relaxed) != byte)?;
            Some(self.words.len() * WORD + offset)
        })
    }

    /// The part of `len` bytes from `at` that lies in the words, as offsets of bytes, and the part that lies
    /// in the tail, as offsets into the tail.
    #[inline]
    fn split(&self, at: usize, len: usize) -> (Range<usize>, Range<usize>) {
        let end = at.checked_add(len).filter(|&end| end <= self.len());
        let end = end.unwrap_or_else(|| panic!("{len} bytes at {at} are not within {} bytes", self.len()));
        let whole = self.words.len() * WORD;
        (at.min(whole)..end.min(whole), at.max(whole) - whole..end.max(whole) - whole)
    }

    fn write_words(&self, at: usize, from: &[u8]) {
        let (start, from) = from.split_at(to_boundary(at, from.len()));
        let (whole, end) = from.as_chunks::<WORD>();
        let first = (at + start.len()) / WORD;
        self.merge(at, start);
        put_words(&self.words[first..][..whole.len()], whole);
        self.merge((first + whole.len()) * WORD, end);
    }

    /// Changes some bytes of the word that holds byte `at`, and no others.
    #[inline]
    fn merge(&self, at: usize, from: &[u8]) {
        if from.is_empty() {
            return;
        }
        let offset = at % WORD;
        let merged = |word: u64| {
            let mut bytes = word.to_ne_bytes();
            bytes[offset..offset + from.len()].copy_from_slice(from);
            Some(u64::from_ne_bytes(bytes))
        };
        // The closure never refuses, so the update always happens.
        let _ = self.words[at / WORD].fetch_update(Relaxed, Relaxed, merged);
    }

    fn read_words(&self, at: usize, into: &mut [u8]) {
        let (start, into) = into.split_at_mut(to_boundary(at, into.len()));
        let first = (at + start.len()) / WORD;
        self.pick(at, start);
        let (whole, end) = into.as_chunks_mut::<WORD>();
        let after = (first + whole.len()) * WORD;
        let get = |from: &AtomicU64, into: &mut [u8; WORD]| *into = from.load(Relaxed).to_ne_bytes();
        let (from_runs, from_rest) = self.words[first..][..whole.len()].as_chunks::<RUN>();
        let (into_runs, into_rest) = whole.as_chunks_mut::<RUN>();
        for (from, into) in from_runs.iter().zip(into_runs) {
            (0..RUN).for_each(|at| get(&from[at], &mut into[at]));
        }
        from_rest.iter().zip(into_rest).for_each(|(from, into)| get(from, into));
        self.pick(after, end);
    }

    /// Reads some bytes of the word that holds byte `at`.
    #[inline]
    fn pick(&self, at: usize, into: &mut [u8]) {
        if into.is_empty() {
            return;
        }
        let bytes = self.words[at / WORD].load(Relaxed).to_ne_bytes();
        into.copy_from_slice(&bytes[at % WORD..][..into.len()]);
    }
}

/// Copies words to as many others.
fn put_words(to: &[AtomicU64], from: &[[u8; WORD]]) {
    let put = |to: &AtomicU64, from: &[u8; WORD]| to.store(u64::from_ne_bytes(*from), Relaxed);
    let (to_runs, to_rest) = to.as_chunks::<RUN>();
    let (from_runs, from_rest) = from.as_chunks::<RUN>();
    for (to, from) in to_runs.iter().zip(from_runs) {
        (0..RUN).for_each(|at| put(&to[at], &from[at]));
    }
    to_rest.iter().zip(from_rest).for_each(|(to, from)| put(to, from));
}

/// How many of `len` bytes from `at` come before the next word begins; none when one begins at `at`.
fn to_boundary(at: usize, len: usize) -> usize {
    (at.next_multiple_of(WORD) - at).min(len)
}

#[cfg(test)]
mod tests;
