//! One race.

use crate::experiment::{self, Experiment};

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
