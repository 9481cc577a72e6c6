//! What is observed, and what is made of it. All that happens is told here (`events`), and goes to the
//! session of the run (`kcore::session`), which decides which task may go on and knows which waits for which;
//! and to the log of stores.
//!
//! | module | noun |
//! |---|---|
//! | `events` | who listens, and where events arrive |
//! | [`participant`] | a task of the crew, and the one session that it asks |
//! | [`run`] | an experiment and its rounds, or seats for tasks that come by themselves |
//! | [`log`] | the log of stores to shared memory |
//! | [`watchdog`] | that a run has come to a stop, and that its tasks are given up |
//! | `patrol` | CPUs that the run has, and nothing done: `livelock` |
//! | [`explorer`] | every execution of an experiment, made on one CPU |
//! | `stop` | [`Stop`]: what was found; `oops`: the death of a task |
//! | `witness` | what the CPUs were doing: their backtraces, through non-maskable interrupts |

mod events;
pub mod explorer;
pub mod log;
mod oops;
pub mod participant;
mod patrol;
pub mod run;
mod stop;
pub mod watchdog;
mod witness;

pub(crate) use events::WANTED;
pub use events::{check_drivers, hear, hear_no_more};
pub use oops::Oops;
pub use participant::CREW;
pub use stop::{Cause, Seen, Stop};
pub use witness::Witness;
pub(crate) use witness::answer;
