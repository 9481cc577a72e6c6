//! From tokens to a tree: recursive descent, one function for each level of the grammar.
//!
//! ```text
//!   lists     = { list | newline }
//!   list      = pipeline { ("&&" | "||") pipeline } [ ";" | "&" | newline ]
//!   pipeline  = [ "time" ] [ "!" ] command { "|" command }
//!   command   = { NAME=VALUE } { word | redirection }       at least one of them
//!             | compound { redirection }
//!   compound  = "{" lists "}" | "(" lists ")" | "for" NAME [ "in" { word } ] "do" lists "done"
//!             | "if" lists "then" lists { "elif" lists "then" lists } [ "else" lists ] "fi"
//!             | ("while" | "until") lists "do" lists "done"
//! ```

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::token::{Kind, Operator, Scanner, SyntaxError, Token};
use super::tree::{Command, Form, List, Part, Piece, Pipeline, Redirection, Simple, Target, When, Word};
use super::word::is_name;

/// Most descriptors that a redirection can name.
const DESCRIPTORS: usize = 10;
/// Words that go on with a compound command, or end it.
const CLOSERS: &[&str] = &["then", "elif", "else", "fi", "do", "done", "}"];
/// Words before which a command stands, or which stand before one: what follows is another command's name.
pub(super) const BEFORE_A_COMMAND: &[&str] =
    &["time", "!", "{", "if", "then", "elif", "else", "while", "until", "do"];
/// What other shells have, as the name of a command.
const REFUSED: &[&str] = &[
    ".", "[[", "alias", "case", "command", "coproc", "declare", "esac", "eval", "exec", "function",
    "getopts", "let", "local", "readonly", "return", "select", "source", "times", "trap", "typeset",
    "ulimit", "umask", "unalias",
];

/// What `text` says: its lists, in their order. None for an empty text or one with only comments.
pub fn parse(text: &str) -> Result<Vec<List>, SyntaxError> {
    Parser::new(Scanner::new(text)).all()
}

