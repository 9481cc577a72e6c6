//! `$(( ))`: signed numbers of 64 bits (XCU 2.6.4).

use alloc::format;
use alloc::string::{String, ToString};

use super::state::State;
use super::word::is_first_of_name;

/// Operators between two operands, and how much they bind; longer ones first, as each is looked for in this
/// order.
const OPERATORS: &[(&str, u8)] = &[
    ("||", 0),
    ("&&", 1),
    ("==", 5),
    ("!=", 5),
    ("<=", 6),
    (">=", 6),
    ("<<", 7),
    (">>", 7),
    ("|", 2),
    ("^", 3),
    ("&", 4),
    ("<", 6),
    (">", 6),
    ("+", 8),
    ("-", 8),
    ("*", 9),
    ("/", 9),
    ("%", 9),
];

/// The value of an expression; or what is wrong with it.
pub(super) fn value(text: &str, state: &mut State) -> Result<i64, String> {
    let mut reader = Reader { rest: text, whole: text, state, is_live: true, depth: 0 };
    let value = reader.choice()?;
    reader.skip_spaces();
    if reader.rest.is_empty() { Ok(value) } else { Err(reader.unexpected()) }
}

/// Most brackets, choices and signs that may stand in each other.
const DEEPEST: usize = 8;

struct Reader<'a> {
    rest: &'a str,
    whole: &'a str,
    state: &'a mut State,
    /// What is read has a value that counts: nothing is assigned or divided elsewhere.
    is_live: bool,
    depth: usize,
}

impl Reader<'_> {
    fn unexpected(&self) -> String {
        let what = self.rest.chars().next().map_or("the end".to_string(), |c| format!("'{c}'"));
        format!("$(({})): {what} is not expected there", self.whole)
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, operator: &str) -> bool {
        self.skip_spaces();
        let after = self.rest.strip_prefix(operator);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// `a ? b : c`, or an expression without it.
    fn choice(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("$(({})): more than {DEEPEST} things stand in each other", self.whole));
        }
        let condition = self.binary(0)?;
        let value = if self.take("?") {
            let yes = self.when(condition != 0, Self::choice)?;
            if !self.take(":") {
                return Err(self.unexpected());
            }
            let no = self.when(condition == 0, Self::choice)?;
            if condition != 0 { yes } else { no }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    /// Reads on; what is read counts only if `counts`.
    fn when(
        &mut self,
        counts: bool,
        read: impl FnOnce(&mut Self) -> Result<i64, String>,
    ) -> Result<i64, String> {
        let before = self.is_live;
        self.is_live &= counts;
        let value = read(self);
        self.is_live = before;
        value
    }

    /// Operands with the operators that bind at least so much.
    fn binary(&mut self, least: u8) -> Result<i64, String> {
        let mut left = self.unary()?;
        loop {
            self.skip_spaces();
            let next = OPERATORS.iter().find(|(operator, _)| self.rest.starts_with(operator));
            let Some((operator, level)) = next.filter(|(_, level)| *level >= least) else { return Ok(left) };
            self.rest = &self.rest[operator.len()..];
            let counts = match *operator {
                "||" => left == 0,
                "&&" => left != 0,
                _ => true,
            };
            let right = self.when(counts, |reader| reader.binary(level + 1))?;
            left = self.apply(operator, left, right)?;
        }
    }

    fn apply(&self, operator: &str, left: i64, right: i64) -> Result<i64, String> {
        Ok(match operator {
            "||" => i64::from(left != 0 || right != 0),
            "&&" => i64::from(left != 0 && right != 0),
            "|" => left | right,
            "^" => left ^ right,
            "&" => left & right,
            "==" => i64::from(left == right),
            "!=" => i64::from(left != right),
            "<=" => i64::from(left <= right),
            ">=" => i64::from(left >= right),
            "<" => i64::from(left < right),
            ">" => i64::from(left > right),
            "<<" => left.wrapping_shl(right as u32),
            ">>" => left.wrapping_shr(right as u32),
            "+" => left.wrapping_add(right),
            "-" => left.wrapping_sub(right),
            "*" => left.wrapping_mul(right),
            _ if right == 0 && !self.is_live => 0,
            _ if right == 0 => return Err(format!("$(({})): division by zero", self.whole)),
            "/" => left.wrapping_div(right),
            _ => left.wrapping_rem(right),
        })
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.skip_spaces();
        let Some(sign) = self.rest.chars().next() else { return Err(self.unexpected()) };
        if "+-!~".contains(sign) {
            self.rest = &self.rest[1..];
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.unexpected());
            }
            let value = self.unary()?;
            self.depth -= 1;
            return Ok(match sign {
                '-' => value.wrapping_neg(),
                '!' => i64::from(value == 0),
                '~' => !value,
                _ => value,
            });
        }
        if self.take("(") {
            let value = self.choice()?;
            return if self.take(")") { Ok(value) } else { Err(self.unexpected()) };
        }
        let length =
            self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        match word.chars().next() {
            Some(c) if is_first_of_name(c) => {
                self.rest = rest;
                self.variable(word)
            }
            Some(_) => {
                self.rest = rest;
                number(word).ok_or_else(|| format!("$(({})): '{word}' is no number", self.whole))
            }
            None => Err(self.unexpected()),
        }
    }

    /// A variable's value, or the one that it is given here.
    fn variable(&mut self, name: &str) -> Result<i64, String> {
        let text = self.state.value(name).unwrap_or_default();
        let before = match text.trim() {
            "" => 0,
            text => {
                number(text).ok_or_else(|| format!("$(({})): {name} is '{text}', no number", self.whole))?
            }
        };
        self.skip_spaces();
        for operator in ["", "*", "/", "%", "+", "-", "<<", ">>", "&", "^", "|"] {
            let after = self.rest.strip_prefix(operator).and_then(|rest| rest.strip_prefix('='));
            let Some(after) = after.filter(|after| !operator.is_empty() || !after.starts_with('=')) else {
                continue;
            };
            self.rest = after;
            let given = self.choice()?;
            let value = if operator.is_empty() { given } else { self.apply(operator, before, given)? };
            if self.is_live {
                self.state.set(name, value.to_string());
            }
            return Ok(value);
        }
        Ok(before)
    }
}

/// A number as C writes it: decimal, octal, hexadecimal; with a sign where it is a variable's value.
fn number(word: &str) -> Option<i64> {
    let (sign, digits) = match word.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, word.strip_prefix('+').unwrap_or(word)),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (digits, if digits.starts_with('0') { 8 } else { 10 }),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(digits, radix).ok().map(|number| sign * number)
}
