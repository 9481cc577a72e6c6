//! How tasks pass probe points, as words.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::key::{Key, Value, Values};
use super::usage::{Usage, number};
use crate::probe::Step;

/// How tasks pass probe points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// They do not notice them.
    Off,
    /// They execute PAUSE once.
    Pause,
    /// They execute PAUSE this often, or for 10 microseconds each.
    Delay(u32),
    /// All tasks meet at one of these points before any goes on. Empty: the experiment's own points.
    Rendezvous(Vec<String>),
    /// They pass in this order. Empty: the experiment's own script.
    Script(Vec<String>),
    /// The experiment's interrupt comes when a task is at one of these points. Empty: the experiment's own
    /// points.
    Fire(Vec<String>),
}

/// The modes as they are written, and what they do.
const MODES: &[&str] =
    &["off", "pause", "delay=N", "rendezvous[=POINT]", "script[=STEPS]", "fire[=POINT]", "replay=STRING"];
const MEANINGS: &[&str] = &[
    "The tasks do not notice the points.",
    "They execute PAUSE there once.",
    "They execute PAUSE there N times, or for 10 us each.",
    "They meet there, and then go on: at the experiment's own points, or at POINT,POINT,...",
    "They pass in this order and no other: the experiment's own, or STEPS as in A.slot.load,B.slot.load; A*5 is \
     any five steps of A's, also those that are no points.",
    "There comes the experiment's interrupt, or the tick that ends the slice.",
    "They make the steps that explore has found, in that order: STRING is what it says after again:, or @ and a file. The \
     host makes a script of it.",
];

impl Probe {
    /// What can be said.
    pub const VALUES: Values = Values::Words { words: MODES, meanings: MEANINGS };
}

impl Value for Probe {
    fn read(_: &Key, word: &str) -> Result<Self, Usage> {
        word.parse()
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Probe::Off => f.write_str("off"),
            Probe::Pause => f.write_str("pause"),
            Probe::Delay(n) => write!(f, "delay={n}"),
            Probe::Rendezvous(points) if points.is_empty() => f.write_str("rendezvous"),
            Probe::Rendezvous(points) => write!(f, "rendezvous={}", points.join(",")),
            Probe::Script(steps) if steps.is_empty() => f.write_str("script"),
            Probe::Script(steps) => write!(f, "script={}", steps.join(",")),
            Probe::Fire(points) if points.is_empty() => f.write_str("fire"),
            Probe::Fire(points) => write!(f, "fire={}", points.join(",")),
        }
    }
}

impl FromStr for Probe {
    type Err = Usage;
    /// One of the modes; steps may also be parted by spaces.
    fn from_str(word: &str) -> Result<Self, Usage> {
        let (mode, argument) = match word.split_once('=') {
            Some((mode, argument)) => (mode, Some(argument)),
            None => (word, None),
        };
        let list = || -> Vec<String> {
            let parts = argument.unwrap_or("").split([',', ' ']);
            parts.filter(|part| !part.is_empty()).map(ToString::to_string).collect()
        };
        match (mode, argument) {
            ("off", None) => Ok(Probe::Off),
            ("pause", None) => Ok(Probe::Pause),
            ("delay", Some(n)) => Ok(Probe::Delay(number("probe delay", n, 1, 1_000_000)? as u32)),
            ("delay", None) => Err(Usage::new("probe delay needs a number of PAUSEs: delay=N")),
            ("rendezvous", _) => Ok(Probe::Rendezvous(list())),
            ("fire", _) => Ok(Probe::Fire(list())),
            ("script", _) => {
                let steps = list();
                steps.iter().try_for_each(|word| Step::of(word).map(drop))?;
                Ok(Probe::Script(steps))
            }
            ("replay", Some(_)) => Err(Usage::new(
                "a replay string counts steps that no kernel hears of: the host makes a script of it (cargo run -- \
                 run EXPERIMENT --probe replay=STRING)",
            )),
            _ => Err(Usage::unknown("probe mode", word, MODES)),
        }
    }
}
