//! `list --commands`: every command, option, word, exit status and field of the report, told by the tables
//! that make them. `docs/COMMANDS.md` is this text.

use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory};
use kcore::settings::{self, Config, Fault, Key, MOST_LISTED, Values, size};

use crate::cli::Request;
use crate::scope::is_for;
use crate::status::Status;

use super::records;
use super::text::{code, heads, row};

const ABOVE: &str = "\
# Commands, options, exit statuses, JSON

`cargo run -- COMMAND --key value`. On the kernel's own command line, and at the prompt of `shell`, the same words are
written `COMMAND key=value`; there, only the options of a run can be chosen. `cargo run -- list --commands` prints this
page, from the tables that the program itself is made of, and a test compares the two.

";

const RECORDS: &str = "\
## JSON lines

`--json FILE` writes one object a line, of these types; the last line is always a `summary`. Fields may be added; none is
renamed. Where there is a `backtrace` there is `symbols`, too: the function and the source line of each address.

A run with `out_of_memory` calls and no damage is not `clean`: what would have come of the work that was not done is not
known. Its verdict is `not-tried`, which is as expected only where it was asked for.

";

/// The whole page.
pub fn render() -> String {
    let program = Request::command();
    let mut text = ABOVE.to_string();
    text.push_str("## Commands\n\n");
    program.get_subcommands().for_each(|command| text.push_str(&section(&program, "", command)));
    for heading in ["Experiment", "Machine", "Output"] {
        text.push_str(&options(heading, &program));
    }
    text.push_str("## Words\n\n");
    let mut lists: Vec<(Vec<String>, &Values)> = Vec::new();
    for key in settings::keys() {
        let name = format!("`--{}`", key.name);
        match lists.iter_mut().find(|(_, list)| list.words().eq(key.values.words())) {
            Some((names, _)) => names.push(name),
            None => lists.push((vec![name], &key.values)),
        }
    }
    lists.push((vec!["`--config`".to_string()], &Config::VALUES));
    lists.push((vec!["`fault KIND`".to_string()], &Fault::VALUES));
    lists.iter().for_each(|(names, list)| text.push_str(&words(&names.join(", "), list)));
    text.push_str("## Exit status\n\n");
    heads(&mut text, &["status", "meaning"]);
    for (status, meaning) in Status::ALL {
        row(&mut text, [&(*status as u8).to_string(), *meaning]);
    }
    text.push_str(
        "\nA machine whose output is no longer read (`| head`) is stopped without a word, with status 5.\n\n",
    );
    text.push_str(RECORDS);
    text.push_str(&records::tables());
    text.trim_end().to_string() + "\n"
}

/// A command: how it is written, what it does, the options that it alone has, and those of all that it takes;
/// others are refused.
fn section(program: &Command, of: &str, command: &Command) -> String {
    let name = format!("{of}{}", command.get_name());
    let (positional, own): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().partition(|arg| arg.is_positional());
    let arguments: String = positional.iter().map(|arg| format!(" {}", in_brackets(arg))).collect();
    let mut text = format!("### `{name}{arguments}`\n\n");
    let about = command.get_long_about().or(command.get_about());
    let _ = writeln!(text, "{}.\n", about.map(ToString::to_string).unwrap_or_default().trim_end_matches('.'));
    for arg in positional.iter().chain(&own) {
        let _ = writeln!(text, "- `{}`: {}", written(arg), help(arg));
    }
    let outermost = name.split(' ').next().unwrap_or_default();
    let taken: Vec<String> = program
        .get_arguments()
        .filter(|arg| is_for(arg.get_id().as_str(), outermost))
        .filter_map(|arg| Some(format!("--{}", arg.get_long()?)))
        .collect();
    let _ = match taken.is_empty() {
        true => writeln!(text, "- It takes none of the options below."),
        false => {
            writeln!(text, "- Of the options below it takes {}.", code(taken.iter().map(String::as_str)))
        }
    };
    let mut text = text.trim_end().to_string() + "\n\n";
    command.get_subcommands().for_each(|inner| text.push_str(&section(program, &format!("{name} "), inner)));
    text
}

/// The options under one heading: the keys, and what only this program knows.
fn options(heading: &str, program: &Command) -> String {
    let what = match heading {
        "Experiment" => "Options of a run",
        "Machine" => "Options of the machine",
        _ => "Options of the terminal and the report",
    };
    let mut text = format!("## {what}\n\n");
    heads(&mut text, &["option", "what it is", "values", "if not given"]);
    for arg in program.get_arguments().filter(|arg| arg.get_help_heading() == Some(heading)) {
        let name = format!("`{}`", written(arg));
        match settings::find(arg.get_id().as_str()) {
            Some(key) => {
                row(&mut text, [&name, key.what(), &values(key), key.otherwise.text()]);
            }
            None => row(&mut text, [&name, &help(arg), "", ""]),
        }
    }
    text + "\n"
}

/// What a key may be.
fn values(key: &Key) -> String {
    match key.values {
        Values::Words { words, .. } if words.len() > MOST_LISTED => {
            format!("one of [these](#--{})", key.name)
        }
        Values::Words { words, .. } => code(words.iter().copied()),
        Values::Number { least, most: u64::MAX } => format!("{least} and more"),
        Values::Number { least, most } => format!("{least} to {most}"),
        Values::Size { least, most: u64::MAX } => format!("{least} and more"),
        Values::Size { least, most } => format!("{} to {}", size(least), size(most)),
        Values::Text { valid, .. } => valid.to_string(),
    }
}

/// The words of a list, with what each of them means; nothing where there is no list.
fn words(name: &str, values: &Values) -> String {
    let Values::Words { words, meanings } = values else { return String::new() };
    let mut text = format!("### {name}\n\n");
    heads(&mut text, &["word", "meaning"]);
    for (word, meaning) in words.iter().zip(*meanings) {
        row(&mut text, [&format!("`{word}`"), meaning.trim()]);
    }
    text + "\n"
}

/// `--script FILE`, `EXPERIMENT`.
fn written(arg: &Arg) -> String {
    let value = || arg.get_value_names().unwrap_or_default().join(" ").replace('|', "\\|");
    match arg.get_long() {
        Some(long) if arg.get_action().takes_values() => format!("--{long} {}", value()),
        Some(long) => format!("--{long}"),
        None => arg.get_short().map_or_else(value, |short| format!("-{short} {}", value())),
    }
}

/// `EXPERIMENT`, `[EXPERIMENT]`.
fn in_brackets(arg: &Arg) -> String {
    if arg.is_required_set() { written(arg) } else { format!("[{}]", written(arg)) }
}

fn help(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}
