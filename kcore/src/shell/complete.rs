//! What the word under the cursor may become.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::parse::BEFORE_A_COMMAND;
use super::token::{Kind, tokens};
use crate::sort;

/// What knows the names.
pub trait Names {
    /// All commands.
    fn commands(&self) -> Vec<String>;
    /// What may follow `words` (a command and its arguments so far) besides a file; nothing when only a file
    /// may.
    fn arguments(&self, words: &[String]) -> Vec<String>;
    /// The names in a directory; those of directories end with `/`. Nothing when there is none.
    fn directory(&self, path: &str) -> Vec<String>;
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// What can be inserted at the cursor at once: all candidates go on with it.
    pub insert: String,
    /// The candidates, sorted; of paths their last names.
    pub candidates: Vec<String>,
}

/// Completes the word that ends at the end of `line`, which is the part of the line before the cursor.
pub fn complete(line: &str, names: &dyn Names) -> Completion {
    // What has an open quote is left to the user.
    let Ok(tokens) = tokens(line) else { return Completion::default() };
    // A comment has swallowed the end.
    let end = tokens.last().map_or(0, |token| token.span.end);
    if line[end..].contains('#') {
        return Completion::default();
    }
    let mut words: Vec<String> = Vec::new();
    let mut is_file = false;
    let mut after_redirection = false;
    for token in &tokens {
        is_file = core::mem::take(&mut after_redirection);
        match &token.kind {
            Kind::Word(_) if is_file => {}
            Kind::Word(word) if words.is_empty() && word.bare().is_some_and(is_before_a_command) => {}
            Kind::Word(word) => words.push(word.text()),
            Kind::Operator(operator) if !operator.redirects() => words.clear(),
            Kind::Operator(_) => after_redirection = true,
        }
    }
    let touches = matches!(tokens.last(), Some(token) if token.span.end == line.len() && matches!(token.kind, Kind::Word(_)));
    let typed = if touches {
        let typed = &line[tokens.last().map_or(0, |token| token.span.start)..];
        if !is_file {
            words.pop();
        }
        typed
    } else {
        is_file = after_redirection;
        ""
    };
    candidates(typed, &words, is_file, names)
}

fn is_before_a_command(word: &str) -> bool {
    BEFORE_A_COMMAND.contains(&word)
}

fn candidates(typed: &str, words: &[String], is_file: bool, names: &dyn Names) -> Completion {
    let matching = |all: Vec<String>, typed: &str| -> Vec<String> {
        let mut all: Vec<String> = all.into_iter().filter(|name| name.starts_with(typed)).collect();
        sort::any(&mut all, |a, b| a < b);
        all.dedup();
        all
    };
    if !is_file {
        let all = if words.is_empty() { names.commands() } else { names.arguments(words) };
        // In `rendezvous=here,the` it is one more value of the same key.
        let (key, last) =
            typed.split_once('=').map_or(("", typed), |(key, values)| match values.rsplit_once(',') {
                Some((_, last)) => (&typed[..=key.len()], last),
                None => ("", typed),
            });
        let all =
            all.into_iter().filter_map(|name| name.strip_prefix(key).map(ToString::to_string)).collect();
        let found = matching(all, last);
        if !found.is_empty() || words.is_empty() {
            return finish(found, last);
        }
    }
    // In `of=/dev/sc` the path begins behind the sign.
    let path = typed.rsplit('=').next().unwrap_or(typed);
    let (directory, last) =
        path.rsplit_once('/').map_or(("", path), |(_, last)| (&path[..path.len() - last.len()], last));
    finish(matching(names.directory(directory), last), last)
}

fn finish(candidates: Vec<String>, typed: &str) -> Completion {
    let Some(first) = candidates.first() else { return Completion::default() };
    let common = candidates.iter().fold(first.as_str(), |common, name| shared(common, name));
    let mut insert = common[typed.len()..].to_string();
    // A whole word is followed by the next one; a directory and a key by what is in it.
    if candidates.len() == 1 && !common.ends_with(['/', '=']) {
        insert.push(' ');
    }
    Completion { insert, candidates }
}

/// What two words begin with.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
    let end = same.map_or(one.len().min(other.len()), |((at, _), _)| at);
    &one[..end]
}
