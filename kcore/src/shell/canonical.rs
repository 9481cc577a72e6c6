//! A line for a program that reads its terminal: typed, echoed, corrected, and only then handed over (POSIX,
//! XBD 11.1.6, "Canonical Mode Input Processing").

use alloc::string::String;
use alloc::vec::Vec;

/// Most bytes of a line that can be corrected. What is longer is handed over in pieces, so that none of it is
/// lost.
const LONGEST: usize = 4095;

const END_OF_FILE: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const ERASE_LINE: u8 = 0x15;
const ERASE_WORD: u8 = 0x17;
const DELETE: u8 = 0x7f;

/// A line in the making.
#[derive(Clone, Debug, Default)]
pub struct Canonical {
    line: Vec<u8>,
}

impl Canonical {
    /// Takes a byte, adds to `echo` what the terminal is to show, and returns what the program gets, if that
    /// is complete: a line with its end, a piece of a long one, or what stands before a Ctrl-D. Nothing
    /// before a Ctrl-D is the end of the file.
    pub fn push(&mut self, byte: u8, echo: &mut String) -> Option<Vec<u8>> {
        match byte {
            b'\n' | b'\r' => {
                echo.push('\n');
                self.line.push(b'\n');
                return Some(core::mem::take(&mut self.line));
            }
            END_OF_FILE => return Some(core::mem::take(&mut self.line)),
            BACKSPACE | DELETE => self.erase(echo),
            ERASE_LINE => {
                while !self.line.is_empty() {
                    self.erase(echo);
                }
            }
            ERASE_WORD => self.erase_word(echo),
            b'\t' | 0x20..=0x7e | 0x80.. => {
                self.line.push(byte);
                if byte.is_ascii() {
                    echo.push(byte.into());
                } else if let Some(c) = self.last_char() {
                    echo.push(c);
                }
                if self.line.len() == LONGEST {
                    return Some(core::mem::take(&mut self.line));
                }
            }
            _ => {}
        }
        None
    }

    /// Nothing is typed any more: what stands there is what the program gets.
    pub fn end(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.line)
    }

    /// Forgets what was typed.
    pub fn clear(&mut self) {
        self.line.clear();
    }

    /// The character of several bytes that is complete now.
    fn last_char(&self) -> Option<char> {
        let from = self.line.iter().rposition(|byte| byte & 0xc0 != 0x80)?;
        core::str::from_utf8(&self.line[from..]).ok()?.chars().next()
    }

    /// Takes away the last character, with all its bytes.
    fn erase(&mut self, echo: &mut String) {
        while let Some(byte) = self.line.pop() {
            if byte & 0xc0 != 0x80 {
                echo.push_str("\x08 \x08");
                return;
            }
        }
    }

    fn erase_word(&mut self, echo: &mut String) {
        while self.line.last() == Some(&b' ') {
            self.erase(echo);
        }
        while self.line.last().is_some_and(|byte| *byte != b' ') {
            self.erase(echo);
        }
    }
}
