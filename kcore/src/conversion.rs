//! A conversion of C's `printf` (C11, 7.21.6.1): what stands between `%` and its letter, and the field that
//! it makes. Nothing is allocated.

#![forbid(unsafe_code)]

/// Takes the bytes of a text, one by one.
pub type Out<'a> = &'a mut dyn FnMut(u8);

/// What stands between `%` and its letter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spec {
    /// `-`: the room is behind the text.
    pub left: bool,
    /// `+`: a number that is not negative has a plus.
    pub plus: bool,
    /// A space: it has a space.
    pub space: bool,
    /// `#`: a number other than zero says its base, by `0x` or `0`.
    pub alternate: bool,
    /// `0`: the room is filled with zeros.
    pub zero: bool,
    /// The least number of bytes.
    pub width: usize,
    /// The least number of digits, or the greatest number of bytes of a text.
    pub precision: Option<usize>,
}

impl Spec {
    /// Takes `byte`, if it is a flag; says whether it is.
    pub fn takes(&mut self, byte: u8) -> bool {
        match byte {
            b'-' => self.left = true,
            b'+' => self.plus = true,
            b' ' => self.space = true,
            b'#' => self.alternate = true,
            b'0' => self.zero = true,
            _ => return false,
        }
        true
    }

    /// Whether a number has zeros instead of room before it.
    pub fn fills(&self) -> bool {
        self.zero && !self.left && self.precision.is_none()
    }

    /// `text`, which is `length` bytes long, and room on one side of it.
    pub fn field(&self, length: usize, out: Out<'_>, text: impl FnOnce(Out<'_>)) {
        let room = self.width.saturating_sub(length);
        let (before, behind) = if self.left { (0, room) } else { (room, 0) };
        (0..before).for_each(|_| out(b' '));
        text(out);
        (0..behind).for_each(|_| out(b' '));
    }

    /// The bytes of `text` in a field.
    pub fn bytes(&self, text: &[u8], out: Out<'_>) {
        self.field(text.len(), out, |out| text.iter().for_each(|byte| out(*byte)));
    }

    /// A number of this size in digits of base `radix`, at least 8.
    pub fn integer(&self, value: u64, is_negative: bool, radix: u64, upper: bool, out: Out<'_>) {
        let mut digits = [0; 24];
        let mut begin = digits.len();
        let mut left = value;
        while left > 0 || begin == digits.len() {
            begin -= 1;
            let digit = b"0123456789abcdef"[(left % radix) as usize];
            digits[begin] = if upper { digit.to_ascii_uppercase() } else { digit };
            left /= radix;
        }
        // No digit at all where none is wanted.
        let digits = if self.precision == Some(0) && value == 0 { &[][..] } else { &digits[begin..] };
        let before: &[u8] = match (radix, is_negative) {
            (_, true) => b"-",
            (16, _) if self.alternate && value != 0 && upper => b"0X",
            (16, _) if self.alternate && value != 0 => b"0x",
            (8, _) if self.alternate && value != 0 => b"0",
            _ if self.plus => b"+",
            _ if self.space => b" ",
            _ => b"",
        };
        let wanted = match self.fills() {
            true => self.width.saturating_sub(before.len()),
            false => self.precision.unwrap_or(0),
        };
        let zeros = wanted.saturating_sub(digits.len());
        self.field(before.len() + zeros + digits.len(), out, |out| {
            before.iter().for_each(|byte| out(*byte));
            (0..zeros).for_each(|_| out(b'0'));
            digits.iter().for_each(|byte| out(*byte));
        });
    }
}
