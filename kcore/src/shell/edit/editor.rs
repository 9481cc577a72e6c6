//! What each key does, and what the terminal is told.
//!
//! The line is kept in one row: of a line that is longer than the terminal is wide, the part around the
//! cursor is shown.

use alloc::format;
use alloc::string::String;

use super::buffer::{Buffer, LONGEST};
use super::history::History;
use super::key::{Decoder, Key};
use crate::shell::complete::{Completion, Names, complete};

/// What has come of a byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Nothing yet: the line goes on.
    Pending,
    /// A line is entered.
    Line(String),
    /// A line is entered of which not everything fitted: it is not to be obeyed.
    TooLong,
    /// Ctrl-C: the line is given up.
    GivenUp,
    /// Ctrl-D in an empty line: no more will be typed.
    End,
}

/// A line editor for a terminal of so many columns.
#[derive(Clone, Debug)]
pub struct Editor {
    prompt: String,
    columns: usize,
    buffer: Buffer,
    history: History,
    decoder: Decoder,
    /// The last key was Tab, and the word may become several.
    asked: bool,
}

/// A terminal of unknown width is as wide as the line.
pub const UNKNOWN_WIDTH: usize = usize::MAX;

/// What the terminal is told for a character that does not fit: its bell.
const BELL: char = '\x07';
/// Most characters of a line.
pub const LONGEST_LINE: usize = LONGEST;

/// What takes the row away: back to its first column, and erase from there to its end (ECMA-48, EL).
pub const ERASE_ROW: &str = "\r\x1b[K";
/// Erases the screen and goes to its first row.
const CLEAR: &str = "\x1b[H\x1b[2J";
/// A list of candidates in a terminal of unknown width is made for one of this.
const USUAL_WIDTH: usize = 80;

impl Editor {
    /// An editor with an empty line; `columns` may be [`UNKNOWN_WIDTH`].
    pub fn new(columns: usize) -> Self {
        Editor {
            prompt: String::new(),
            columns,
            buffer: Buffer::default(),
            history: History::default(),
            decoder: Decoder::default(),
            asked: false,
        }
    }

    /// The terminal has so many columns from now on; if these are others than before, the row is drawn anew.
    pub fn set_columns(&mut self, columns: usize, out: &mut String) {
        if core::mem::replace(&mut self.columns, columns) != columns {
            self.redraw(out);
        }
    }

    /// The lines before, to look at.
    pub fn lines_before(&self) -> &History {
        &self.history
    }

    /// The lines before, and what is done with them.
    pub fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// Begins a line; what the terminal is told.
    pub fn begin(&mut self, prompt: &str) -> String {
        self.prompt.clear();
        self.prompt.push_str(prompt);
        self.buffer.set("");
        self.history.leave();
        self.prompt.clone()
    }

    /// Takes a byte. What the terminal is told is added to `out`.
    pub fn push(&mut self, byte: u8, names: &dyn Names, out: &mut String) -> Event {
        match self.decoder.push(byte) {
            Some(key) => self.key(key, names, out),
            None => Event::Pending,
        }
    }

    /// Nothing is typed any more: what stands there is the last line.
    pub fn end(&mut self, out: &mut String) -> Event {
        if self.buffer.is_empty() { Event::End } else { self.enter(out) }
    }

    fn key(&mut self, key: Key, names: &dyn Names, out: &mut String) -> Event {
        let asked = core::mem::take(&mut self.asked);
        match key {
            Key::Enter => return self.enter(out),
            Key::Control('c') => {
                self.finish("^C\n", out);
                return Event::GivenUp;
            }
            Key::Control('d') if self.buffer.is_empty() => return Event::End,
            Key::Tab => self.complete(names, asked, out),
            Key::Char(c) => self.insert(c, out),
            Key::Control('l') => {
                out.push_str(CLEAR);
                self.redraw(out);
            }
            other => {
                self.edit(other);
                self.redraw(out);
            }
        }
        Event::Pending
    }

