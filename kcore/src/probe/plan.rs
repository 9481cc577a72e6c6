//! What the command line asks for.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::settings::{Probe, Usage};

/// How the participants of an experiment pass probe points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// They do not notice them.
    Pass,
    /// They execute PAUSE this often at each point, or for 10 microseconds each. The caller does so by
    /// itself, without the [`Engine`](super::Engine).
    Delay(u32),
    /// All meet at one of the points before any goes on.
    Rendezvous {
        /// The points, as in `slot.store`.
        points: Vec<String>,
    },
    /// They pass in the order of the steps.
    Script(Vec<Step>),
    /// The experiment's interrupt comes at each of the points.
    Fire {
        /// The points, as in `slot.store`.
        points: Vec<String>,
    },
}

/// What an experiment does where the command line names no points or steps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults<'a> {
    /// Where its tasks meet.
    pub points: &'a [&'a str],
    /// The order of its tasks.
    pub script: &'a [&'a str],
    /// Where its interrupt comes.
    pub fire: &'a [&'a str],
}

impl Plan {
    /// The plan for `probe`; where it leaves its points or steps open, those of the experiment are taken.
    ///
    /// Fails when a step is not `LETTER.POINT`, or when there is no point or step at all.
    pub fn new(probe: &Probe, defaults: &Defaults<'_>) -> Result<Plan, Usage> {
        match probe {
            Probe::Off => Ok(Plan::Pass),
            Probe::Pause => Ok(Plan::Delay(1)),
            Probe::Delay(n) => Ok(Plan::Delay(*n)),
            Probe::Rendezvous(given) => {
                let points = given_or(given, defaults.points);
                match points.is_empty() {
                    true => Err(Usage::new("no point is named, and none is usual here: rendezvous=POINT")),
                    false => Ok(Plan::Rendezvous { points }),
                }
            }
            Probe::Fire(given) => {
                let points = given_or(given, defaults.fire);
                match points.is_empty() {
                    true => Err(Usage::new("this experiment has no interrupt of its own")),
                    false => Ok(Plan::Fire { points }),
                }
            }
            Probe::Script(given) => {
                let steps = given_or(given, defaults.script);
                match steps.is_empty() {
                    true => Err(Usage::new("no step is named, and none is usual here: script=STEPS")),
                    false => {
                        let steps: Vec<Vec<Step>> =
                            steps.iter().map(|word| Step::of(word)).collect::<Result<_, _>>()?;
                        Ok(Plan::Script(steps.concat()))
                    }
                }
            }
        }
    }
}

impl Plan {
    /// Whether it orders all steps of tasks, and not only those that pass points: then it has to hear of all.
    pub fn orders_all(&self) -> bool {
        matches!(self, Plan::Script(steps) if steps.iter().any(|step| step.point == ANY))
    }
}

impl Plan {
    /// Refuses it if it names a point that no task passes in `place`, where there are the points `known`.
    pub fn check(&self, place: &str, known: &[&str]) -> Result<(), Usage> {
        let is_strange = |point: &&str| !known.contains(point);
        let strange = match self {
            Plan::Pass | Plan::Delay(_) => None,
            Plan::Rendezvous { points } | Plan::Fire { points } => {
                points.iter().map(String::as_str).find(is_strange)
            }
            Plan::Script(steps) => {
                steps.iter().map(|step| step.point.as_str()).find(|point| *point != ANY && is_strange(point))
            }
        };
        strange.map_or(Ok(()), |point| Err(Usage::unknown(&format!("probe point of {place}"), point, known)))
    }
}

fn given_or(given: &[String], default: &[&str]) -> Vec<String> {
    match given.is_empty() {
        true => default.iter().map(ToString::to_string).collect(),
        false => given.to_vec(),
    }
}

/// The point of a step that may be any, also one that is no point: what a task does next that others notice.
pub(super) const ANY: &str = "*";

/// The most steps that one word means.
const MOST_STEPS: usize = 100_000;

/// One step of a script: this participant passes this point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The participant, from 0 (written `A`).
    pub who: u8,
    /// The point, as in `slot.load`, `slot.store`, `copy.start`.
    pub point: String,
}

impl Step {
    /// The steps that a word means: `A.slot.load`; `A*5` is five of A's, whichever they are.
    ///
    /// # Errors
    /// It is neither.
    pub fn of(word: &str) -> Result<Vec<Step>, Usage> {
        match word.split_once(ANY).map(|(who, count)| (who.as_bytes(), count.parse())) {
            Some(([letter @ b'A'..=b'Z'], Ok(count @ 1..=MOST_STEPS))) => {
                Ok(alloc::vec![Step { who: letter - b'A', point: ANY.to_string() }; count])
            }
            Some(_) => Err(Usage::new(format!("script steps '{word}' are not LETTER*COUNT, as in A*5"))),
            None => word.parse().map(|step| alloc::vec![step]),
        }
    }
}

impl FromStr for Step {
    type Err = Usage;
    /// `LETTER.POINT`.
    fn from_str(step: &str) -> Result<Self, Usage> {
        match step.split_once('.').map(|(who, point)| (who.as_bytes(), point)) {
            Some(([letter @ b'A'..=b'Z'], point)) if !point.is_empty() => {
                Ok(Step { who: letter - b'A', point: point.to_string() })
            }
            _ => Err(Usage::new(format!("script step '{step}' is not LETTER.POINT, as in A.slot.load"))),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", super::Name(self.who), self.point)
    }
}
