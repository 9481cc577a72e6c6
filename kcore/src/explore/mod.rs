//! All executions of some tasks, each once.
//!
//! An execution is a sequence of [`Step`]s. Two that differ only in the order of steps that do not
//! [conflict](Step::conflicts) end alike, so one of them is enough. A [`Search`] is asked before each step
//! which task is to make its own, and after each execution whether there is another to be made; it knows
//! nothing of what the steps mean.
//!
//! | file | noun |
//! |---|---|
//! | `step` | [`Step`]: what a task does next, and what conflicts |
//! | `trace` | [`Trace`]: the execution under way, what happened before what, and its [`Race`]s |
//! | `chains` | [`Chains`]: things by a number, all of them forgotten in one go |
//! | `data_race` | [`DataRaces`]: plain accesses that nothing orders |
//! | `wakeup` | [`WakeupTree`]: what is still to be made from one point on |
//! | `node` | the points from which executions part: what was begun there, and what is still to be made |
//! | `frontier` | [`Frontier`]: what is still to be made, where several searches make it |
//! | `search` | [`Search`]: which execution comes next |
//! | `jobs` | [`Jobs`]: searches that share what is to be made |
//! | `events` | what can happen, in whichever execution: each once |
//! | `bounded` | [`Bounded`]: executions with few preemptions first |
//! | `schedule` | [`Schedule`]: the turns of tasks in one execution |
//! | `follow` | [`Follow`]: one execution, told beforehand |
//! | `driver` | [`Driver`]: who decides; [`Trouble`]: why an execution says nothing |
//! | `survey` | [`Survey`]: how executions [end](End), and how many of them how |
//! | `transcript` | [`Transcript`]: the steps of one, with their names and source lines |
//! | `replay` | [`Replay`]: one that is made once more, with as few switches as it needs |
//! | `recipe` | [`Recipe`]: one as people pass it on |
//! | [`sheet`] | one, for people |
//! | [`account`] | all of them, for people |

#![forbid(unsafe_code)]

pub mod account;
mod bounded;
mod chains;
mod data_race;
mod driver;
mod events;
mod follow;
mod frontier;
mod jobs;
mod node;
mod recipe;
mod replay;
mod schedule;
mod search;
pub mod sheet;
mod step;
mod survey;
mod trace;
mod transcript;
mod wakeup;

pub use bounded::Bounded;
pub use chains::Chains;
pub use data_race::{DataRace, DataRaces, Plain, Unordered};
pub use driver::{Driver, Trouble};
pub use follow::Follow;
pub use frontier::{Frontier, Part};
pub use jobs::{Desk, Jobs, Known, Maker};
pub use recipe::{MemoryModel, QSET, QUANTUM, Recipe, hash};
pub use replay::Replay;
pub use schedule::{BUFFER, FAILURE, Schedule, Turn};
pub use search::{Divergence, Next, Search, Share, Want};
pub use step::{Act, Object, Step};
pub use survey::{Damage, End, Ends, Survey};
pub use trace::{Race, Trace};
pub use transcript::{Allocated, Line, Of, Transcript};
pub use wakeup::{After, Move, WakeupTree};
