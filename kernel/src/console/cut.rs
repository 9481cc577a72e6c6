//! Text in a place of fixed size.

use core::fmt::{self, Write};

/// Text in the making that takes as much as fits: the rest is cut, in the middle of a word if need be.
#[derive(Clone, Debug, Default)]
pub struct Cut<const N: usize>(heapless::String<N>);

impl<const N: usize> Cut<N> {
    /// Nothing yet.
    pub const fn new() -> Self {
        Cut(heapless::String::new())
    }

    /// What is there.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing again.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Ends it with a line end, for which a text that is full gives up its last character.
    pub fn end_line(&mut self) {
        if self.0.push('\n').is_err() {
            self.0.pop();
            let _ = self.0.push('\n');
        }
    }
}

impl<const N: usize> Write for Cut<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.0.push(c).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}
