//! Numbers, as people write them to commands: `12`, `0x10`, `1K`, `2kB`.

/// What is wrong with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is none.
    Invalid,
    /// It is too large.
    TooLarge,
}

/// The letters that multiply a number of bytes or lines.
pub const LETTERS: &str = "bkKmMGTPEZY";

/// Powers of 1024, or of 1000.
const POWERS: &str = "kMGTPEZY";

/// A number of bytes or lines: `12`, `+3`, `1K`, `2kB` for two thousand, `1MiB`, `4b` for blocks of 512.
pub fn size(word: &str) -> Result<u64, Wrong> {
    match leading(word, LETTERS)? {
        (number, "") => number.ok_or(Wrong::TooLarge),
        _ => Err(Wrong::Invalid),
    }
}

/// The number that `word` begins with, times what the one of `letters` behind it says, and what follows.
/// [`None`] stands for one that is too large. A letter alone means one of it.
pub fn leading<'w>(word: &'w str, letters: &str) -> Result<(Option<u64>, &'w str), Wrong> {
    let word = word.trim_start();
    let digits = word.strip_prefix('+').unwrap_or(word);
    let rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &digits[..digits.len() - rest.len()];
    let letter = rest.chars().next().filter(|letter| letters.contains(*letter));
    // A sign alone is no number, whatever follows.
    if digits.is_empty() && (letter.is_none() || word.starts_with('+')) {
        return Err(Wrong::Invalid);
    }
    let number = if digits.is_empty() { Some(1) } else { digits.parse::<u64>().ok() };
    let Some(letter) = letter else { return Ok((number, rest)) };
    let rest = &rest[1..];
    let power = POWERS.find(match letter {
        'K' => 'k',
        'm' => 'M',
        letter => letter,
    });
    let (base, power, rest) = match (letter, power) {
        ('b', _) => (512u64, 1, rest),
        ('w', _) => (2, 1, rest),
        (_, None) => (1, 1, rest),
        (_, Some(power)) => match rest.strip_prefix("iB") {
            Some(rest) => (1024, power + 1, rest),
            None => match rest.strip_prefix(['B', 'D']) {
                Some(rest) => (1000, power + 1, rest),
                None => (1024, power + 1, rest),
            },
        },
    };
    let factor = base.checked_pow(power as u32);
    // Nothing is nothing of the largest, too.
    let product =
        if number == Some(0) { Some(0) } else { number.zip(factor).and_then(|(a, b)| a.checked_mul(b)) };
    Ok((product, rest))
}

/// An integer as C writes it: `-12`, `0x1f`, `017`.
pub fn integer(word: &str) -> Option<i64> {
    let (sign, digits) =
        word.strip_prefix('-').map_or((1, word.strip_prefix('+').unwrap_or(word)), |rest| (-1, rest));
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let is_plain = digits.starts_with(|c: char| c.is_digit(base));
    let value = i128::from_str_radix(digits, base).ok().filter(|_| is_plain)?;
    i64::try_from(sign * value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_letters() {
        let all =
            [("0", 0), ("+7", 7), ("1k", 1024), ("1K", 1024), ("1kB", 1000), ("3b", 1536), ("1MiB", 1 << 20)];
        assert!(all.iter().all(|(word, size)| self::size(word) == Ok(*size)));
        assert_eq!(size("K"), Ok(1024));
        for word in ["", "-1", "1x", "x", "1kb", "1 ", "+K", "1iB"] {
            assert_eq!(size(word), Err(Wrong::Invalid), "{word}");
        }
        assert_eq!(size("18446744073709551616"), Err(Wrong::TooLarge));
        assert_eq!(size("16E"), Err(Wrong::TooLarge));
        assert_eq!(size("1Y"), Err(Wrong::TooLarge));
    }

    #[test]
    fn integers_are_those_of_c() {
        let all = [("0", 0), ("-12", -12), ("0x1f", 31), ("017", 15), ("-0x10", -16), ("+3", 3)];
        assert!(all.iter().all(|(word, number)| integer(word) == Some(*number)));
        for word in ["", "-", "0x", "08", "1a", "--1", "0x-1", "99999999999999999999"] {
            assert_eq!(integer(word), None, "{word}");
        }
    }
}
