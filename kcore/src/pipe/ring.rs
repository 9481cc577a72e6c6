//! The arithmetic of a circular buffer of which one byte is never used: a full one would look like an empty
//! one.
#![forbid(unsafe_code)]

/// Where the next byte is read and written, in a buffer of some size, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// Bytes that the buffer is believed to have; at least 2.
    pub size: usize,
    /// Where the next byte is read; less than `size`.
    pub rp: usize,
    /// Where the next byte is written; less than `size`. The same as `rp` where there is nothing.
    pub wp: usize,
}

impl Ring {
    /// Whether there is nothing to read.
    pub fn is_empty(self) -> bool {
        self.rp == self.wp
    }

    /// Bytes that can be written (LDD3's `spacefree`).
    ///
    /// In the book's edition a waiter may look at the positions of a larger buffer than it knows of (R18).
    /// What this says then means nothing, and like the book's own arithmetic it goes round instead of past
    /// zero.
    pub fn space(self) -> usize {
        match self.is_empty() {
            true => self.size - 1,
            false => (self.rp.wrapping_add(self.size).wrapping_sub(self.wp) % self.size).saturating_sub(1),
        }
    }

    /// Bytes that one read takes: up to what was written last, or to the end of the buffer. Asked of an empty
    /// ring, which no caller should do, it says: up to the end of the buffer.
    pub fn readable_at_once(self) -> usize {
        match self.wp > self.rp {
            true => self.wp - self.rp,
            false => self.size - self.rp,
        }
    }

    /// Bytes that one write puts: up to the end of the buffer, or up to one byte before what is read next.
    pub fn writable_at_once(self) -> usize {
        let to_border = match self.wp >= self.rp {
            true => self.size - self.wp,
            false => self.rp - self.wp - 1,
        };
        self.space().min(to_border)
    }

    /// Where `count` bytes after `at` is. No caller goes further than to the end at once.
    pub fn after(self, at: usize, count: usize) -> usize {
        match at + count {
            end if end == self.size => 0,
            end => end,
        }
    }
}
