//! Which bytes of a block were ever written: a bit for each.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes that a word of the map is about.
const GROUP: usize = 64;

/// Words of the map of a block of `size` bytes.
pub const fn words_for(size: usize) -> usize {
    size.div_ceil(GROUP)
}

/// The map of a block. Several tasks may change it at once.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    words: &'a [AtomicU64],
}

impl<'a> Written<'a> {
    /// The map in `words`: all zeros when no byte was written.
    pub fn new(words: &'a [AtomicU64]) -> Self {
        Written { words }
    }

    /// From now on these count as written, or as never written.
    pub fn set(&self, bytes: Range<usize>, was_written: bool) {
        for (place, mask) in masks(bytes) {
            let Some(word) = self.words.get(place) else { return };
            match (was_written, mask) {
                (true, u64::MAX) => word.store(mask, Relaxed),
                (false, u64::MAX) => word.store(0, Relaxed),
                (true, _) => _ = word.fetch_or(mask, Relaxed),
                (false, _) => _ = word.fetch_and(!mask, Relaxed),
            }
        }
    }

    /// Those of `bytes` that were never written, in order.
    pub fn gaps(self, bytes: Range<usize>) -> impl Iterator<Item = usize> + use<'a> {
        masks(bytes).flat_map(move |(place, mask)| {
            let mut missing = mask & !self.words.get(place).map_or(u64::MAX, |word| word.load(Relaxed));
            core::iter::from_fn(move || {
                let bit = (missing != 0).then(|| missing.trailing_zeros() as usize)?;
                missing &= missing - 1;
                Some(place * GROUP + bit)
            })
        })
    }
}

/// The words of a map that `bytes` have bits in, and which bits.
fn masks(bytes: Range<usize>) -> impl Iterator<Item = (usize, u64)> {
    let places = bytes.start / GROUP..bytes.end.max(bytes.start).div_ceil(GROUP);
    places.filter_map(move |place| {
        let start = place * GROUP;
        let (from, to) = (bytes.start.max(start) - start, bytes.end.min(start + GROUP) - start);
        (from < to).then(|| (place, u64::MAX << from & u64::MAX >> (GROUP - to)))
    })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn map(size: usize) -> Vec<AtomicU64> {
        (0..words_for(size)).map(|_| AtomicU64::new(0)).collect()
    }

    #[test]
    fn every_range_is_written_and_forgotten_and_no_byte_beside_it() {
        const SIZE: usize = 150;
        for start in 0..=SIZE {
            for end in start..=SIZE {
                let bits = map(SIZE);
                let written = Written::new(&bits);
                written.set(start..end, true);
                let gaps: Vec<usize> = written.gaps(0..SIZE).collect();
                assert_eq!(gaps, (0..start).chain(end..SIZE).collect::<Vec<_>>());
                assert_eq!(written.gaps(start..end).next(), None);
                written.set(0..SIZE, true);
                written.set(start..end, false);
                assert_eq!(written.gaps(0..SIZE).collect::<Vec<_>>(), (start..end).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_lies_behind_the_map_has_no_gaps() {
        let bits = map(8);
        let written = Written::new(&bits);
        written.set(4..100, true);
        assert_eq!(written.gaps(0..1000).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}
