//! From tokens to a tree: recursive descent, one function for each level of the grammar.
//!
//! ```text
//!   line      = [ list { (";" | "&") list } [ ";" | "&" ] ]
//!   list      = pipeline { ("&&" | "||") pipeline }
//!   pipeline  = [ "time" ] command { "|" command }
//!   command   = { word | redirection }          at least one of them
//! ```

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::token::{Kind, Operator, SyntaxError, Token, tokens};
use super::tree::{List, Pipeline, Redirection, Simple, Target, When, Word};

/// Most descriptors that a redirection can name.
const DESCRIPTORS: usize = 10;

/// What `line` says: its lists, in their order. None for an empty line or one with only a comment.
pub fn parse(line: &str) -> Result<Vec<List>, SyntaxError> {
    let tokens = tokens(line)?;
    let mut parser = Parser { line, tokens: &tokens, at: 0 };
    let mut lists = Vec::new();
    while parser.peek().is_some() {
        lists.push(parser.list()?);
    }
    Ok(lists)
}

struct Parser<'a> {
    line: &'a str,
    tokens: &'a [Token],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    fn take(&mut self, operator: Operator) -> bool {
        let is_next = self.peek() == Some(&Kind::Operator(operator));
        self.at += usize::from(is_next);
        is_next
    }

    /// What is wrong with the next token: it stands where something else must.
    fn unexpected(&self) -> SyntaxError {
        SyntaxError::new(match self.tokens.get(self.at) {
            Some(token) => format!("syntax error near unexpected '{}'", &self.line[token.span.clone()]),
            None => "syntax error: the line ends where a command or a file must follow".to_string(),
        })
    }

    /// A list and what ends it.
    fn list(&mut self) -> Result<List, SyntaxError> {
        let first = self.at;
        let mut pipelines = Vec::new();
        let mut when = When::Always;
        loop {
            pipelines.push((when, self.pipeline()?));
            when = match () {
                () if self.take(Operator::And) => When::Success,
                () if self.take(Operator::Or) => When::Failure,
                () => break,
            };
        }
        let span = self.tokens[first].span.start..self.tokens[self.at - 1].span.end;
        let background = self.take(Operator::Ampersand);
        if !background && !self.take(Operator::Semicolon) && self.peek().is_some() {
            return Err(self.unexpected());
        }
        Ok(List { pipelines, background, text: self.line[span].to_string() })
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let timed = matches!(self.peek(), Some(Kind::Word(word)) if word.is("time"));
        self.at += usize::from(timed);
        let mut commands = Vec::new();
        loop {
            commands.push(self.command()?);
            if !self.take(Operator::Pipe) {
                return Ok(Pipeline { timed, commands });
            }
        }
    }

    fn command(&mut self) -> Result<Simple, SyntaxError> {
        let mut command = Simple::default();
        loop {
            match self.peek() {
                Some(Kind::Word(word)) => {
                    command.words.push(word.clone());
                    self.at += 1;
                }
                Some(&Kind::Operator(operator)) => match self.redirection(operator)? {
                    Some(redirection) => command.redirections.push(redirection),
                    None => break,
                },
                None => break,
            }
        }
        let is_empty = command.words.is_empty() && command.redirections.is_empty();
        if is_empty { Err(self.unexpected()) } else { Ok(command) }
    }

    /// The redirection that begins with `operator`, which is the next token, if it begins one.
    fn redirection(&mut self, operator: Operator) -> Result<Option<Redirection>, SyntaxError> {
        let make: fn(Word) -> Target = match operator {
            Operator::Read(_) => Target::Read,
            Operator::Write(_) => Target::Write,
            Operator::Append(_) => Target::Append,
            Operator::Both(_) => Target::Both,
            Operator::Same(descriptor) => {
                self.at += 1;
                let other = self.descriptor()?;
                return Ok(Some(Redirection { descriptor, target: Target::Same(other) }));
            }
            _ => return Ok(None),
        };
        self.at += 1;
        let (Operator::Read(descriptor)
        | Operator::Write(descriptor)
        | Operator::Append(descriptor)
        | Operator::Both(descriptor)) = operator
        else {
            return Ok(None);
        };
        Ok(Some(Redirection { descriptor, target: make(self.word()?) }))
    }

    fn word(&mut self) -> Result<Word, SyntaxError> {
        match self.peek() {
            Some(Kind::Word(word)) => {
                let word = word.clone();
                self.at += 1;
                Ok(word)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn descriptor(&mut self) -> Result<usize, SyntaxError> {
        let word = self.word()?.expand(0, 0);
        let number = word.parse().ok().filter(|number| *number < DESCRIPTORS);
        number.ok_or_else(|| SyntaxError::new(format!("'{word}' is no file descriptor; valid: 0 to 9")))
    }
}
