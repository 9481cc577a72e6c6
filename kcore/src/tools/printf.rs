//! `printf`: words in a form.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::escape::{In, unescape};
use super::system::quoted;
use super::{Ended, System};
use crate::conversion::Spec;

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
        let mut spec = Spec::default();
        let flags = form.iter().take_while(|byte| spec.takes(**byte)).count();
        let mut rest = &form[flags..];
        if let Some(width) = self.amount(&mut rest, "field width")? {
            spec.width = width.unsigned_abs() as usize;
            spec.left |= width < 0;
        }
        if let Some(after) = rest.strip_prefix(b".") {
            rest = after;
            let precision = self.amount(&mut rest, "precision")?.unwrap_or(0);
            spec.precision = usize::try_from(precision).ok();
        }
        let sizes = rest.iter().take_while(|byte| b"hlLjtz".contains(byte)).count();
        let letter = rest.get(sizes).copied();
        let rest_after = &rest[(sizes + 1).min(rest.len())..];
        let is_valid = match letter {
            Some(b'd' | b'i' | b'u') => !spec.alternate,
            Some(b'o' | b'x' | b'X') => true,
            Some(b's') => !spec.alternate && !spec.zero,
            Some(b'c') => !spec.alternate && !spec.zero && spec.precision.is_none(),
            _ => false,
        };
        let Some(letter) = letter.filter(|_| is_valid) else {
            let all = &form[..form.len() - rest_after.len()];
            let all = String::from_utf8_lossy(all);
            return Err(Stop::Wrong(format!("%{all}: invalid conversion specification")));
        };
        match letter {
            b's' => {
                let word = self.word().as_bytes();
                let word = &word[..word.len().min(spec.precision.unwrap_or(usize::MAX))];
                spec.bytes(word, &mut |byte| self.out.push(byte));
            }
            // Of a word that is not there, the zero at its end.
            b'c' => {
                let first = self.word().bytes().next().unwrap_or(0);
                spec.bytes(&[first], &mut |byte| self.out.push(byte));
            }
            letter => {
                let value = self.number(matches!(letter, b'd' | b'i'));
                integer(spec, letter, value, &mut self.out);
            }
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

/// A number in its field.
fn integer(mut spec: Spec, letter: u8, value: u64, out: &mut Vec<u8>) {
    let is_signed = matches!(letter, b'd' | b'i');
    let is_negative = is_signed && (value as i64) < 0;
    let value = if is_negative { (value as i64).unsigned_abs() } else { value };
    let radix = match letter {
        b'o' => 8,
        b'x' | b'X' => 16,
        _ => 10,
    };
    spec.plus &= is_signed;
    spec.space &= is_signed;
    // In C `#` has as many octal digits that the first of them is a zero, and no more.
    let adds_zero = letter == b'o' && core::mem::take(&mut spec.alternate);
    if adds_zero && (value > 0 || spec.precision == Some(0)) {
        let least = value.checked_ilog(8).map_or(0, |log| log as usize + 1) + 1;
        if !(spec.fills() && spec.width >= least) {
            spec.precision = spec.precision.max(Some(least));
        }
    }
    spec.integer(value, is_negative, radix, letter == b'X', &mut |byte| out.push(byte));
}
