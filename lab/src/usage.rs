//! One line for each mistake on the command line, with what may have been meant.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use kcore::settings::{self, Usage, nearest};

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
    Usage::unknown("command", &word, &names).message
}

/// None, or one of a list of clap's. Our own parsers have said what is wrong.
fn no_value(error: &clap::Error) -> String {
    let (arg, word) = (text(error, ContextKind::InvalidArg), text(error, ContextKind::InvalidValue));
    if word.is_empty() {
        return format!("{arg} needs a value");
    }
    let valid = text(error, ContextKind::ValidValue);
    let valid: Vec<&str> = valid.split(", ").collect();
    Usage::listed(&format!("{arg} cannot be '{word}'"), &word, &valid).message
}

fn unknown_argument(error: &clap::Error) -> String {
    let word = text(error, ContextKind::InvalidArg);
    if let Some((key, value)) = word.split_once('=').filter(|(key, _)| settings::find(key).is_some()) {
        return format!("unexpected word '{word}'; did you mean '--{key} {value}'?");
    }
    let what = if word.starts_with('-') { "unknown option" } else { "unexpected word" };
    let program = cli::program();
    let all = program.get_arguments().chain(program.get_subcommands().flat_map(clap::Command::get_arguments));
    let longs: Vec<String> = all.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
    let near = nearest(&word, longs.iter().map(String::as_str).filter(|_| word.starts_with('-')));
    match near {
        Some(near) => format!("{what} '{word}'; did you mean '{near}'?"),
        None => format!("{what} '{word}'"),
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

/// What clap knows about the mistake, empty if nothing.
fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}
