//! All live blocks, by address.
//!
//! ```text
//! starts   one bit for each 16 bytes of the heap: a block starts here      ..0100 0000 | 0010 0001 ..
//! before   for each 64 bits: how many blocks start before them             ..   7      |    9      ..
//! pending  for each 64 bits: how many blocks there are not found yet       ..   2      |    0      ..
//! entries  the blocks in the order of their addresses
//! ```
//!
//! The block that an address lies in is the last one that starts at or before it: `before`, and the bits up
//! to there, counted. So each lookup takes the same few instructions however many blocks there are, and the
//! blocks come into order without being sorted: the number of starts before a block's own is its place.
//!
//! Most words of a heap that is full of addresses lead to what was found long ago. One comparison says so:
//! nothing is pending where such a word points to, nor anywhere outside of the heap.

use core::ops::Range;

use super::block::{Block, Held, Policy, WORD};
use super::marking::Memory;
use crate::machine::Kind;

/// Bytes to which every block is aligned.
pub const GRANULE: usize = 16;
/// Bytes of the heap that 64 bits of `starts` stand for.
const GROUP: usize = GRANULE * 64;

/// How many groups a heap of `bytes` has: the length of the three tables of [`Blocks::new`].
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
        block: Block { start: 0, size: 0, kind: Kind::Other, serial: 0, ignored: false, kept: false },
        held: Held::Nowhere,
        by: 0,
        next: NONE,
    };
}

/// There are more blocks than entries, or one lies outside of the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// What knows the blocks: calls its argument with each of them.
pub type Source<'s> = dyn Fn(&mut dyn FnMut(Block)) + 's;

/// All live blocks of one moment.
#[derive(Debug)]
pub struct Blocks<'a> {
    starts: &'a mut [u64],
    before: &'a mut [u32],
    /// INVARIANT: of each group, how many entries that overlap it are held by nothing.
    pending: &'a mut [u8],
    entries: &'a mut [Entry],
    /// Where the heap begins; a multiple of [`GRANULE`].
    bottom: usize,
    /// From there to the end of the last block.
    span: usize,
    /// INVARIANT: so many entries are used, in the order of their addresses.
    count: usize,
}

impl<'a> Blocks<'a> {
    /// No blocks yet. The first three tables have [`groups_for`] the heap; `entries` one for each block there
    /// can be.
    pub fn new(
        starts: &'a mut [u64],
        before: &'a mut [u32],
        pending: &'a mut [u8],
        entries: &'a mut [Entry],
    ) -> Self {
        Blocks { starts, before, pending, entries, bottom: 0, span: 0, count: 0 }
    }

    /// Takes in the blocks that `each` calls its argument with, in any order and the same ones each time, for
    /// a heap that begins at `bottom`. Nothing holds any of them yet.
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
        if !fits || groups > self.starts.len().min(self.before.len()).min(self.pending.len()) {
            return Err(TooMany);
        }
        self.starts[..groups].fill(0);
        self.pending.fill(0);
        each(&mut |block| self.starts[(block.start - self.bottom) / GROUP] |= self.bit(block.start));
        let count = self.count_starts(groups);
        if count > self.entries.len() {
            return Err(TooMany);
        }
        self.span = span;
        each(&mut |block| {
            let place = self.starts_up_to(block.start - self.bottom) - 1;
            self.entries[place] = Entry { block, ..Entry::EMPTY };
            let groups = self.groups_of(&block);
            self.pending[groups].iter_mut().for_each(|pending| *pending += 1);
        });
        self.count = count;
        Ok(())
    }

    /// The groups that a block overlaps: at most 64 that start in one, and one that started before.
    fn groups_of(&self, block: &Block) -> Range<usize> {
        let offset = block.start - self.bottom;
        offset / GROUP..(offset + block.size.max(1)).div_ceil(GROUP)
    }

    /// The first of the words at `addresses` that may lead to a block which nothing holds yet, and where it
    /// is. Those before it lead to none. This is what a search spends its time with.
    #[inline]
    pub(super) fn next_hit<M: Memory>(&self, memory: &M, addresses: Range<usize>) -> Option<(usize, usize)> {
        let (bottom, pending) = (self.bottom, &*self.pending);
        let mut at = addresses.start;
        while at < addresses.end {
            let word = memory.word(at);
            // A word that is no address of the heap is far beyond the end of the table.
            if pending.get(word.wrapping_sub(bottom) / GROUP).is_some_and(|&pending| pending != 0) {
                return Some((at, word));
            }
            at += WORD;
        }
        None
    }

    /// The word at `by`, or nothing if that is 0, leads to the block at `place`. False if something did
    /// before.
    pub(super) fn hold(&mut self, place: usize, held: Held, by: usize, next: u32) -> bool {
        let entry = &mut self.entries[..self.count][place];
        if entry.held != Held::Nowhere {
            return false;
        }
        (entry.held, entry.by, entry.next) = (held, by, next);
        let block = entry.block;
        let groups = self.groups_of(&block);
        self.pending[groups].iter_mut().for_each(|pending| *pending -= 1);
        true
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

    /// The blocks that nothing holds.
    pub fn unreferenced(&self) -> impl Iterator<Item = &Block> {
        self.entries().iter().filter(|entry| entry.held == Held::Nowhere).map(|entry| &entry.block)
    }

    /// The words of a block that are read.
    pub(super) fn words_of(block: &Block) -> Range<usize> {
        let words = if block.ignored { 0 } else { Policy::of(block.kind).words(block.size) };
        block.start..block.start + words * WORD
    }
}
