//! Why a step of a script could not happen, kept as data: sentences are made when the run is over, because
//! the engine is called with interrupts off, where nothing may be allocated.

use alloc::format;
use alloc::string::ToString;
use core::fmt;

use super::plan::Step;
use crate::report;

/// A participant, by its letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name(pub u8);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..26 => write!(f, "{}", char::from(b'A' + self.0)),
            _ => write!(f, "task {}", u32::from(self.0) + 1),
        }
    }
}

/// What keeps a participant from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It waits for a lock.
    Lock {
        /// The lock's name.
        name: &'static str,
        /// The participant that has it, if one has.
        holder: Option<u8>,
    },
    /// It sleeps, and no other has woken it yet.
    Asleep,
    /// It shares its CPU with this participant, which keeps it while it waits.
    Cpu {
        /// The other one.
        by: u8,
    },
    /// It has finished.
    Finished,
    /// The experiment has no such participant.
    Nobody,
}

/// A step that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp {
    /// Which, from 0.
    pub step: usize,
    /// Why.
    pub why: Obstacle,
}

impl GivenUp {
    /// The line of the report; `step` is the step of the script.
    pub fn report(&self, step: &Step) -> report::Step {
        report::Step {
            step: self.step as u32 + 1,
            point: step.to_string(),
            reason: format!("{}", Sentence { step, why: self.why }),
        }
    }
}

struct Sentence<'a> {
    step: &'a Step,
    why: Obstacle,
}

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = Name(self.step.who);
        let what = Deed(&self.step.point);
        match self.why {
            Obstacle::Lock { name, holder: Some(holder) } if holder == self.step.who => {
                write!(f, "{who} cannot {what}: it waits for {name}, which it holds itself")
            }
            Obstacle::Lock { name, holder: Some(holder) } => {
                write!(f, "{who} cannot {what}: it waits for {name}, held by {}", Name(holder))
            }
            Obstacle::Lock { name, holder: None } => write!(f, "{who} cannot {what}: it waits for {name}"),
            Obstacle::Asleep => write!(f, "{who} cannot {what}: it sleeps, and no other wakes it"),
            Obstacle::Cpu { by } => write!(f, "{who} cannot {what}: {} keeps the CPU they share", Name(by)),
            Obstacle::Finished => write!(f, "{who} does not come to {what}: it has finished"),
            Obstacle::Nobody => write!(f, "{who} does not come to {what}: there is no {who}"),
        }
    }
}

/// A point as a thing that is done: `load slot`, `store slot`, `reach copy.half`.
struct Deed<'a>(&'a str);

impl fmt::Display for Deed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(site) = self.0.strip_suffix(".load") {
            write!(f, "load {site}")
        } else if let Some(site) = self.0.strip_suffix(".store") {
            write!(f, "store {site}")
        } else {
            write!(f, "reach {}", self.0)
        }
    }
}
