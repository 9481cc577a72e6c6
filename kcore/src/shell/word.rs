//! Words: quotes, and what stands behind a `$`.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::parse::Parser;
use super::token::{Scanner, SyntaxError};
use super::tree::{Change, Empty, List, Part, Piece, Reach, Word};

/// Characters that end a word.
const ENDS: &str = ";&|<>()";
/// Parameters whose name is no letter.
const SPECIAL: &str = "@*#?!$";

impl Scanner<'_> {
    /// The word that begins here.
    pub(super) fn word(&mut self) -> Result<Word, SyntaxError> {
        let mut word = Builder::default();
        if self.peek() == Some('~') {
            return Err(
                self.error(self.at, "'~' is not offered: users have no directories here (or quote it)")
            );
        }
        while let Some(c) = self.peek().filter(|c| !c.is_whitespace() && !ENDS.contains(*c)) {
            self.character(c, &mut word)?;
        }
        Ok(word.finish())
    }

    /// What begins with `c` outside of quotes.
    fn character(&mut self, c: char, word: &mut Builder) -> Result<(), SyntaxError> {
        let start = self.at;
        match c {
            '\'' => {
                self.take();
                let Some(length) = self.rest().find('\'') else {
                    return Err(self.unfinished(start, "an opening ' has no closing one"));
                };
                word.text(&self.rest()[..length], true);
                self.at += length + 1;
            }
            '"' => {
                self.take();
                let before = word.parts.len();
                self.in_quotes(word, |scanner| scanner.take_if("\""), start)?;
                // Between them may be nothing, which is a word; what is in them may be no word: "$@".
                if word.parts.len() == before {
                    word.text("", true);
                }
            }
            '\\' => {
                self.take();
                let Some(c) = self.take() else {
                    return Err(self.unfinished(start, "nothing follows the last \\"));
                };
                word.push(c, true);
            }
            '$' => self.dollar(word, false)?,
            '`' => self.backquotes(word, false)?,
            c => {
                self.take();
                word.push(c, false);
            }
        }
        Ok(())
    }

    /// What is quoted, up to where `ends` says so.
    fn in_quotes(
        &mut self,
        word: &mut Builder,
        mut ends: impl FnMut(&mut Self) -> bool,
        start: usize,
    ) -> Result<(), SyntaxError> {
        while !ends(self) {
            match self.peek() {
                Some('$') => self.dollar(word, true)?,
                Some('`') => self.backquotes(word, true)?,
                Some('\\') => {
                    self.take();
                    match self.take() {
                        Some(c @ ('"' | '\\' | '$' | '`')) => word.push(c, true),
                        // Another backslash stays (XCU 2.2.3).
                        Some(c) => word.text(&format!("\\{c}"), true),
                        None => {}
                    }
                }
                Some(c) => {
                    self.take();
                    word.push(c, true);
                }
                None => {
                    let opening = &self.text[start..].chars().take(3).collect::<String>();
                    let opening = if opening.starts_with('$') { opening.as_str() } else { "\"" };
                    return Err(self.unfinished(start, format!("an opening {opening} has no closing one")));
                }
            }
        }
        Ok(())
    }

    /// A `$`: an expansion, or itself.
    fn dollar(&mut self, word: &mut Builder, quoted: bool) -> Result<(), SyntaxError> {
        let start = self.at;
        self.take();
        let piece = match self.peek() {
            Some('(') if self.take_if("((") => self.arithmetic(start)?,
            Some('(') => {
                self.take();
                Piece::Command(self.commands(start)?)
            }
            Some('{') => {
                self.take();
                self.enter()?;
                let piece = self.braces(start, quoted)?;
                self.leave();
                piece
            }
            Some(c) if c.is_ascii_digit() || SPECIAL.contains(c) => {
                self.take();
                Piece::Parameter(c.to_string(), None)
            }
            Some(c) if is_first_of_name(c) => Piece::Parameter(self.name(), None),
            Some(c) if c == '-' || c == '[' || !quoted && "'\"".contains(c) => {
                return Err(self.error(start, format!("'${c}' is not offered")));
            }
            _ => {
                word.push('$', quoted);
                return Ok(());
            }
        };
        word.part(quoted, piece);
        Ok(())
    }

    fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some(c) = self.peek().filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
            self.take();
            name.push(c);
        }
        name
    }

    /// The commands of a `$(`, and their end.
    fn commands(&mut self, start: usize) -> Result<Vec<List>, SyntaxError> {
        self.enter()?;
        let mut parser = Parser::new(self.clone());
        let lists = parser.up_to_close(start)?;
        self.at = parser.position();
        self.leave();
        Ok(lists)
    }

    fn backquotes(&mut self, word: &mut Builder, quoted: bool) -> Result<(), SyntaxError> {
        let start = self.at;
        let missing = |scanner: &Self| scanner.unfinished(start, "an opening ` has no closing one");
        self.take();
        let mut text = String::new();
        loop {
            match self.take().ok_or_else(|| missing(self))? {
                '`' => break,
                '\\' => match self.take().ok_or_else(|| missing(self))? {
                    c @ ('$' | '`' | '\\') => text.push(c),
                    '"' if quoted => text.push('"'),
                    c => text.extend(['\\', c]),
                },
                c => text.push(c),
            }
        }
        self.enter()?;
        let inner = Scanner { text: &text, at: 0, first_line: self.line_of(start), depth: self.depth };
        // What is not closed inside will not be by what follows.
        let lists = Parser::new(inner).all();
        let lists = lists.map_err(|error| SyntaxError { is_unfinished: false, ..error })?;
        self.leave();
        word.part(quoted, Piece::Command(lists));
        Ok(())
    }

    /// The rest of `$((`.
    fn arithmetic(&mut self, start: usize) -> Result<Piece, SyntaxError> {
        self.enter()?;
        let mut word = Builder::default();
        let mut open = 0;
        let ends = |scanner: &mut Self| {
            match scanner.peek() {
                Some('(') => open += 1,
                Some(')') if open == 0 => return scanner.take_if("))"),
                Some(')') => open -= 1,
                _ => {}
            }
            false
        };
        self.in_quotes(&mut word, ends, start)?;
        self.leave();
        Ok(Piece::Arithmetic(word.finish()))
    }

    /// The rest of `${`.
    fn braces(&mut self, start: usize, quoted: bool) -> Result<Piece, SyntaxError> {
        let is_length = self.rest().starts_with('#') && !self.rest().starts_with("#}");
        self.at += usize::from(is_length);
        let name = match self.peek() {
            Some(c) if is_first_of_name(c) => self.name(),
            Some(c) if c.is_ascii_digit() => self.name(),
            Some(c) if SPECIAL.contains(c) => self.take().into_iter().collect(),
            None => return Err(self.unfinished(start, "an opening ${ has no closing }")),
            Some(_) => String::new(),
        };
        let change = match self.peek() {
            _ if is_length => Some(Change::Length),
            Some('}') => None,
            None => return Err(self.unfinished(start, "an opening ${ has no closing }")),
            Some(_) => Some(self.change().ok_or_else(|| self.no_expansion(start))?),
        };
        let word = match change {
            Some(Change::Beginning(_) | Change::End(_)) => self.braced(start, false)?,
            Some(Change::Length) | None => Word::default(),
            Some(_) => self.braced(start, quoted)?,
        };
        let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        if name.is_empty()
            || name.starts_with(|c: char| c.is_ascii_digit()) && !is_number(&name)
            || !self.take_if("}")
        {
            return Err(self.no_expansion(start));
        }
        Ok(Piece::Parameter(name, change.map(|change| Box::new((change, word)))))
    }

    fn no_expansion(&self, start: usize) -> SyntaxError {
        let shown: String = self.text[start..].chars().take(12).take_while(|c| *c != '\n').collect();
        self.error(
            start,
            format!("'{shown}' is not offered; valid: ${{x}}, ${{#x}}, ${{x:-y}}, also with = ? + # %"),
        )
    }

    fn change(&mut self) -> Option<Change> {
        let empty = if self.take_if(":") { Empty::Missing } else { Empty::Value };
        let change = match self.take()? {
            '-' => Change::Default(empty),
            '=' => Change::Assign(empty),
            '?' => Change::Need(empty),
            '+' => Change::Instead(empty),
            '#' if empty == Empty::Value => Change::Beginning(self.reach("#")),
            '%' if empty == Empty::Value => Change::End(self.reach("%")),
            _ => return None,
        };
        Some(change)
    }

    fn reach(&mut self, again: &str) -> Reach {
        if self.take_if(again) { Reach::Longest } else { Reach::Shortest }
    }

    /// A word that ends before a `}`.
    fn braced(&mut self, start: usize, quoted: bool) -> Result<Word, SyntaxError> {
        let mut word = Builder::default();
        if quoted {
            self.in_quotes(&mut word, |scanner| scanner.peek() == Some('}'), start)?;
            return Ok(word.finish());
        }
        loop {
            match self.peek() {
                Some('}') => return Ok(word.finish()),
                Some(c) => self.character(c, &mut word)?,
                None => return Err(self.unfinished(start, "an opening ${ has no closing }")),
            }
        }
    }
}

/// Whether a name may begin with it.
pub(super) fn is_first_of_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Whether it is the name of a variable.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(is_first_of_name) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A word in the making.
#[derive(Default)]
struct Builder {
    parts: Vec<Part>,
}

impl Builder {
    fn push(&mut self, c: char, quoted: bool) {
        self.text(c.encode_utf8(&mut [0; 4]), quoted);
    }

    fn text(&mut self, more: &str, quoted: bool) {
        match self.parts.last_mut() {
            Some(Part { quoted: before, piece: Piece::Text(text) }) if *before == quoted => {
                text.push_str(more)
            }
            _ => self.part(quoted, Piece::Text(more.into())),
        }
    }

    fn part(&mut self, quoted: bool, piece: Piece) {
        self.parts.push(Part { quoted, piece });
    }

    fn finish(self) -> Word {
        Word { parts: self.parts }
    }
}
