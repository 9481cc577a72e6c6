//! `printf`: words in a form.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::escape::{In, unescape};
use super::system::quoted;
use super::{Ended, System};

/// The widest field.
const WIDEST: usize = 1 << 16;

/// `printf FORMAT [WORD]...`
pub fn printf(me: &impl System, words: &[&str]) -> Ended {
    let words = words.strip_prefix(&["--"]).unwrap_or(words);
    let Some((form, words)) = words.split_first() else {
        return Err("missing operand".into());
    };
    let mut print = Print { me, words: words.iter(), out: Vec::new(), status: 0 };
    let ended = loop {
        let before = print.words.len();
        if let Err(ended) = print.form(form.as_bytes()) {
            break Err(ended);
        }
        // The form is used again as long as it uses words.
        match print.words.as_slice() {
            [] => break Ok(()),
            [word, ..] if print.words.len() == before => {
                let word = quoted(word);
                me.say(format_args!("warning: ignoring excess arguments, starting with {word}"));
                break Ok(());
            }
            _ => {}
        }
    };
    let status = me.put(&print.out, if matches!(ended, Err(Stop::AsSaid)) { 0 } else { print.status });
    if let Err(Stop::Wrong(why)) = ended {
        me.say(format_args!("{why}"));
        return Ok(1);
    }
    Ok(status)
}

/// Why nothing more is printed.
enum Stop {
    /// `\c`.
    AsSaid,
    /// What is wrong.
    Wrong(String),
}

/// What is printed so far.
struct Print<'a, S> {
    me: &'a S,
    words: core::slice::Iter<'a, &'a str>,
    out: Vec<u8>,
    status: i32,
}

/// What stands between `%` and its letter.
#[derive(Default)]
struct Field {
    flags: Vec<u8>,
    width: usize,
    precision: Option<usize>,
}

impl<'a, S: System> Print<'a, S> {
    fn form(&mut self, mut form: &[u8]) -> Result<(), Stop> {
        while let Some((&byte, rest)) = form.split_first() {
            form = match (byte, rest) {
                (b'\\', _) => self.escape(rest, In::Format)?,
                (b'%', [b'%', rest @ ..]) => {
                    self.out.push(b'%');
                    rest
                }
                (b'%', [b'b', rest @ ..]) => {
                    self.escaped()?;
                    rest
                }
                (b'%', _) => self.directive(rest)?,
                _ => {
                    self.out.push(byte);
                    rest
                }
            };
        }
        Ok(())
    }

    fn escape<'t>(&mut self, rest: &'t [u8], place: In) -> Result<&'t [u8], Stop> {
        let has_digits = matches!(rest, [b'x', digit, ..] if digit.is_ascii_hexdigit());
        if rest.starts_with(b"x") && !has_digits {
            return Err(Stop::Wrong("missing hexadecimal number in escape".into()));
        }
        unescape(rest, place, &mut self.out).ok_or(Stop::AsSaid)
    }

    /// The next word, with its escapes.
    fn escaped(&mut self) -> Result<(), Stop> {
        let mut word = self.word().as_bytes();
        while let Some((&byte, rest)) = word.split_first() {
            word = rest;
            match byte {
                b'\\' => word = self.escape(rest, In::Argument)?,
                byte => self.out.push(byte),
            }
        }
        Ok(())
    }

    fn word(&mut self) -> &'a str {
        self.words.next().copied().unwrap_or("")
    }

    /// `%-5d` and its like, without the `%`; what follows.
    fn directive<'t>(&mut self, form: &'t [u8]) -> Result<&'t [u8], Stop> {
        let mut field = Field::default();
        let flags = form.iter().take_while(|byte| b"-+ #0".contains(byte)).count();
        field.flags.extend(&form[..flags]);
        let mut rest = &form[flags..];
        if let Some(width) = self.amount(&mut rest, "field width")? {
            field.width = width.unsigned_abs() as usize;
            field.flags.extend((width < 0).then_some(b'-'));
        }
        if let Some(after) = rest.strip_prefix(b".") {
            rest = after;
            let precision = self.amount(&mut rest, "precision")?.unwrap_or(0);
            field.precision = usize::try_from(precision).ok();
        }
        let sizes = rest.iter().take_while(|byte| b"hlLjtz".contains(byte)).count();
        let letter = rest.get(sizes).copied();
        let rest_after = &rest[(sizes + 1).min(rest.len())..];
        let has = |flag| field.flags.contains(&flag);
        let is_valid = match letter {
            Some(b'd' | b'i' | b'u') => !has(b'#'),
            Some(b'o' | b'x' | b'X') => true,
            Some(b's') => !has(b'#') && !has(b'0'),
            Some(b'c') => !has(b'#') && !has(b'0') && field.precision.is_none(),
            _ => false,
        };
        let Some(letter) = letter.filter(|_| is_valid) else {
            let all = &form[..form.len() - rest_after.len()];
            let all = String::from_utf8_lossy(all);
            return Err(Stop::Wrong(format!("%{all}: invalid conversion specification")));
        };
        let text = match letter {
            b's' => {
                let word = self.word().as_bytes();
                word[..word.len().min(field.precision.unwrap_or(usize::MAX))].to_vec()
            }
            // Of a word that is not there, the zero at its end.
            b'c' => Vec::from([self.word().bytes().next().unwrap_or(0)]),
            letter => field.number(letter, self.number(matches!(letter, b'd' | b'i'))),
        };
        let gap = core::iter::repeat_n(b' ', field.width.saturating_sub(text.len()));
        if has(b'-') {
            self.out.extend(text.into_iter().chain(gap));
        } else {
            self.out.extend(gap.chain(text));
        }
        Ok(rest_after)
    }

    /// A width or a precision that `rest` begins with: digits, or `*` for the next word.
    fn amount(&mut self, rest: &mut &[u8], what: &str) -> Result<Option<i32>, Stop> {
        let is_narrow = |amount: &i64| amount.unsigned_abs() <= WIDEST as u64;
        if let Some(after) = rest.strip_prefix(b"*") {
            *rest = after;
            let word = self.words.as_slice().first().copied().unwrap_or_default();
            // Below nothing a precision is none, however far.
            let amount = (self.number(true) as i64).max(if what == "precision" { -1 } else { i64::MIN });
            let invalid = || Stop::Wrong(format!("invalid {what}: {}", quoted(word)));
            return Some(amount).filter(is_narrow).map(|amount| amount as i32).map(Some).ok_or_else(invalid);
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, after) = rest.split_at(digits);
        *rest = after;
        let digits = str::from_utf8(digits).unwrap_or_default();
        if digits.is_empty() {
            return Ok(None);
        }
        let amount = digits.parse::<i64>().ok().filter(is_narrow);
        let invalid = || Stop::Wrong(format!("invalid {what}: {}", quoted(digits)));
        amount.map(|amount| Some(amount as i32)).ok_or_else(invalid)
    }

    /// The next word as a number of 64 bits. What is wrong with it is said, and the rest of it is used.
    fn number(&mut self, is_signed: bool) -> u64 {
        let word = self.word();
        if let Some(constant) = word.strip_prefix(['"', '\'']).filter(|constant| !constant.is_empty()) {
            let mut characters = constant.bytes();
            let first = characters.next().unwrap_or_default();
            if characters.len() > 0 {
                let rest = &constant.as_bytes()[1..];
                let rest = String::from_utf8_lossy(rest);
                self.me.say(format_args!(
                    "warning: {rest}: character(s) following character constant have been ignored"
                ));
            }
            return first.into();
        }
        let (value, rest) = leading(word, is_signed);
        let wrong = match value {
            None if rest.len() == word.len() && !word.is_empty() => "expected a numeric value",
            Some(Err(_)) => "Numerical result out of range",
            _ if !rest.is_empty() => "value not completely converted",
            _ => "",
        };
        let word = quoted(word);
        if !wrong.is_empty() {
            self.me.say(format_args!("{word}: {wrong}"));
            self.status = 1;
        }
        value.map_or(0, |value| value.unwrap_or_else(|nearest| nearest))
    }
}

