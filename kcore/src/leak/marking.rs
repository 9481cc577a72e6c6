//! The search for what can be reached.

use core::ops::Range;

use super::block::{Held, WORD};
use super::blocks::{Blocks, NONE};

/// What is searched. It does not change meanwhile.
pub trait Memory {
    /// Aligned words that can be read: the implementor makes sure of that. A range of addresses.
    type Words: Into<Range<usize>>;

    /// The word at `address`, a multiple of its size in a root or in a block.
    fn word(&self, address: usize) -> usize;
}

/// A search under way. Roots are searched when they are named; blocks by [`finish`](Marking::finish).
#[derive(Debug)]
pub struct Marking<'s, 'a, M> {
    blocks: &'s mut Blocks<'a>,
    memory: &'s M,
    /// The first of the blocks that were found and are still to be searched, linked by
    /// [`Entry::next`](super::Entry).
    grey: u32,
    words: u64,
}

impl<'s, 'a, M: Memory> Marking<'s, 'a, M> {
    /// Begins: nothing is found but what was found before in these blocks.
    pub fn new(blocks: &'s mut Blocks<'a>, memory: &'s M) -> Self {
        Marking { blocks, memory, grey: NONE, words: 0 }
    }

    /// Reads the aligned words of `words`, and takes note of the blocks that they lead to.
    pub fn root(&mut self, words: M::Words, held: Held) {
        let range = words.into();
        self.search(range.start.next_multiple_of(WORD)..range.end & !(WORD - 1), held);
    }

    /// Takes note of the block at `place`, whatever leads to it.
    pub fn found(&mut self, place: usize, held: Held) {
        self.found_by(place, held, 0);
    }

    #[inline]
    fn found_by(&mut self, place: usize, held: Held, by: usize) {
        if self.blocks.hold(place, held, by, self.grey) {
            self.grey = place as u32;
        }
    }

    /// Searches all blocks that were found, and those found by that, until there are none left.
    pub fn finish(&mut self) {
        while self.grey != NONE {
            let entry = self.blocks.entries()[self.grey as usize];
            self.grey = entry.next;
            self.search(Blocks::words_of(&entry.block), entry.held);
        }
    }

    fn search(&mut self, words: Range<usize>, held: Held) {
        self.words += (words.end.saturating_sub(words.start) / WORD) as u64;
        let mut from = words.start;
        while let Some((at, word)) = self.blocks.next_hit(self.memory, from..words.end) {
            if let Some(place) = self.blocks.find(word) {
                self.found_by(place, held, at);
            }
            from = at + WORD;
        }
    }

    /// The blocks, as far as the search has come.
    pub fn blocks(&self) -> &Blocks<'a> {
        self.blocks
    }

    /// How many words were read.
    pub fn words(&self) -> u64 {
        self.words
    }
}
