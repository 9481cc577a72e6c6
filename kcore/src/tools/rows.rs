//! Rows of bytes, of which those that are equal to the one before are shown once.

use alloc::string::String;

use super::{Failure, System};

/// Bytes of a row.
pub(super) const ROW: usize = 16;

/// What was shown so far, and the row in the making.
pub(super) struct Rows<F> {
    /// Where the row begins.
    pub(super) offset: u64,
    /// Bytes that are still to be shown.
    pub(super) left: u64,
    /// Also rows that are equal.
    pub(super) shows_all: bool,
    show: F,
    row: [u8; ROW],
    filled: usize,
    before: Option<[u8; ROW]>,
    is_repeated: bool,
}

impl<F: Fn(u64, &[u8]) -> String> Rows<F> {
    /// None yet. `show` makes the line of one, without its end.
    pub(super) fn new(show: F) -> Self {
        Rows {
            offset: 0,
            left: u64::MAX,
            shows_all: false,
            show,
            row: [0; ROW],
            filled: 0,
            before: None,
            is_repeated: false,
        }
    }

    /// Shows a file, up to the bytes that fill no row. None is taken that is not shown.
    pub(super) fn file(&mut self, me: &impl System, from: usize) -> Result<(), Failure> {
        loop {
            let wanted = self.left.min((ROW - self.filled) as u64) as usize;
            let into = &mut self.row[self.filled..self.filled + wanted];
            let count = if wanted == 0 { 0 } else { me.read(from, into)? };
            if count == 0 {
                return Ok(());
            }
            self.filled += count;
            self.left -= count as u64;
            if self.filled == ROW {
                self.end(me)?;
            }
        }
    }

    /// Shows the row as it is.
    pub(super) fn end(&mut self, me: &impl System) -> Result<(), Failure> {
        let filled = core::mem::take(&mut self.filled);
        if filled == 0 {
            return Ok(());
        }
        let offset = self.offset;
        self.offset += filled as u64;
        let is_same = filled == ROW && self.before == Some(self.row) && !self.shows_all;
        let was_repeated = core::mem::replace(&mut self.is_repeated, is_same);
        self.before = (filled == ROW).then_some(self.row);
        match (is_same, was_repeated) {
            (false, _) => me.output(((self.show)(offset, &self.row[..filled]) + "\n").as_bytes()),
            (true, false) => me.output(b"*\n"),
            (true, true) => Ok(()),
        }
    }
}
