//! A race as people read it.

use alloc::format;
use alloc::string::String;

use super::race::Race;
use crate::experiment::page::{Reader, WIDTH, wrap};

/// What happens, what it does, how that is proved, and which experiments show it.
pub fn explain(race: &Race, reader: Reader) -> String {
    let mut text = format!("{}\n", (reader.heading)(&format!("{}: {}", race.id, race.title)));
    let mut section = |name: &str, body: &str| text += &format!("\n{}\n{body}\n", (reader.heading)(name));
    for (name, paragraph) in
        [("Interleaving", race.interleaving), ("Effect", race.effect), ("Proof", race.proof)]
    {
        section(name, &wrap(paragraph, WIDTH, "  ", "  "));
    }
    let sources = race.sources.iter().map(|source| wrap(source, WIDTH, "  - ", "    "));
    section("In the books", &sources.collect::<alloc::vec::Vec<_>>().join("\n"));
    let mut shown: String =
        race.shown_by().map(|entry| format!("  {}\n", (reader.command)(entry, entry.unguarded()))).collect();
    if let Some(why) = race.unshown {
        shown = wrap(why, WIDTH, "  ", "  ");
    }
    section("See it", shown.trim_end());
    text
}
