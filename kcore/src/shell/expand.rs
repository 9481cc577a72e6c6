//! What words become: their parameters have values, fields are parted, patterns are names (XCU 2.6).

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::interpret::System;
use super::tree::{Change, Empty, Part, Piece, Reach, Word};
use super::{arithmetic, pattern};
use pattern::Character;

/// A field in the making. Without characters it is an empty word, which quotes have made.
type Field = Vec<Character>;

/// The fields that words become, with the names that match their patterns.
pub(super) fn fields<S: System>(system: &mut S, words: &[Word]) -> Result<Vec<String>, String> {
    let mut all = Vec::with_capacity(words.len());
    for word in words {
        if let Some(text) = itself(word) {
            all.push(text.into());
            continue;
        }
        let mut expansion = Expansion::of(system, true);
        expansion.parts(&word.parts, false)?;
        expansion.end_field();
        let fields = expansion.fields;
        for field in fields {
            let names = match pattern::is_pattern(&field) {
                true => pattern::names(&field, &|path| system.directory(path)),
                false => Vec::new(),
            };
            // What matches nothing is itself.
            if names.is_empty() { all.push(text(&field)) } else { all.extend(names) }
        }
    }
    Ok(all)
}

/// What a word becomes that has one piece of text, which is itself wherever it stands.
fn itself(word: &Word) -> Option<&str> {
    match &word.parts[..] {
        [Part { quoted, piece: Piece::Text(text) }] => {
            (*quoted || !text.is_empty() && !text.contains(pattern::BEGINNINGS)).then_some(text)
        }
        _ => None,
    }
}

/// What a word becomes where it stays one.
pub(super) fn one<S: System>(system: &mut S, word: &Word) -> Result<String, String> {
    if let Some(text) = itself(word) {
        return Ok(text.into());
    }
    whole(system, word).map(|field| text(&field))
}

fn whole<S: System>(system: &mut S, word: &Word) -> Result<Field, String> {
    let mut expansion = Expansion::of(system, false);
    expansion.parts(&word.parts, false)?;
    Ok(expansion.current.unwrap_or_default())
}

fn text(field: &[Character]) -> String {
    field.iter().map(|(c, _)| *c).collect()
}

struct Expansion<'a, S> {
    system: &'a mut S,
    /// Whether there may be several fields.
    splits: bool,
    separators: String,
    fields: Vec<Field>,
    current: Option<Field>,
    /// Spaces have just ended a field: one other separator belongs to them.
    after_spaces: bool,
}

impl<'a, S: System> Expansion<'a, S> {
    fn of(system: &'a mut S, splits: bool) -> Self {
        let separators = system.state().separators();
        Expansion { system, splits, separators, fields: Vec::new(), current: None, after_spaces: false }
    }

    /// Adds parts; their text is parted like a value where it stands for one.
    fn parts(&mut self, parts: &[Part], for_value: bool) -> Result<(), String> {
        for Part { quoted, piece } in parts {
            match piece {
                Piece::Text(text) if for_value && !quoted => self.split(text),
                Piece::Text(text) => self.push(text, *quoted),
                Piece::Command(lists) => {
                    let (output, status) = self.system.output(lists);
                    self.system.state().substituted = Some(status);
                    self.value(output.trim_end_matches('\n'), *quoted);
                }
                Piece::Arithmetic(word) => {
                    let text = one(self.system, word)?;
                    let number = arithmetic::value(&text, self.system.state())?;
                    self.value(&number.to_string(), *quoted);
                }
                Piece::Parameter(name, change) => {
                    let change = change.as_deref().map(|(change, word)| (*change, word));
                    self.parameter(name, change, *quoted)?;
                }
            }
        }
        Ok(())
    }

