//! All live blocks, by address.
//!
//! ```text
//! starts   one bit for each 16 bytes of the heap: a block starts here      ..0100 0000 | 0010 0001 ..
//! before   for each 64 bits: how many blocks start before them             ..   7      |    9      ..
//! entries  the blocks in the order of their addresses
//! ```
//!
//! The block that an address lies in is the last one that starts at or before it: `before`, and the bits up to there,
//! counted. So each lookup takes the same few instructions however many blocks there are, and the blocks come into order
//! without being sorted: the number of starts before a block's own is its place.

use core::ops::Range;

use super::block::{Block, Held, Policy};
use crate::machine::Kind;

/// Bytes to which every block is aligned.
pub const GRANULE: usize = 16;
/// Bytes of the heap that 64 bits of `starts` stand for.
const GROUP: usize = GRANULE * 64;

/// How many groups a heap of `bytes` has: the length of both tables of [`Blocks::new`].
pub const fn groups_for(bytes: usize) -> usize {
    bytes.div_ceil(GROUP)
}

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// A block and what the search knows of it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The block.
    pub block: Block,
    /// What leads to it.
    pub held: Held,
    /// The address of the first word that was found to lead to it; 0 when none was.
    pub by: usize,
    /// The next block that is still to be searched.
    pub(super) next: u32,
}

impl Entry {
    /// What an entry is before it is used.
    pub const EMPTY: Entry = Entry {
        block: Block { start: 0, size: 0, kind: Kind::Other, serial: 0, ignored: false },
        held: Held::Nowhere,
        by: 0,
        next: NONE,
    };
}

/// There are more blocks than entries, or one lies outside of the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// Whoever knows the blocks: calls its argument with each of them.
pub type Source<'s> = dyn Fn(&mut dyn FnMut(Block)) + 's;

/// All live blocks of one moment.
#[derive(Debug)]
pub struct Blocks<'a> {
    starts: &'a mut [u64],
    before: &'a mut [u32],
    entries: &'a mut [Entry],
    /// Where the heap begins; a multiple of [`GRANULE`].
    bottom: usize,
    /// From there to the end of the last block.
    span: usize,
    /// INVARIANT: so many entries are used, in the order of their addresses.
    count: usize,
}

impl<'a> Blocks<'a> {
    /// No blocks yet. Both tables have [`groups_for`] the heap; `entries` one for each block there can be.
    pub fn new(starts: &'a mut [u64], before: &'a mut [u32], entries: &'a mut [Entry]) -> Self {
        Blocks { starts, before, entries, bottom: 0, span: 0, count: 0 }
    }

    /// Takes in the blocks that `each` calls its argument with, in any order and the same ones each time, for a heap that
    /// begins at `bottom`. Nothing holds any of them yet.
    pub fn gather(&mut self, bottom: usize, each: &Source<'_>) -> Result<(), TooMany> {
        self.bottom = bottom & !(GRANULE - 1);
        (self.span, self.count) = (0, 0);
        let mut span = 0;
        let mut fits = true;
        each(&mut |block| match block.start.checked_sub(self.bottom) {
            Some(offset) => span = span.max(offset + block.size.max(1)),
            None => fits = false,
        });
        let groups = groups_for(span);
        if !fits || groups > self.starts.len().min(self.before.len()) {
            return Err(TooMany);
        }
        self.starts[..groups].fill(0);
        each(&mut |block| self.starts[(block.start - self.bottom) / GROUP] |= self.bit(block.start));
        let count = self.count_starts(groups);
        if count > self.entries.len() {
            return Err(TooMany);
        }
        self.span = span;
        each(&mut |block| {
            let place = self.starts_up_to(block.start - self.bottom) - 1;
            self.entries[place] = Entry { block, ..Entry::EMPTY };
        });
        self.count = count;
        Ok(())
    }

    fn bit(&self, start: usize) -> u64 {
        1 << ((start - self.bottom) % GROUP / GRANULE)
    }

    /// Fills `before`; returns how many starts there are.
    fn count_starts(&mut self, groups: usize) -> usize {
        let mut count = 0;
        for (before, starts) in self.before.iter_mut().zip(&self.starts[..groups]) {
            *before = count;
            count += starts.count_ones();
        }
        count as usize
    }

    /// How many blocks start at or before `offset`.
    #[inline]
    fn starts_up_to(&self, offset: usize) -> usize {
        let group = offset / GROUP;
        let up_to = u64::MAX >> (63 - offset % GROUP / GRANULE);
        self.before[group] as usize + (self.starts[group] & up_to).count_ones() as usize
    }

    /// The place of the block that has `address` in it, at its start or inside.
    #[inline(always)]
    pub fn find(&self, address: usize) -> Option<usize> {
        // Most words are no addresses of the heap, and this one comparison says so.
        let offset = address.wrapping_sub(self.bottom);
        if offset >= self.span { None } else { self.find_at(offset) }
    }

    #[inline]
    fn find_at(&self, offset: usize) -> Option<usize> {
        let place = self.starts_up_to(offset).checked_sub(1)?;
        let Block { start, size, .. } = self.entries[place].block;
        (self.bottom + offset - start < size.max(1)).then_some(place)
    }

    /// The blocks, in the order of their addresses.
    pub fn entries(&self) -> &[Entry] {
        &self.entries[..self.count]
    }

    /// What is at `place`.
    #[inline]
    pub(super) fn entry_mut(&mut self, place: usize) -> &mut Entry {
        &mut self.entries[..self.count][place]
    }

    /// The blocks that nothing holds.
    pub fn unreferenced(&self) -> impl Iterator<Item = &Block> {
        self.entries().iter().filter(|entry| entry.held == Held::Nowhere).map(|entry| &entry.block)
    }

    /// The words of a block that are read.
    pub(super) fn words_of(block: &Block) -> Range<usize> {
        let words = if block.ignored { 0 } else { Policy::of(block.kind).words(block.size) };
        block.start..block.start + words * super::block::WORD
    }
}