/// The number that `word` begins with, as `strtoimax` and `strtoumax` read it, or the nearest that there is;
/// and what follows.
fn leading(word: &str, is_signed: bool) -> (Option<Result<u64, u64>>, &str) {
    let text = word.trim_start();
    let is_negative = text.starts_with('-');
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', digit, ..] if digit.is_ascii_hexdigit() => (16, &digits[2..]),
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let rest = digits.trim_start_matches(|c: char| c.is_digit(base));
    let digits = &digits[..digits.len() - rest.len()];
    if digits.is_empty() {
        return (None, word);
    }
    let value = u64::from_str_radix(digits, base).ok();
    let value = match (is_signed, is_negative) {
        (false, false) => value.ok_or(u64::MAX),
        (false, true) => value.map(u64::wrapping_neg).ok_or(u64::MAX),
        (true, false) => value.filter(|value| *value <= i64::MAX as u64).ok_or(i64::MAX as u64),
        (true, true) => {
            value.filter(|value| *value <= i64::MIN as u64).map(u64::wrapping_neg).ok_or(i64::MIN as u64)
        }
    };
    (Some(value), rest)
}

impl Field {
    /// A number in digits, with all but the spaces around it.
    fn number(&self, letter: u8, value: u64) -> Vec<u8> {
        let has = |flag| self.flags.contains(&flag);
        let is_signed = matches!(letter, b'd' | b'i');
        let is_negative = is_signed && (value as i64) < 0;
        let mut digits = match letter {
            b'o' => format!("{value:o}"),
            b'x' => format!("{value:x}"),
            b'X' => format!("{value:X}"),
            _ if is_negative => format!("{}", (value as i64).unsigned_abs()),
            _ => format!("{value}"),
        };
        if value == 0 && self.precision == Some(0) {
            digits.clear();
        }
        let sign = match letter {
            b'x' if has(b'#') && value != 0 => "0x",
            b'X' if has(b'#') && value != 0 => "0X",
            _ if is_negative => "-",
            _ if is_signed && has(b'+') => "+",
            _ if is_signed && has(b' ') => " ",
            _ => "",
        };
        let is_filled = has(b'0') && !has(b'-') && self.precision.is_none();
        let wanted =
            if is_filled { self.width.saturating_sub(sign.len()) } else { self.precision.unwrap_or(0) };
        let octal = letter == b'o' && has(b'#') && !digits.starts_with('0');
        let wanted = wanted.max(digits.len() + usize::from(octal));
        format!("{sign}{digits:0>wanted$}").into_bytes()
    }
}
