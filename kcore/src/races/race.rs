//! A race, all of them, and each as people read it.

use alloc::format;
use alloc::string::String;

use crate::experiment::page::{Reader, wrap};
use crate::experiment::{self, Experiment};

use super::{device, driver, locks};

/// A race, or a mistake that is no race but found beside one. A and B are tasks; where it matters the text
/// says on which CPUs.
#[derive(Debug, PartialEq, Eq)]
pub struct Race {
    /// Its number, with the letter: `R1`.
    pub id: &'static str,
    /// A few words.
    pub title: &'static str,
    /// What A and B do, in the order that does the damage.
    pub interleaving: &'static str,
    /// The damage.
    pub effect: &'static str,
    /// The invariant that is broken, or what else shows that it happened.
    pub proof: &'static str,
    /// Where the books speak of it.
    pub sources: &'static [&'static str],
    /// Why no experiment shows it; [`None`] where one does.
    pub unshown: Option<&'static str>,
}

impl Race {
    /// The experiments that show it, in the order of their catalogue.
    pub fn shown_by(&self) -> impl Iterator<Item = &'static Experiment> + use<'_> {
        experiment::ALL.iter().copied().filter(|entry| entry.races.contains(&self.id))
    }
}

/// Every race, by number.
pub static ALL: &[&Race] = &[
    &device::R1,
    &device::R2,
    &device::R3,
    &device::R4,
    &device::R5,
    &device::R6,
    &device::R7,
    &device::R8,
    &device::R9,
    &device::R10,
    &driver::R11,
    &driver::R12,
    &driver::R13,
    &locks::R14,
    &driver::R15,
    &driver::R16,
    &driver::R18,
    &locks::R19,
    &locks::R20,
    &locks::R21,
    &locks::R22,
    &locks::R23,
    &locks::R24,
    &locks::R25,
    &locks::R26,
    &locks::R27,
    &locks::R28,
    &locks::R29,
    &locks::R30,
    &driver::R31,
    &driver::R32,
    &driver::R33,
    &driver::R34,
];

/// The race with the number `id`, in either case: `R1`, `r1`.
pub fn find(id: &str) -> Option<&'static Race> {
    ALL.iter().copied().find(|race| race.id.eq_ignore_ascii_case(id))
}

/// What happens, what it does, how that is proved, and which experiments show it.
pub fn explain(race: &Race, reader: Reader) -> String {
    let mut text = format!("{}\n", (reader.heading)(&format!("{}: {}", race.id, race.title)));
    let mut section = |name: &str, body: &str| text += &format!("\n{}\n{body}\n", (reader.heading)(name));
    for (name, paragraph) in
        [("Interleaving", race.interleaving), ("Effect", race.effect), ("Proof", race.proof)]
    {
        section(name, &wrap(paragraph, reader.width, "  ", "  "));
    }
    let sources = race.sources.iter().map(|source| wrap(source, reader.width, "  - ", "    "));
    section("In the books", &sources.collect::<alloc::vec::Vec<_>>().join("\n"));
    let mut shown: String =
        race.shown_by().map(|entry| format!("  {}\n", (reader.command)(entry, entry.unguarded()))).collect();
    if let Some(why) = race.unshown {
        shown = wrap(why, reader.width, "  ", "  ");
    }
    section("See it", shown.trim_end());
    text
}