    fn parameter(&mut self, name: &str, change: Option<(Change, &Word)>, quoted: bool) -> Result<(), String> {
        let value = self.system.state().parameter(name);
        if quoted && name != "@" {
            self.push("", true);
        }
        let has_value = |empty: Empty| match empty {
            Empty::Value => value.is_some(),
            Empty::Missing => value.as_ref().is_some_and(|value| !value.is_empty()),
        };
        match change {
            Some((Change::Default(empty), word)) if !has_value(empty) => {
                return self.parts(&word.parts, !quoted);
            }
            Some((Change::Instead(empty), word)) => {
                return if has_value(empty) { self.parts(&word.parts, !quoted) } else { Ok(()) };
            }
            Some((Change::Assign(empty), word)) if !has_value(empty) => {
                if !super::word::is_name(name) {
                    return Err(alloc::format!("${name} cannot be given a value"));
                }
                let given = one(self.system, word)?;
                self.system.state().set(name, given.clone());
                self.value(&given, quoted);
                return Ok(());
            }
            Some((Change::Need(empty), word)) if !has_value(empty) => {
                let why = one(self.system, word)?;
                let why = if why.is_empty() { "it has no value" } else { why.as_str() };
                return Err(alloc::format!("{name}: {why}"));
            }
            _ if matches!(name, "@" | "*") && !matches!(change, Some((Change::Length, _))) => {
                self.arguments(name, quoted);
                return Ok(());
            }
            _ => {}
        }
        if value.is_none() && self.system.state().needs_values {
            return Err(alloc::format!("{name}: it has no value"));
        }
        let value = value.unwrap_or_default();
        match change {
            Some((Change::Length, _)) => self.value(&value.chars().count().to_string(), quoted),
            Some((Change::Beginning(reach), word)) => {
                let pattern = whole(self.system, word)?;
                let text: Vec<char> = value.chars().collect();
                let cut = extent(text.len(), reach, |length| pattern::matches(&pattern, &text[..length]));
                self.value(&text[cut..].iter().collect::<String>(), quoted);
            }
            Some((Change::End(reach), word)) => {
                let pattern = whole(self.system, word)?;
                let text: Vec<char> = value.chars().collect();
                let rest = |length: usize| text.len() - length;
                let cut =
                    extent(text.len(), reach, |length| pattern::matches(&pattern, &text[rest(length)..]));
                self.value(&text[..rest(cut)].iter().collect::<String>(), quoted);
            }
            _ => self.value(&value, quoted),
        }
        Ok(())
    }

    /// `$@` or `$*`.
    fn arguments(&mut self, name: &str, quoted: bool) {
        let arguments = self.system.state().arguments.clone();
        if !self.splits || quoted && name == "*" {
            let joined = self.system.state().parameter(name).unwrap_or_default();
            return self.value(&joined, quoted);
        }
        for (index, argument) in arguments.iter().enumerate() {
            if index > 0 {
                self.end_field();
            }
            self.value(argument, quoted);
        }
    }

    fn value(&mut self, value: &str, quoted: bool) {
        if quoted { self.push(value, true) } else { self.split(value) }
    }

    fn push(&mut self, text: &str, quoted: bool) {
        if quoted || !text.is_empty() {
            self.current.get_or_insert_default().extend(text.chars().map(|c| (c, quoted)));
            self.after_spaces = false;
        }
    }

    /// Adds a value that may be several fields (XCU 2.6.5).
    fn split(&mut self, value: &str) {
        for c in value.chars() {
            let separates = self.splits && self.separators.contains(c);
            if !separates {
                self.push(c.encode_utf8(&mut [0; 4]), false);
            } else if matches!(c, ' ' | '\t' | '\n') {
                self.after_spaces |= self.current.is_some();
                self.end_field();
            } else if self.current.is_some() || !core::mem::take(&mut self.after_spaces) {
                self.current.get_or_insert_default();
                self.end_field();
            }
        }
    }

    fn end_field(&mut self) {
        self.fields.extend(self.current.take());
    }
}

/// How many characters of so many a pattern takes that `matches` so many: none, if it takes none.
fn extent(most: usize, reach: Reach, matches: impl Fn(usize) -> bool) -> usize {
    let found = match reach {
        Reach::Shortest => (0..=most).find(|length| matches(*length)),
        Reach::Longest => (0..=most).rev().find(|length| matches(*length)),
    };
    found.unwrap_or(0)
}
