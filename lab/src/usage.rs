//! One line for each mistake on the command line.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use kcore::settings::{self, Usage};

use crate::cli::Answer;
use crate::suggest::is_alike;

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
        ErrorKind::InvalidValue => invalid_value(error),
        ErrorKind::ValueValidation => invalid(error),
        ErrorKind::MissingRequiredArgument => missing(error),
        _ => first_line(error),
    };
    Answer::Mistake(line)
}

fn unknown_command(error: &clap::Error) -> String {
    let word = text(error, ContextKind::InvalidSubcommand);
    match suggestion(error, ContextKind::SuggestedSubcommand, &word) {
        near if near.is_empty() => format!("unknown command '{word}'"),
        near => format!("unknown command '{word}'; did you mean '{near}'?"),
    }
}

fn unknown_argument(error: &clap::Error) -> String {
    let word = text(error, ContextKind::InvalidArg);
    if let Some((key, value)) = word.split_once('=').filter(|(key, _)| settings::find(key).is_some()) {
        return format!("unexpected word '{word}'; did you mean '--{key} {value}'?");
    }
    let what = if word.starts_with('-') { "unknown option" } else { "unexpected word" };
    match suggestion(error, ContextKind::SuggestedArg, &word) {
        near if near.is_empty() => format!("{what} '{word}'"),
        near => format!("{what} '{word}'; did you mean '{near}'?"),
    }
}

/// A value that is not in the list, or none at all.
fn invalid_value(error: &clap::Error) -> String {
    let option = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    if value.is_empty() {
        return format!("{option} needs a value");
    }
    let name = option.split_whitespace().next().unwrap_or(&option).trim_start_matches('-');
    let valid = text(error, ContextKind::ValidValue);
    match suggestion(error, ContextKind::SuggestedValue, &value) {
        near if near.is_empty() => format!("unknown {name} '{value}'; valid: {valid}"),
        near => format!("unknown {name} '{value}'; valid: {valid}; did you mean '{near}'?"),
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
