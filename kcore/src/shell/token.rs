//! A line in words and operators.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::tree::{Part, Word};

/// Why a line is not understood, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line.
    pub message: String,
}

impl SyntaxError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        SyntaxError { message: message.into() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for SyntaxError {}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `;`
    Semicolon,
    /// `&`
    Ampersand,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `<`, with the descriptor before it.
    Read(usize),
    /// `>`
    Write(usize),
    /// `>>`
    Append(usize),
    /// `<>`
    Both(usize),
    /// `>&` or `<&`
    Same(usize),
}

/// Longer ones first: each is looked for in this order.
const OPERATORS: &[(&str, Operator)] = &[
    ("&&", Operator::And),
    ("||", Operator::Or),
    (">>", Operator::Append(1)),
    ("<>", Operator::Both(0)),
    (">&", Operator::Same(1)),
    ("<&", Operator::Same(0)),
    (";", Operator::Semicolon),
    ("&", Operator::Ampersand),
    ("|", Operator::Pipe),
    ("<", Operator::Read(0)),
    (">", Operator::Write(1)),
];

impl Operator {
    /// The same operator for another descriptor, if it has one.
    fn with_descriptor(self, descriptor: usize) -> Self {
        match self {
            Operator::Read(_) => Operator::Read(descriptor),
            Operator::Write(_) => Operator::Write(descriptor),
            Operator::Append(_) => Operator::Append(descriptor),
            Operator::Both(_) => Operator::Both(descriptor),
            Operator::Same(_) => Operator::Same(descriptor),
            other => other,
        }
    }

    fn takes_descriptor(self) -> bool {
        self.with_descriptor(usize::MAX) != self
    }
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word.
    Word(Word),
    /// An operator.
    Operator(Operator),
}

/// A token and its bytes in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// The tokens of `line`. A `#` that begins a word begins a comment, which ends with the line.
pub fn tokens(line: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut scanner = Scanner { line, at: 0 };
    let mut tokens = Vec::new();
    while let Some(token) = scanner.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

struct Scanner<'a> {
    line: &'a str,
    /// A byte at which a character begins.
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn next(&mut self) -> Result<Option<Token>, SyntaxError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.take();
        }
        let start = self.at;
        if matches!(self.peek(), None | Some('#')) {
            return Ok(None);
        }
        let kind = match self.operator() {
            Some(operator) => Kind::Operator(operator),
            None => Kind::Word(self.word()?),
        };
        Ok(Some(Token { kind, span: start..self.at }))
    }

    /// An operator, if one stands here: also one with a digit before it, as in `2>`.
    fn operator(&mut self) -> Option<Operator> {
        let digit = self.peek().and_then(|c| c.to_digit(10));
        let rest = &self.rest()[usize::from(digit.is_some())..];
        let (text, operator) = OPERATORS.iter().find(|(text, _)| rest.starts_with(text))?;
        let operator = match digit {
            Some(_) if !operator.takes_descriptor() => return None,
            Some(digit) => operator.with_descriptor(digit as usize),
            None => *operator,
        };
        self.at += usize::from(digit.is_some()) + text.len();
        Some(operator)
    }

    fn word(&mut self) -> Result<Word, SyntaxError> {
        let mut word = Builder::default();
        while let Some(c) = self.peek() {
            match c {
                c if c.is_whitespace() || ";&|<>".contains(c) => break,
                '\'' => self.single_quoted(&mut word)?,
                '"' => self.double_quoted(&mut word)?,
                '\\' => {
                    self.take();
                    word.push(self.take().ok_or_else(|| SyntaxError::new("nothing follows the last \\"))?);
                }
                '$' => self.expansion(&mut word)?,
                c => {
                    self.take();
                    word.push(c);
                }
            }
        }
        Ok(word.finish())
    }

    fn single_quoted(&mut self, word: &mut Builder) -> Result<(), SyntaxError> {
        self.take();
        loop {
            match self.take() {
                Some('\'') => return Ok(()),
                Some(c) => word.push(c),
                None => return Err(SyntaxError::new("an opening ' has no closing one")),
            }
        }
    }

    fn double_quoted(&mut self, word: &mut Builder) -> Result<(), SyntaxError> {
        self.take();
        loop {
            match self.peek() {
                Some('"') => {
                    self.take();
                    return Ok(());
                }
                Some('$') => self.expansion(word)?,
                Some('\\') => {
                    self.take();
                    match self.take() {
                        Some(c @ ('"' | '\\' | '$')) => word.push(c),
                        // Another backslash stays (XCU 2.2.3).
                        Some(c) => word.extend(['\\', c]),
                        None => break,
                    }
                }
                Some(c) => {
                    self.take();
                    word.push(c);
                }
                None => break,
            }
        }
        Err(SyntaxError::new("an opening \" has no closing one"))
    }

    /// A `$`: what stands behind it is `?`, `!`, or no name, and then it is itself.
    fn expansion(&mut self, word: &mut Builder) -> Result<(), SyntaxError> {
        self.take();
        match self.peek() {
            Some('?') => word.expand(Part::Status),
            Some('!') => word.expand(Part::Background),
            Some(c) if c.is_alphanumeric() || "_{(*@#$".contains(c) => {
                return Err(SyntaxError::new(format!("there is no '${c}...' here; valid: $?, $!, \\$")));
            }
            _ => {
                word.push('$');
                return Ok(());
            }
        }
        self.take();
        Ok(())
    }
}

/// A word in the making.
#[derive(Default)]
struct Builder {
    parts: Vec<Part>,
    text: String,
}

impl Builder {
    fn push(&mut self, c: char) {
        self.text.push(c);
    }

    fn extend(&mut self, chars: impl IntoIterator<Item = char>) {
        self.text.extend(chars);
    }

    fn expand(&mut self, part: Part) {
        self.end_text();
        self.parts.push(part);
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(core::mem::take(&mut self.text)));
        }
    }

    fn finish(mut self) -> Word {
        self.end_text();
        Word { parts: self.parts }
    }
}
