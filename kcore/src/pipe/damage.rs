//! What went wrong in a pipe.
#![forbid(unsafe_code)]

/// What a pipe noticed of its own mistakes, in bytes. All 0 in the repaired edition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// Bytes that a read returned and that were not in the pipe: read already, or never written (R16).
    pub stale: u64,
    /// Bytes of reads and writes that lay past the end of the block (R18). Such a write changes nothing here;
    /// in the book's driver it lands in whatever comes next in memory.
    pub beyond: u64,
    /// Bytes that were in the pipe, unread, when an open set it back to its beginning (R18).
    pub forgotten: u64,
}
