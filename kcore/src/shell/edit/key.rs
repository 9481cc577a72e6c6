//! Keys out of the bytes that a terminal sends (ECMA-48; xterm's control sequences).

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character to insert.
    Char(char),
    /// Control and a letter, which is lower case.
    Control(char),
    /// Alt and a character.
    Alt(char),
    /// Return.
    Enter,
    /// Tab.
    Tab,
    /// The key that takes away the character before the cursor.
    Backspace,
    /// The key that takes away the one at the cursor.
    Delete,
    /// Cursor up.
    Up,
    /// Cursor down.
    Down,
    /// Cursor left.
    Left,
    /// Cursor right.
    Right,
    /// To the begin of the line.
    Home,
    /// To its end.
    End,
    /// Control and cursor left.
    WordLeft,
    /// Control and cursor right.
    WordRight,
}

/// What has come of a key so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    /// `ESC [` or `ESC O`, with the last of its numbers.
    Sequence(u16),
    /// A character of several bytes: those that have come, how many these are, and how many there will be.
    Utf8([u8; 4], usize, usize),
}

/// Puts keys together.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    state: State,
}

impl Decoder {
    /// The key that `byte` completes. What is no known key is dropped.
    pub fn push(&mut self, byte: u8) -> Option<Key> {
        match core::mem::take(&mut self.state) {
            State::Ground => self.ground(byte),
            State::Escape => self.escape(byte),
            State::Sequence(number) => self.sequence(byte, number),
            State::Utf8(bytes, came, length) => self.utf8(byte, bytes, came, length),
        }
    }

    fn ground(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'\r' | b'\n' => Some(Key::Enter),
            b'\t' => Some(Key::Tab),
            0x08 | 0x7f => Some(Key::Backspace),
            0x1b => {
                self.state = State::Escape;
                None
            }
            0x01..=0x1a => Some(Key::Control((byte - 1 + b'a') as char)),
            0x20..=0x7e => Some(Key::Char(byte as char)),
            0xc2..=0xdf => self.begin_utf8(byte, 2),
            0xe0..=0xef => self.begin_utf8(byte, 3),
            0xf0..=0xf4 => self.begin_utf8(byte, 4),
            _ => None,
        }
    }

    fn begin_utf8(&mut self, byte: u8, length: usize) -> Option<Key> {
        self.state = State::Utf8([byte, 0, 0, 0], 1, length);
        None
    }

    fn utf8(&mut self, byte: u8, mut bytes: [u8; 4], came: usize, length: usize) -> Option<Key> {
        if byte & 0xc0 != 0x80 {
            // The character was cut off; this byte is another key's.
            return self.ground(byte);
        }
        bytes[came] = byte;
        if came + 1 < length {
            self.state = State::Utf8(bytes, came + 1, length);
            return None;
        }
        // More bytes than a character needs may spell one that moves the cursor: that is no character.
        let mut text = core::str::from_utf8(&bytes[..length]).ok()?.chars();
        text.next().filter(|char| !char.is_control()).map(Key::Char)
    }

    fn escape(&mut self, byte: u8) -> Option<Key> {
        match byte {
            b'[' | b'O' => {
                self.state = State::Sequence(0);
                None
            }
            0x7f | 0x08 => Some(Key::Control('w')),
            0x20..=0x7e => Some(Key::Alt(byte as char)),
            // Escape alone says nothing; what follows is a key of its own.
            _ => self.ground(byte),
        }
    }

    fn sequence(&mut self, byte: u8, number: u16) -> Option<Key> {
        let with_control = number == 5;
        match byte {
            b'0'..=b'9' => {
                let number = number.saturating_mul(10).saturating_add((byte - b'0').into());
                self.state = State::Sequence(number);
                None
            }
            b';' => {
                self.state = State::Sequence(0);
                None
            }
            b'A' => Some(Key::Up),
            b'B' => Some(Key::Down),
            b'C' => Some(if with_control { Key::WordRight } else { Key::Right }),
            b'D' => Some(if with_control { Key::WordLeft } else { Key::Left }),
            b'H' => Some(Key::Home),
            b'F' => Some(Key::End),
            b'~' => match number {
                1 | 7 => Some(Key::Home),
                3 => Some(Key::Delete),
                4 | 8 => Some(Key::End),
                _ => None,
            },
            0x40..=0x7e => None,
            0x20..=0x3f => {
                self.state = State::Sequence(number);
                None
            }
            _ => self.ground(byte),
        }
    }
}
