//! A regular expression of POSIX, understood, with what GNU's adds: `\|`, `\+`, `\?`, `\w`, `\s`.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::pattern::{Set, Syntax};

/// A piece of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// One of some bytes.
    Byte(Set),
    /// The begin of the line, or its end.
    Edge(bool),
    /// One after the other.
    Row(Vec<Node>),
    /// One of two.
    Either(Box<Node>, Box<Node>),
    /// So many times at least, and at most.
    Times(Box<Node>, u32, Option<u32>),
}

/// Most repetitions that can be asked for.
const MOST: u32 = 255;

/// Whether a byte is one of a class.
type Holds = fn(&u8) -> bool;

/// The classes of bytes that have names.
const CLASSES: &[(&str, Holds)] = &[
    ("alpha", u8::is_ascii_alphabetic),
    ("digit", u8::is_ascii_digit),
    ("alnum", u8::is_ascii_alphanumeric),
    ("upper", u8::is_ascii_uppercase),
    ("lower", u8::is_ascii_lowercase),
    ("space", |byte| byte.is_ascii_whitespace() || *byte == 11),
    ("blank", |byte| matches!(byte, b' ' | b'\t')),
    ("punct", u8::is_ascii_punctuation),
    ("xdigit", u8::is_ascii_hexdigit),
    ("print", |byte| (b' '..=b'~').contains(byte)),
    ("graph", u8::is_ascii_graphic),
    ("cntrl", u8::is_ascii_control),
];

/// What a pattern means, or what is wrong with it.
pub(super) fn parse(text: &[u8], syntax: Syntax) -> Result<Node, String> {
    if syntax == Syntax::Fixed {
        return Ok(Node::Row(text.iter().map(|byte| Node::Byte(Set::of([*byte]))).collect()));
    }
    let mut parser = Parser { rest: text, is_extended: syntax == Syntax::Extended };
    let node = parser.either(0)?;
    if parser.rest.is_empty() { Ok(node) } else { Err("Unmatched ) or \\)".into()) }
}

/// What stands next in a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    Plain(u8),
    /// One that has a meaning, by its letter in extended syntax.
    Special(u8),
    End,
}

struct Parser<'t> {
    rest: &'t [u8],
    is_extended: bool,
}

