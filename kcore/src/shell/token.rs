//! A script in words and operators.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::tree::Word;

/// Why a script is not understood, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// In which line, from 1.
    pub line: usize,
    /// The text ends too early: more lines may make it right.
    pub is_unfinished: bool,
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
    /// The end of a line.
    Newline,
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
    /// `(`
    Open,
    /// `)`
    Close,
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
    /// What other shells have.
    Refused,
}

/// Longer ones first: each is looked for in this order.
const OPERATORS: &[(&str, Operator)] = &[
    ("&>", Operator::Refused),
    (">|", Operator::Refused),
    ("<<", Operator::Refused),
    ("<(", Operator::Refused),
    (">(", Operator::Refused),
    ("|&", Operator::Refused),
    (";;", Operator::Refused),
    ("((", Operator::Refused),
    ("&&", Operator::And),
    ("||", Operator::Or),
    (">>", Operator::Append(1)),
    ("<>", Operator::Both(0)),
    (">&", Operator::Same(1)),
    ("<&", Operator::Same(0)),
    ("\n", Operator::Newline),
    (";", Operator::Semicolon),
    ("&", Operator::Ampersand),
    ("|", Operator::Pipe),
    ("(", Operator::Open),
    (")", Operator::Close),
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

    /// Whether it leads a descriptor elsewhere.
    pub(super) fn redirects(self) -> bool {
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

/// A token and its bytes in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// The tokens of `text`. A `#` that begins a word begins a comment, which ends with the line.
pub fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut scanner = Scanner::new(text);
    let mut tokens = Vec::new();
    while let Some(token) = scanner.next()? {
        tokens.push(token);
    }
    Ok(tokens)
}

/// Most of what may stand in each other: compound commands, substitutions, parameters in parameters. Each is
/// a few frames on the stack of the task that reads it.
const DEEPEST: usize = 12;

/// Reads a text, token by token.
#[derive(Clone)]
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    /// A byte at which a character begins.
    pub(super) at: usize,
    /// The number of the text's first line.
    pub(super) first_line: usize,
    /// In how many other things that is which is read.
    pub(super) depth: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Scanner { text, at: 0, first_line: 1, depth: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The next character. A line that ends with a backslash goes on in the next one.
    pub(super) fn peek(&mut self) -> Option<char> {
        while self.rest().starts_with("\\\n") {
            self.at += 2;
        }
        self.rest().chars().next()
    }

    /// Takes the next character, whatever it is.
    pub(super) fn take(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Takes `text`, if that comes next; whether it did.
    pub(super) fn take_if(&mut self, text: &str) -> bool {
        self.peek();
        let is_next = self.rest().starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    pub(super) fn line_of(&self, at: usize) -> usize {
        self.first_line + self.text[..at].matches('\n').count()
    }

    pub(super) fn error(&self, at: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError { message: message.into(), line: self.line_of(at), is_unfinished: false }
    }

    pub(super) fn unfinished(&self, at: usize, message: impl Into<String>) -> SyntaxError {
        SyntaxError { is_unfinished: true, ..self.error(at, message) }
    }

    /// One more thing stands in another, until the scanner leaves it.
    pub(super) fn enter(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(self.at, format!("more than {DEEPEST} things stand in each other")));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(super) fn next(&mut self) -> Result<Option<Token>, SyntaxError> {
        while self.peek().is_some_and(|c| c.is_whitespace() && c != '\n') {
            self.take();
        }
        if self.peek() == Some('#') {
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
        let start = self.at;
        if self.peek().is_none() {
            return Ok(None);
        }
        let kind = match self.operator() {
            Some(Operator::Refused) => {
                let text = &self.text[start..self.at];
                return Err(self.error(start, format!("'{text}' is not offered here")));
            }
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
            Some(_) if *operator != Operator::Refused && !operator.redirects() => return None,
            Some(digit) => operator.with_descriptor(digit as usize),
            None => *operator,
        };
        self.at += usize::from(digit.is_some()) + text.len();
        Some(operator)
    }
}
