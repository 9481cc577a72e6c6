//! Text in a place of fixed size.

use core::fmt::{self, Write};

/// Text in the making that takes as much as fits: the rest is cut, in the middle of a word if need be, and
/// three dots say so.
#[derive(Clone, Debug, Default)]
pub struct Cut<const N: usize> {
    text: heapless::String<N>,
    is_cut: bool,
}

/// What stands where the rest is missing.
const MARK: &str = "...";

impl<const N: usize> Cut<N> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Cut { text: heapless::String::new(), is_cut: false }
    }

    /// What is there.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Nothing again.
    pub fn clear(&mut self) {
        self.text.clear();
        self.is_cut = false;
    }

    /// Ends it with a line end. A text that is full is cut for that.
    pub fn end_line(&mut self) {
        if self.text.push('\n').is_err() {
            self.cut();
            let _ = self.text.push('\n');
        }
    }

    /// Makes room for the mark and a line end, and sets the mark.
    fn cut(&mut self) {
        while self.text.len() + MARK.len() >= N && self.text.pop().is_some() {}
        let _ = self.text.push_str(MARK);
        self.is_cut = true;
    }
}

impl<const N: usize> Write for Cut<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.is_cut {
                return Err(fmt::Error);
            }
            if self.text.push(c).is_err() {
                self.cut();
            }
        }
        if self.is_cut { Err(fmt::Error) } else { Ok(()) }
    }
}