impl Parser<'_> {
    /// The next sign and how many bytes it has.
    fn sign(&self) -> Result<(Sign, usize), String> {
        Ok(match *self.rest {
            [] => (Sign::End, 0),
            [b'\\'] => return Err("Trailing backslash".into()),
            [b'\\', letter, ..] => match letter {
                b'(' | b')' | b'{' | b'}' | b'|' | b'+' | b'?' if !self.is_extended => {
                    (Sign::Special(letter), 2)
                }
                b'w' | b'W' | b's' | b'S' => (Sign::Special(letter), 2),
                letter if letter.is_ascii_alphanumeric() || b"<>'`".contains(&letter) => {
                    return Err(format!("'\\{}' in a pattern is not offered", char::from(letter)));
                }
                letter => (Sign::Plain(letter), 2),
            },
            [sign @ (b'(' | b')' | b'{' | b'|' | b'+' | b'?'), ..] if self.is_extended => {
                (Sign::Special(sign), 1)
            }
            [sign @ (b'.' | b'[' | b'*' | b'^' | b'$'), ..] => (Sign::Special(sign), 1),
            [byte, ..] => (Sign::Plain(byte), 1),
        })
    }

    fn take(&mut self, sign: u8) -> Result<bool, String> {
        let (next, length) = self.sign()?;
        let is_next = next == Sign::Special(sign);
        self.rest = &self.rest[if is_next { length } else { 0 }..];
        Ok(is_next)
    }

    fn either(&mut self, depth: u32) -> Result<Node, String> {
        let mut node = self.row(depth)?;
        while self.take(b'|')? {
            node = Node::Either(Box::new(node), Box::new(self.row(depth)?));
        }
        Ok(node)
    }

    fn row(&mut self, depth: u32) -> Result<Node, String> {
        let mut nodes: Vec<Node> = Vec::new();
        // Where a row begins, or behind its ^, a star is one.
        let mut begins = true;
        loop {
            let (sign, length) = self.sign()?;
            let node = match sign {
                Sign::End | Sign::Special(b'|') => break,
                Sign::Special(b')') if depth > 0 || !self.is_extended => break,
                Sign::Special(b'^') if begins || self.is_extended => {
                    self.rest = &self.rest[length..];
                    nodes.push(Node::Edge(true));
                    continue;
                }
                _ => {
                    self.rest = &self.rest[length..];
                    self.atom(sign, depth, begins)?
                }
            };
            begins = false;
            nodes.push(self.times(node)?);
        }
        Ok(Node::Row(nodes))
    }

    fn atom(&mut self, sign: Sign, depth: u32, begins: bool) -> Result<Node, String> {
        let byte = |byte| Ok(Node::Byte(Set::of([byte])));
        let word = Set::of((0..=u8::MAX).filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'));
        let space = Set::of((0..=u8::MAX).filter(|byte| byte.is_ascii_whitespace() || *byte == 11));
        match sign {
            Sign::Special(b'.') => Ok(Node::Byte(Set::of([]).without())),
            Sign::Special(b'[') => self.bracket().map(Node::Byte),
            Sign::Special(b'w') => Ok(Node::Byte(word)),
            Sign::Special(b'W') => Ok(Node::Byte(word.without())),
            Sign::Special(b's') => Ok(Node::Byte(space)),
            Sign::Special(b'S') => Ok(Node::Byte(space.without())),
            Sign::Special(b'(') if depth > 50 => Err("too many ( in each other".into()),
            Sign::Special(b'(') => {
                let node = self.either(depth + 1)?;
                if self.take(b')')? { Ok(node) } else { Err("Unmatched ( or \\(".into()) }
            }
            Sign::Special(b'$') if self.is_extended || self.ends_a_row()? => Ok(Node::Edge(false)),
            Sign::Special(sign @ (b'*' | b'+' | b'?' | b'{'))
                if !begins || self.is_extended && sign != b'*' =>
            {
                Err("Invalid preceding regular expression".into())
            }
            Sign::Special(sign) | Sign::Plain(sign) => byte(sign),
            Sign::End => Ok(Node::Row(Vec::new())),
        }
    }

    fn ends_a_row(&self) -> Result<bool, String> {
        Ok(matches!(self.sign()?.0, Sign::End | Sign::Special(b')' | b'|')))
    }

    /// A node with the repetitions behind it.
    fn times(&mut self, mut node: Node) -> Result<Node, String> {
        loop {
            let (least, most) = match () {
                () if self.take(b'*')? => (0, None),
                () if self.take(b'+')? => (1, None),
                () if self.take(b'?')? => (0, Some(1)),
                () if self.take(b'{')? => self.interval()?,
                () => return Ok(node),
            };
            node = Node::Times(Box::new(node), least, most);
        }
    }

    /// `2}`, `2,}`, `,3}`, `2,3}`.
    fn interval(&mut self) -> Result<(u32, Option<u32>), String> {
        let end: &[u8] = if self.is_extended { b"}" } else { b"\\}" };
        let length = self.rest.windows(end.len()).position(|part| part == end).ok_or("Unmatched { or \\{")?;
        let inside = str::from_utf8(&self.rest[..length]).map_err(|_| "Invalid content of \\{\\}")?;
        self.rest = &self.rest[length + end.len()..];
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|number| *number <= MOST);
        let (least, most) = match inside.split_once(',') {
            None => (number(inside), Some(number(inside))),
            Some(("", most)) => (Some(0), Some(number(most))),
            Some((least, "")) => (number(least), None),
            Some((least, most)) => (number(least), Some(number(most))),
        };
        match (least, most) {
            (Some(least), None) => Ok((least, None)),
            (Some(least), Some(Some(most))) if least <= most => Ok((least, Some(most))),
            _ => Err("Invalid content of \\{\\}".into()),
        }
    }

    /// `[a-z]`, behind its first sign.
    fn bracket(&mut self) -> Result<Set, String> {
        let unmatched = || String::from("Unmatched [, [^, [:, [., or [=");
        let is_other = self.rest.first() == Some(&b'^');
        self.rest = &self.rest[usize::from(is_other)..];
        let mut bytes = Vec::new();
        let mut is_first = true;
        loop {
            let (&byte, rest) = self.rest.split_first().ok_or_else(unmatched)?;
            self.rest = rest;
            match (byte, rest) {
                (b']', _) if !is_first => break,
                (b'[', [b':', rest @ ..]) => {
                    let end = rest.windows(2).position(|part| part == b":]").ok_or_else(unmatched)?;
                    let class = CLASSES.iter().find(|(name, _)| name.as_bytes() == &rest[..end]);
                    let (_, holds) = class.ok_or("Invalid character class name")?;
                    bytes.extend((0..=u8::MAX).filter(holds));
                    self.rest = &rest[end + 2..];
                }
                (b'[', [b'.' | b'=', ..]) => return Err("'[.' and '[=' in a pattern are not offered".into()),
                (first, [b'-', last, rest @ ..]) if *last != b']' => {
                    if first > *last {
                        return Err("Invalid range end".into());
                    }
                    bytes.extend(first..=*last);
                    self.rest = rest;
                }
                (byte, _) => bytes.push(byte),
            }
            is_first = false;
        }
        let set = Set::of(bytes);
        Ok(if is_other { set.without() } else { set })
    }
}
