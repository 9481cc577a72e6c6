//! The line and its cursor.

use alloc::string::String;
use alloc::vec::Vec;

/// Most characters of a line; more are refused.
pub const LONGEST: usize = 4096;

/// A line being edited.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    chars: Vec<char>,
    /// Before which character the cursor stands; at most the length.
    cursor: usize,
    /// What was taken away last, for Ctrl-Y.
    taken: Vec<char>,
    /// Characters did not fit since the line was empty: it is not what was wanted.
    is_cut: bool,
}

impl Buffer {
    /// The line.
    pub fn text(&self) -> String {
        self.chars.iter().collect()
    }

    /// The part before the cursor.
    pub fn before(&self) -> String {
        self.chars[..self.cursor].iter().collect()
    }

    /// Its characters.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Before which character the cursor stands.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.chars.is_empty()
    }

    /// Whether the cursor is at the end.
    pub fn at_end(&self) -> bool {
        self.cursor == self.chars.len()
    }

    /// Whether characters were refused, and what is left of the line is a part of what was meant.
    pub fn is_cut(&self) -> bool {
        self.is_cut && !self.is_empty()
    }

    /// Another line, with the cursor at its end.
    pub fn set(&mut self, text: &str) {
        self.is_cut = false;
        self.chars = text.chars().take(LONGEST).collect();
        self.cursor = self.chars.len();
    }

    /// Puts a character before the cursor. Returns whether there was room.
    pub fn insert(&mut self, c: char) -> bool {
        let fits = self.chars.len() < LONGEST;
        self.is_cut = !fits || self.is_cut();
        if fits {
            self.chars.insert(self.cursor, c);
            self.cursor += 1;
        }
        fits
    }

    /// Moves the cursor to `place`, or as near as that goes.
    pub fn go(&mut self, place: usize) {
        self.cursor = place.min(self.chars.len());
    }

    /// To the end.
    pub fn go_to_end(&mut self) {
        self.cursor = self.chars.len();
    }

    /// Takes away the character before the cursor.
    pub fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.chars.remove(self.cursor);
        }
    }

    /// Takes away the character at the cursor.
    pub fn delete(&mut self) {
        if !self.at_end() {
            self.chars.remove(self.cursor);
        }
    }

    /// Takes away what is between the cursor and `place`, and keeps it.
    pub fn take_to(&mut self, place: usize) {
        let (from, to) = (place.min(self.cursor), place.max(self.cursor).min(self.chars.len()));
        self.taken = self.chars.drain(from..to).collect();
        self.cursor = from;
    }

    /// Puts back what was taken away last.
    pub fn put_back(&mut self) {
        for c in core::mem::take(&mut self.taken) {
            self.taken.push(c);
            self.insert(c);
        }
    }

    /// Exchanges the two characters around the cursor.
    pub fn transpose(&mut self) {
        if self.cursor == 0 || self.chars.len() < 2 {
            return;
        }
        let right = self.cursor.min(self.chars.len() - 1);
        self.chars.swap(right - 1, right);
        self.cursor = right + 1;
    }

    /// Where the word before the cursor begins; `is_gap` parts words.
    pub fn word_left(&self, is_gap: fn(char) -> bool) -> usize {
        let mut place = self.cursor;
        while place > 0 && is_gap(self.chars[place - 1]) {
            place -= 1;
        }
        while place > 0 && !is_gap(self.chars[place - 1]) {
            place -= 1;
        }
        place
    }

    /// Where the word after the cursor ends.
    pub fn word_right(&self, is_gap: fn(char) -> bool) -> usize {
        let mut place = self.cursor;
        while place < self.chars.len() && is_gap(self.chars[place]) {
            place += 1;
        }
        while place < self.chars.len() && !is_gap(self.chars[place]) {
            place += 1;
        }
        place
    }
}
