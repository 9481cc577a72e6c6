//! What `sscanf` finds in a text (Linux: `lib/vsprintf.c`).

/// A value that was found, for the pointer that is passed next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A number of so many bytes.
    Number(u64, usize),
    /// Bytes; a text, if a zero is to stand behind them.
    Bytes(&'a [u8], bool),
}

/// A field of a form: how much it takes, and of which size its number is.
struct Field {
    is_skipped: bool,
    width: usize,
    bytes: usize,
    kind: u8,
}

/// Compares `text` with `form`, and gives `each` what it finds; how many that were.
pub fn scan<'a>(text: &'a [u8], form: &[u8], each: &mut dyn FnMut(Found<'a>)) -> usize {
    let (mut at, mut form, mut count) = (0, form, 0);
    while let Some((&first, rest)) = form.split_first() {
        form = rest;
        if first.is_ascii_whitespace() {
            at += blanks(&text[at..]);
        } else if first != b'%' || form.first() == Some(&b'%') {
            if first == b'%' {
                form = &form[1..];
            }
            if text.get(at) != Some(&first) {
                break;
            }
            at += 1;
        } else {
            let field = field(&mut form);
            if field.kind == b'n' {
                each(Found::Number(at as u64, field.bytes));
                continue;
            }
            if field.kind != b'c' {
                at += blanks(&text[at..]);
            }
            let Some((found, used)) = value(&text[at..], &field) else { break };
            at += used;
            if !field.is_skipped {
                each(found);
                count += 1;
            }
        }
    }
    count
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Takes what stands behind a `%` off the form.
fn field(form: &mut &[u8]) -> Field {
    let mut field = Field { is_skipped: false, width: 0, bytes: 4, kind: 0 };
    while let Some((&byte, rest)) = form.split_first() {
        *form = rest;
        match byte {
            b'*' => field.is_skipped = true,
            b'0'..=b'9' => {
                field.width = field.width.saturating_mul(10).saturating_add(usize::from(byte - b'0'));
            }
            b'h' => field.bytes /= 2,
            b'l' | b'z' | b'j' | b't' | b'L' | b'q' => field.bytes = 8,
            kind => {
                field.kind = kind;
                break;
            }
        }
    }
    field.bytes = field.bytes.max(1);
    field
}

/// What `text` begins with, and how long it is.
fn value<'a>(text: &'a [u8], field: &Field) -> Option<(Found<'a>, usize)> {
    let most = if field.width == 0 { usize::MAX } else { field.width };
    match field.kind {
        b'c' => {
            let count = field.width.max(1);
            Some((Found::Bytes(text.get(..count)?, false), count))
        }
        b's' => {
            let count = text.iter().take(most).take_while(|byte| !byte.is_ascii_whitespace()).count();
            (count > 0).then(|| (Found::Bytes(&text[..count], true), count))
        }
        kind => {
            let (number, used) = number(&text[..most.min(text.len())], kind)?;
            Some((Found::Number(number, field.bytes), used))
        }
    }
}

/// The number that `text` begins with, and how long it is.
fn number(text: &[u8], kind: u8) -> Option<(u64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let has_prefix =
        matches!(text.get(sign..), Some([b'0', b'x' | b'X', digit, ..]) if digit.is_ascii_hexdigit());
    let (radix, prefix) = match kind {
        b'x' | b'X' | b'p' => (16, if has_prefix { 2 } else { 0 }),
        b'o' => (8, 0),
        b'i' if has_prefix => (16, 2),
        b'i' if text.get(sign) == Some(&b'0') => (8, 0),
        b'd' | b'u' | b'i' => (10, 0),
        _ => return None,
    };
    let digits = text[sign + prefix..].iter().map_while(|byte| char::from(*byte).to_digit(radix));
    let (mut value, mut count) = (0u64, 0);
    for digit in digits {
        value = value.wrapping_mul(radix.into()).wrapping_add(digit.into());
        count += 1;
    }
    let value = if text.first() == Some(&b'-') { value.wrapping_neg() } else { value };
    (count > 0).then_some((value, sign + prefix + count))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn all<'a>(text: &'a str, form: &str) -> (usize, Vec<Found<'a>>) {
        let mut found = Vec::new();
        let count = scan(text.as_bytes(), form.as_bytes(), &mut |one| found.push(one));
        (count, found)
    }

    #[test]
    fn numbers_have_their_radix_and_their_size() {
        let minus = 5u64.wrapping_neg();
        assert_eq!(all(" 12 -5", "%d%ld"), (2, [Found::Number(12, 4), Found::Number(minus, 8)].into()));
        assert_eq!(all("0x1f,1f,017,0x1f", "%i,%x,%i,%hhx").0, 4);
        assert_eq!(all("017", "%i").1, [Found::Number(15, 4)]);
        assert_eq!(all("12345", "%2d%hd").1, [Found::Number(12, 4), Found::Number(345, 2)]);
        assert_eq!(all("0xg", "%x").1, [Found::Number(0, 4)]);
    }

    #[test]
    fn it_ends_where_the_text_is_another() {
        assert_eq!(all("", "%d"), (0, Vec::new()));
        assert_eq!(all("x 1", "x%d"), (1, [Found::Number(1, 4)].into()));
        assert_eq!(all("y 1", "x%d"), (0, Vec::new()));
        assert_eq!(all("50% of", "%d%% %s"), (2, [Found::Number(50, 4), Found::Bytes(b"of", true)].into()));
        assert_eq!(all("1 2", "%*d %d"), (1, [Found::Number(2, 4)].into()));
        assert_eq!(
            all("ab c", "%c%s%n"),
            (2, [Found::Bytes(b"a", false), Found::Bytes(b"b", true), Found::Number(2, 4)].into())
        );
    }
}
