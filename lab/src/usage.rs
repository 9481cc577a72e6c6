//! One line for each mistake on the command line, with what may have been meant.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use kcore::settings::{self, Usage};

use crate::cli::{self, Answer};

/// What clap has to say, as the text that was asked for or as one line.
pub(crate) fn condense(error: &clap::Error) -> Answer {
    let line = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return Answer::Text(error.render().ansi().to_string());
        }
        ErrorKind::InvalidSubcommand => unknown_command(error),
        ErrorKind::UnknownArgument => unknown_argument(error),
        ErrorKind::InvalidValue => no_value(error),
        ErrorKind::ValueValidation => invalid(error),
        ErrorKind::MissingRequiredArgument => missing(error),
        _ => first_line(error),
    };
    Answer::Mistake(line)
}

fn unknown_command(error: &clap::Error) -> String {
    let word = text(error, ContextKind::InvalidSubcommand);
    let program = cli::program();
    let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
    hinted(&format!("unknown command '{word}'; valid: {}", names.join(", ")), &word, names)
}

/// None, or one of a list of clap's. Our own parsers have said what is wrong.
fn no_value(error: &clap::Error) -> String {
    let (arg, word) = (text(error, ContextKind::InvalidArg), text(error, ContextKind::InvalidValue));
    if word.is_empty() {
        return format!("{arg} needs a value");
    }
    let valid = text(error, ContextKind::ValidValue);
    hinted(&format!("{arg} cannot be '{word}'; valid: {valid}"), &word, valid.split(", "))
}

fn unknown_argument(error: &clap::Error) -> String {
    let word = text(error, ContextKind::InvalidArg);
    if let Some((key, value)) = word.split_once('=').filter(|(key, _)| settings::find(key).is_some()) {
        return format!("unexpected word '{word}'; did you mean '--{key} {value}'?");
    }
    let what = if word.starts_with('-') { "unknown option" } else { "unexpected word" };
    match suggestion(error, ContextKind::SuggestedArg, &word) {
        near if near.is_empty() => {
            let program = cli::program();
            let all = program
                .get_arguments()
                .chain(program.get_subcommands().flat_map(clap::Command::get_arguments));
            let longs: Vec<String> = all.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
            let longs = longs.iter().map(String::as_str).filter(|_| word.starts_with('-'));
            hinted(&format!("{what} '{word}'"), &word, longs)
        }
        near => format!("{what} '{word}'; did you mean '{near}'?"),
    }
}

/// A value that our own parsers refused: they have said why.
fn invalid(error: &clap::Error) -> String {
    match error.source().and_then(|source| source.downcast_ref::<Usage>()) {
        Some(usage) => usage.message.clone(),
        None => first_line(error),
    }
}

fn missing(error: &clap::Error) -> String {
    match text(error, ContextKind::InvalidArg) {
        what if what == "<EXPERIMENT>" => "which experiment? 'list' shows them".to_string(),
        what => format!("{what} is missing"),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_string()
}

/// What clap takes for what was meant, if `word` is much like it.
fn suggestion(error: &clap::Error, kind: ContextKind, word: &str) -> String {
    let all = text(error, kind);
    all.split(", ").find(|near| is_alike(word, near)).unwrap_or_default().to_string()
}

/// What clap knows about the mistake, empty if nothing.
fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}

/// The candidate most like `word`, if any is like it at all.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (likeness(word, candidate), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    is_alike(word, best.1).then_some(best.1)
}

/// Whether `word` may be a slip of the finger for `candidate`; the dashes of an option are not looked at.
fn is_alike(word: &str, candidate: &str) -> bool {
    /// Below this two words have little in common (1 is equality). clap's own bound is 0.7, and finds `bench`
    /// in `nosuch`.
    const ALIKE: f64 = 0.8;
    likeness(word, candidate) > ALIKE
}

/// How much two words have in common, whatever their case.
fn likeness(word: &str, candidate: &str) -> f64 {
    let bare = |word: &str| word.trim_start_matches('-').to_lowercase();
    strsim::jaro_winkler(&bare(word), &bare(candidate))
}

/// What is said of a mistake, with the candidate that `word` may have been meant for before all that are
/// valid.
pub(crate) fn hinted<'a>(said: &str, word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let Some(near) = nearest(word, candidates) else { return said.to_string() };
    match said.split_once("; valid: ") {
        Some((what, valid)) => format!("{what}; did you mean '{near}'? valid: {valid}"),
        None => format!("{said}; did you mean '{near}'?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(nearest("spinlok", ["none", "spinlock", "semaphore"]), Some("spinlock"));
    }

    #[test]
    fn what_has_a_few_letters_in_common_is_no_slip() {
        for (word, other) in [("nosuch", "bench"), ("--foo", "--boot"), ("foo", "book"), ("new", "none")] {
            assert!(!is_alike(word, other), "{word} {other}");
        }
        for (word, other) in [("trou", "tour"), ("--lokc", "--lock"), ("skull-leak", "scull-leak")] {
            assert!(is_alike(word, other), "{word} {other}");
        }
    }

    #[test]
    fn nonsense_gets_no_suggestion() {
        assert_eq!(hinted("x; valid: none", "qqq", ["none", "spinlock"]), "x; valid: none");
        assert_eq!(hinted("x; valid: none", "NONE", ["none"]), "x; did you mean 'none'? valid: none");
    }
}