    /// Keys that change the line or move the cursor.
    fn edit(&mut self, key: Key) {
        let buffer = &mut self.buffer;
        match key {
            Key::Left | Key::Control('b') => buffer.go(buffer.cursor().saturating_sub(1)),
            Key::Right | Key::Control('f') => buffer.go(buffer.cursor() + 1),
            Key::Home | Key::Control('a') => buffer.go(0),
            Key::End | Key::Control('e') => buffer.go_to_end(),
            Key::WordLeft | Key::Alt('b') => buffer.go(buffer.word_left(is_between_names)),
            Key::WordRight | Key::Alt('f') => buffer.go(buffer.word_right(is_between_names)),
            Key::Backspace => buffer.backspace(),
            Key::Delete | Key::Control('d') => buffer.delete(),
            Key::Control('k') => buffer.take_to(usize::MAX),
            Key::Control('u') => buffer.take_to(0),
            Key::Control('w') => buffer.take_to(buffer.word_left(char::is_whitespace)),
            Key::Alt('d') => buffer.take_to(buffer.word_right(is_between_names)),
            Key::Control('y') => buffer.put_back(),
            Key::Control('t') => buffer.transpose(),
            Key::Up | Key::Control('p') => {
                if let Some(line) = self.history.older(&buffer.text()) {
                    buffer.set(&line);
                }
            }
            Key::Down | Key::Control('n') => {
                if let Some(line) = self.history.newer() {
                    buffer.set(&line);
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, out: &mut String) -> Event {
        self.finish("\n", out);
        let (line, is_cut) = (self.buffer.text(), self.buffer.is_cut());
        self.buffer.set("");
        if is_cut {
            self.history.leave();
            return Event::TooLong;
        }
        self.history.add(&line);
        Event::Line(line)
    }

    /// Leaves the line as it is, and goes to the next row.
    fn finish(&mut self, end: &str, out: &mut String) {
        if !self.buffer.at_end() {
            self.buffer.go_to_end();
            self.redraw(out);
        }
        out.push_str(end);
    }

    fn insert(&mut self, c: char, out: &mut String) {
        // With the character, the cursor behind it, and the column that stays free.
        let room = self.prompt.chars().count() + self.buffer.chars().len() + 3;
        let at_end = self.buffer.at_end();
        if self.buffer.insert(c) {
            // The usual case costs one character.
            if at_end && room <= self.columns { out.push(c) } else { self.redraw(out) }
        } else {
            out.push(BELL);
        }
    }

    /// Makes the word longer, or, when asked again, shows what it may become.
    fn complete(&mut self, names: &dyn Names, asked: bool, out: &mut String) {
        let Completion { insert, candidates } = complete(&self.buffer.before(), names);
        insert.chars().for_each(|c| self.insert(c, out));
        if insert.is_empty() && asked && !candidates.is_empty() {
            let width = if self.columns == UNKNOWN_WIDTH { USUAL_WIDTH } else { self.columns };
            self.finish_for_now(out);
            out.push_str(&in_columns(&candidates, width));
            self.redraw(out);
        } else {
            self.asked = insert.is_empty() || candidates.len() > 1;
        }
    }

    /// To the next row, with the cursor where it is in the line.
    fn finish_for_now(&mut self, out: &mut String) {
        let cursor = self.buffer.cursor();
        self.finish("\n", out);
        self.buffer.go(cursor);
    }

    /// The row anew.
    fn redraw(&self, out: &mut String) {
        out.push_str(&self.drawn());
    }

    /// What draws the row anew: for when another task has written to the terminal. The cursor is in the first
    /// column then, or somewhere in this row. What is drawn last is the line itself, so that a program that
    /// reads along finds it in one piece.
    pub fn drawn(&self) -> String {
        let chars = self.buffer.chars();
        let cursor = self.buffer.cursor();
        // The last column stays free, lest the terminal goes to the next row.
        let room = self.columns.saturating_sub(self.prompt.chars().count() + 1).max(8);
        let begin = (cursor + 1).saturating_sub(room);
        let end = chars.len().min(begin.saturating_add(room));
        let shown: String = chars[begin..end].iter().collect();
        let mut row = format!("{ERASE_ROW}{}{shown}", self.prompt);
        if end > cursor {
            row.push_str(&format!("\x1b[{}D", end - cursor));
        }
        row
    }
}

/// What parts the names in a path.
fn is_between_names(c: char) -> bool {
    !c.is_alphanumeric() && c != '_'
}

/// `words` in as many columns as fit, line by line.
pub fn in_columns(words: &[String], width: usize) -> String {
    let widest = words.iter().map(|word| word.chars().count()).max().unwrap_or(0) + 2;
    let columns = (width / widest).max(1);
    let rows = words.len().div_ceil(columns);
    let mut text = String::new();
    for row in 0..rows {
        let mut line = String::new();
        for word in words.iter().skip(row).step_by(rows.max(1)) {
            line.push_str(&format!("{word:widest$}"));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