pub(super) struct Parser<'a> {
    scanner: Scanner<'a>,
    next: Option<Token>,
    /// Where the token before ends.
    end: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(scanner: Scanner<'a>) -> Self {
        Parser { scanner, next: None, end: 0 }
    }

    /// All that there is.
    pub(super) fn all(mut self) -> Result<Vec<List>, SyntaxError> {
        let lists = self.lists()?;
        if self.peek()?.is_some() { Err(self.unexpected()) } else { Ok(lists) }
    }

    /// What stands before a `)`, and that: the `(` is at `start`.
    pub(super) fn up_to_close(&mut self, start: usize) -> Result<Vec<List>, SyntaxError> {
        let lists = self.lists()?;
        if self.take(Operator::Close)? {
            return Ok(lists);
        }
        Err(self.missing(")", start))
    }

    /// Behind the last token that was taken.
    pub(super) fn position(&self) -> usize {
        self.end
    }

    fn peek(&mut self) -> Result<Option<&Kind>, SyntaxError> {
        if self.next.is_none() {
            self.next = self.scanner.next()?;
        }
        Ok(self.next.as_ref().map(|token| &token.kind))
    }

    fn advance(&mut self) {
        self.end = self.next.take().map_or(self.end, |token| token.span.end);
    }

    fn take(&mut self, operator: Operator) -> Result<bool, SyntaxError> {
        let is_next = self.peek()? == Some(&Kind::Operator(operator));
        if is_next {
            self.advance();
        }
        Ok(is_next)
    }

    /// Takes a word of the grammar, if it comes next.
    fn take_word(&mut self, text: &str) -> Result<bool, SyntaxError> {
        let is_next = matches!(self.peek()?, Some(Kind::Word(word)) if word.is(text));
        if is_next {
            self.advance();
        }
        Ok(is_next)
    }

    /// Takes a word of the grammar that must come next: what began at `start` lacks it.
    fn expect(&mut self, text: &str, start: usize) -> Result<(), SyntaxError> {
        if self.take_word(text)? { Ok(()) } else { Err(self.missing(text, start)) }
    }

    fn missing(&self, text: &str, start: usize) -> SyntaxError {
        if self.next.is_some() {
            return self.unexpected();
        }
        let opening: String =
            self.scanner.text[start..].chars().take_while(|c| !c.is_whitespace()).take(12).collect();
        let message = format!("syntax error: '{text}' is missing, which ends the '{opening}' of this line");
        self.scanner.unfinished(start, message)
    }

    /// What is wrong with the next token: it stands where something else must.
    fn unexpected(&self) -> SyntaxError {
        match &self.next {
            Some(Token { kind: Kind::Operator(Operator::Newline), span }) => self
                .scanner
                .error(span.start, "syntax error: the line ends where a command or a file must follow"),
            Some(token) => {
                let text = &self.scanner.text[token.span.clone()];
                self.scanner.error(token.span.start, format!("syntax error near unexpected '{text}'"))
            }
            None => {
                let message = "syntax error: the line ends where a command or a file must follow";
                self.scanner.unfinished(self.end, message)
            }
        }
    }

    /// Lists, up to the end or what ends a compound command.
    fn lists(&mut self) -> Result<Vec<List>, SyntaxError> {
        let mut lists = Vec::new();
        loop {
            match self.peek()? {
                Some(Kind::Operator(Operator::Newline)) => self.advance(),
                None | Some(Kind::Operator(Operator::Close)) => return Ok(lists),
                Some(Kind::Word(word)) if word.bare().is_some_and(|word| CLOSERS.contains(&word)) => {
                    return Ok(lists);
                }
                Some(_) => lists.push(self.list()?),
            }
        }
    }

    /// Lists of which there must be one.
    fn some_lists(&mut self) -> Result<Vec<List>, SyntaxError> {
        let lists = self.lists()?;
        if lists.is_empty() { Err(self.unexpected()) } else { Ok(lists) }
    }

    /// Empty lines, where a command must follow.
    fn skip_newlines(&mut self) -> Result<(), SyntaxError> {
        while self.take(Operator::Newline)? {}
        Ok(())
    }

    /// A list and what ends it.
    fn list(&mut self) -> Result<List, SyntaxError> {
        self.peek()?;
        let start = self.start();
        let mut pipelines = Vec::new();
        let mut when = When::Always;
        loop {
            pipelines.push((when, self.pipeline()?));
            when = match () {
                () if self.take(Operator::And)? => When::Success,
                () if self.take(Operator::Or)? => When::Failure,
                () => break,
            };
            self.skip_newlines()?;
        }
        let text = self.scanner.text[start..self.end].to_string();
        let background = self.take(Operator::Ampersand)?;
        let ends = background || self.take(Operator::Semicolon)?;
        match self.peek()? {
            Some(Kind::Operator(Operator::Newline | Operator::Close)) | None => {}
            Some(Kind::Word(word)) if ends || word.bare().is_some_and(|word| CLOSERS.contains(&word)) => {}
            Some(Kind::Operator(Operator::Open)) if ends => {}
            Some(Kind::Operator(operator)) if ends && operator.redirects() => {}
            Some(_) => return Err(self.unexpected()),
        }
        Ok(List { pipelines, background, text, line: self.scanner.line_of(start) })
    }

    fn start(&self) -> usize {
        self.next.as_ref().map_or(self.end, |token| token.span.start)
    }

    fn pipeline(&mut self) -> Result<Pipeline, SyntaxError> {
        let mut pipeline = Pipeline { timed: self.take_word("time")?, ..Pipeline::default() };
        pipeline.negated = self.take_word("!")?;
        loop {
            pipeline.commands.push(self.command()?);
            if !self.take(Operator::Pipe)? {
                return Ok(pipeline);
            }
            self.skip_newlines()?;
        }
    }

    fn command(&mut self) -> Result<Command, SyntaxError> {
        self.peek()?;
        let start = self.start();
        let name = match self.peek()? {
            Some(Kind::Word(word)) => word.bare().map(ToString::to_string).unwrap_or_default(),
            Some(Kind::Operator(Operator::Open)) => "(".to_string(),
            _ => String::new(),
        };
        if REFUSED.contains(&name.as_str()) {
            return Err(self.scanner.error(start, format!("'{name}' is not offered here")));
        }
        if !matches!(name.as_str(), "(" | "{" | "if" | "for" | "while" | "until") {
            return self.simple();
        }
        self.scanner.enter()?;
        let form = match name.as_str() {
            "(" => self.group(start, Form::Subshell)?,
            "{" => self.group(start, Form::Group)?,
            "if" => self.conditional(start)?,
            "for" => self.repeated(start)?,
            _ => self.conditioned(start, name == "while")?,
        };
        self.scanner.leave();
        let mut redirections = Vec::new();
        while let Some(redirection) = self.redirection()? {
            redirections.push(redirection);
        }
        match self.peek()? {
            Some(Kind::Word(word)) if word.bare().is_none_or(|word| !CLOSERS.contains(&word)) => {
                Err(self.unexpected())
            }
            _ => Ok(Command { form, redirections }),
        }
    }

    fn group(&mut self, start: usize, form: fn(Vec<List>) -> Form) -> Result<Form, SyntaxError> {
        self.advance();
        let lists = self.some_lists()?;
        if self.scanner.text[start..].starts_with('(') {
            if !self.take(Operator::Close)? {
                return Err(self.missing(")", start));
            }
        } else {
            self.expect("}", start)?;
        }
        Ok(form(lists))
    }

    fn conditional(&mut self, start: usize) -> Result<Form, SyntaxError> {
        let mut arms = Vec::new();
        self.advance();
        loop {
            let condition = self.some_lists()?;
            self.expect("then", start)?;
            arms.push((condition, self.some_lists()?));
            if !self.take_word("elif")? {
                break;
            }
        }
        let otherwise = if self.take_word("else")? { self.some_lists()? } else { Vec::new() };
        self.expect("fi", start)?;
        Ok(Form::If(arms, otherwise))
    }

    fn conditioned(&mut self, start: usize, success: bool) -> Result<Form, SyntaxError> {
        self.advance();
        let condition = self.some_lists()?;
        Ok(Form::While(success, condition, self.body(start)?))
    }

    fn repeated(&mut self, start: usize) -> Result<Form, SyntaxError> {
        self.advance();
        let name = match self.peek()? {
            Some(Kind::Word(word)) if word.bare().is_some_and(is_name) => word.text(),
            _ => return Err(self.unexpected()),
        };
        self.advance();
        self.skip_newlines()?;
        let mut words = None;
        if self.take_word("in")? {
            let mut all = Vec::new();
            while let Some(Kind::Word(word)) = self.peek()? {
                all.push(word.clone());
                self.advance();
            }
            words = Some(all);
            if !self.take(Operator::Semicolon)? && !self.take(Operator::Newline)? {
                return Err(self.missing("do", start));
            }
        } else {
            self.take(Operator::Semicolon)?;
        }
        self.skip_newlines()?;
        Ok(Form::For(name, words, self.body(start)?))
    }

    fn body(&mut self, start: usize) -> Result<Vec<List>, SyntaxError> {
        self.expect("do", start)?;
        let body = self.some_lists()?;
        self.expect("done", start)?;
        Ok(body)
    }

    fn simple(&mut self) -> Result<Command, SyntaxError> {
        let (mut command, mut redirections) = (Simple::default(), Vec::new());
        loop {
            if let Some(redirection) = self.redirection()? {
                redirections.push(redirection);
                continue;
            }
            let start = self.start();
            match self.peek()? {
                Some(Kind::Word(word)) => {
                    match assignment(word).filter(|_| command.words.is_empty()) {
                        Some(assignment) => command.assignments.push(assignment),
                        None => command.words.push(word.clone()),
                    }
                    self.advance();
                }
                Some(Kind::Operator(Operator::Open)) if command.words.len() == 1 => {
                    return Err(self.scanner.error(start, "functions are not offered here"));
                }
                _ => break,
            }
        }
        let is_empty = command.words.is_empty() && command.assignments.is_empty() && redirections.is_empty();
        if is_empty {
            Err(self.unexpected())
        } else {
            Ok(Command { form: Form::Simple(command), redirections })
        }
    }

    /// The redirection that comes next, if one does.
    fn redirection(&mut self) -> Result<Option<Redirection>, SyntaxError> {
        let Some(&Kind::Operator(operator)) = self.peek()? else { return Ok(None) };
        let (descriptor, make): (usize, fn(Word) -> Target) = match operator {
            Operator::Read(descriptor) => (descriptor, Target::Read),
            Operator::Write(descriptor) => (descriptor, Target::Write),
            Operator::Append(descriptor) => (descriptor, Target::Append),
            Operator::Both(descriptor) => (descriptor, Target::Both),
            Operator::Same(descriptor) => {
                self.advance();
                let target = self.descriptor()?;
                return Ok(Some(Redirection { descriptor, target }));
            }
            _ => return Ok(None),
        };
        self.advance();
        Ok(Some(Redirection { descriptor, target: make(self.file()?) }))
    }

    fn file(&mut self) -> Result<Word, SyntaxError> {
        match self.peek()? {
            Some(Kind::Word(word)) => {
                let word = word.clone();
                self.advance();
                Ok(word)
            }
            // It does not follow in the next line.
            _ => Err(SyntaxError { is_unfinished: false, ..self.unexpected() }),
        }
    }

    fn descriptor(&mut self) -> Result<Target, SyntaxError> {
        self.peek()?;
        let start = self.start();
        let word = self.file()?;
        if word.is("-") {
            return Ok(Target::Nowhere);
        }
        let number = word.bare().and_then(|word| word.parse().ok()).filter(|number| *number < DESCRIPTORS);
        let text = &self.scanner.text[start..self.end];
        number.map(Target::Same).ok_or_else(|| {
            self.scanner.error(start, format!("'{text}' is no file descriptor; valid: 0 to 9, -"))
        })
    }
}

/// `NAME=VALUE`, if `word` is that.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let (first, rest) = word.parts.split_first()?;
    let Part { quoted: false, piece: Piece::Text(text) } = first else { return None };
    let (name, value) = text.split_once('=').filter(|(name, _)| is_name(name))?;
    let first = Part { quoted: false, piece: Piece::Text(value.to_string()) };
    let parts = [first].into_iter().chain(rest.iter().cloned()).collect();
    Some((name.to_string(), Word { parts }))
}
