//! The page of the commands.

use clap::CommandFactory;
use kcore::report::{Record, Run};
use kcore::settings::{self, Values};
use lab::cli::Request;
use lab::documents::commands;

/// The page is made of what clap and the table of keys know, and of what serde writes: each of these is in
/// it.
#[test]
fn the_page_of_the_commands_lacks_nothing() {
    let page = commands::render();
    let has = |part: String| assert!(page.contains(&part), "{part} is not there");
    for command in Request::command().get_subcommands() {
        has(format!("### `{}", command.get_name()));
        command.get_opts().for_each(|own| has(format!("`--{}", own.get_long().unwrap())));
    }
    for key in settings::keys() {
        has(format!("| `--{} ", key.name));
        if let Values::Words { words, .. } = key.values {
            words.iter().for_each(|word| has(format!("| `{word}` | ")));
        }
    }
    let run = serde_json::to_value(Record::Run(Run::default())).unwrap();
    for field in run.as_object().unwrap().keys().filter(|field| *field != "type") {
        has(format!("| `{field}` | "));
    }
    (0..=5).for_each(|status| has(format!("| {status} | ")));
}
