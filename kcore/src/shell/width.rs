//! How wide a terminal is. It is asked over the line that it is on, and answers among what is typed (ECMA-48
//! 8.3.14, CPR): so a window that was made larger or smaller is known at the next prompt.
#![forbid(unsafe_code)]

/// Goes as far to the right as there are columns, asks where that is, and comes back.
pub const QUESTION: &str = "\x1b7\x1b[999C\x1b[6n\x1b8";

/// Bytes of the longest answer, `ESC [ 99999 ; 99999 R`.
const LONGEST: usize = 14;
/// A terminal of fewer columns has not understood the question.
const LEAST: usize = 20;

/// Takes the answer out of what is typed.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// It is still to come.
    is_due: bool,
    /// What may be its begin.
    held: [u8; LONGEST],
    length: usize,
}

impl Answer {
    /// None is wanted.
    pub const NONE: Answer = Answer { is_due: false, held: [0; LONGEST], length: 0 };

    /// The terminal is asked now.
    pub fn is_asked(&mut self) {
        self.is_due = true;
    }

    /// Takes a byte; what is no answer goes on to `typed`, as soon as that is known. How many columns the
    /// terminal has, when it has said so.
    pub fn push(&mut self, byte: u8, mut typed: impl FnMut(u8)) -> Option<usize> {
        if self.is_due && self.length < LONGEST {
            self.held[self.length] = byte;
            self.length += 1;
            if begins(&self.held[..self.length]) {
                return None;
            }
            if let Some(columns) = columns(&self.held[..self.length]) {
                *self = Answer::NONE;
                return Some(columns);
            }
            self.length -= 1;
        }
        // It was none: and this byte may begin one.
        let length = core::mem::take(&mut self.length);
        self.held[..length].iter().for_each(|&held| typed(held));
        if length > 0 {
            return self.push(byte, typed);
        }
        typed(byte);
        None
    }
}

/// Whether an answer may begin like this.
fn begins(bytes: &[u8]) -> bool {
    let Some(numbers) = bytes.get(2..) else { return b"\x1b[".starts_with(bytes) };
    let is_number = |digits: &[u8]| digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit);
    bytes.starts_with(b"\x1b[")
        && numbers.split(|byte| *byte == b';').count() <= 2
        && numbers.split(|byte| *byte == b';').all(is_number)
}

/// What a whole answer says.
fn columns(bytes: &[u8]) -> Option<usize> {
    let numbers = str::from_utf8(bytes).ok()?.strip_prefix("\x1b[")?.strip_suffix('R')?;
    let (_, columns) = numbers.split_once(';')?;
    columns.parse().ok().filter(|columns| *columns >= LEAST)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// What is typed, and what the terminal says, of bytes that come behind a question.
    fn typed(bytes: &[u8]) -> (Vec<u8>, Option<usize>) {
        let (mut answer, mut typed, mut said) = (Answer::NONE, Vec::new(), None);
        answer.is_asked();
        for &byte in bytes {
            said = answer.push(byte, |byte| typed.push(byte)).or(said);
        }
        (typed, said)
    }

    #[test]
    fn an_answer_is_taken_out_of_what_is_typed() {
        assert_eq!(typed(b"ls\x1b[24;132R -l\n"), (b"ls -l\n".to_vec(), Some(132)));
        assert_eq!(typed(b"\x1b[A\x1b[3~\x1bb\x1b[1;80R"), (b"\x1b[A\x1b[3~\x1bb".to_vec(), Some(80)));
        // Only one is due.
        assert_eq!(typed(b"\x1b[1;80R\x1b[1;90R"), (b"\x1b[1;90R".to_vec(), Some(80)));
    }

    #[test]
    fn what_is_none_is_typed() {
        for keys in
            [&b"\x1b[1;2R"[..], b"\x1b\x1b[D", b"\x1b[1;2;3R", b"\x1b[123456;80R", b"\x1b[;Rx", b"a\x03b"]
        {
            assert_eq!(typed(keys), (keys.to_vec(), None), "{keys:?}");
        }
        let (mut answer, mut all) = (Answer::NONE, Vec::new());
        assert_eq!(answer.push(b'\x1b', |byte| all.push(byte)), None);
        assert_eq!(all, b"\x1b", "no question was asked");
    }
}
