//! A block of the heap, as the search sees it.

use core::fmt;

use crate::machine::Kind;

/// Bytes of a word that may be an address.
pub(super) const WORD: usize = size_of::<usize>();

/// A live block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it starts; a multiple of [`GRANULE`](super::GRANULE).
    pub start: usize,
    /// Its size in bytes.
    pub size: usize,
    /// What it is used for, which says how it is searched.
    pub kind: Kind,
    /// Its number in the ledger.
    pub serial: u64,
    /// What is in it does not count (Linux: `kmemleak_no_scan`).
    pub ignored: bool,
    /// It is no leak, whatever leads to it (Linux: `kmemleak_ignore`).
    pub kept: bool,
}

/// Which words of a block can be addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Its type is known: these first words are links, nothing else is.
    Links(usize),
    /// Its type is known: bytes of a user, no links.
    Bytes,
    /// Nothing is known of it: every aligned word may be an address.
    Everything,
}

impl Policy {
    /// How blocks of `kind` are searched.
    pub const fn of(kind: Kind) -> Policy {
        match kind {
            Kind::Node => Policy::Links(2),
            Kind::Array => Policy::Links(usize::MAX),
            Kind::Quantum => Policy::Bytes,
            Kind::Other => Policy::Everything,
        }
    }

    /// How many words at the start of a block of `size` bytes are read.
    pub const fn words(self, size: usize) -> usize {
        let all = size / WORD;
        match self {
            Policy::Links(links) if links < all => links,
            Policy::Links(_) | Policy::Everything => all,
            Policy::Bytes => 0,
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Policy::Links(_) => "by its links",
            Policy::Bytes => "not at all: a user's bytes",
            Policy::Everything => "conservatively: every aligned word",
        })
    }
}

/// What leads to a block, as far as the search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Held {
    /// Nothing: a leak, when the search is over.
    #[default]
    Nowhere,
    /// A variable of the kernel, or a block that one leads to.
    Data,
    /// A stack or a register, and no variable.
    Stack,
    /// It was said to be none (Linux: a grey object), or a block of which that was said leads to it.
    Told,
}
