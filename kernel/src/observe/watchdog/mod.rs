//! The watchdog: it knows when the tasks of an experiment can never go on, says why, and gives them up. The machine goes
//! on.
//!
//! Four things bring it in, none of which is a clock, and a fifth where they see nothing. All of them are
//! asked of the run alone, of its tasks, handlers and softirqs (I21); what other jobs do is their business:
//!
//! - a lock event after which the wait-for graph has a cycle (`kcore::wait_for`): `deadlock`;
//! - a task that is about to sleep where nobody may: `invalid-context`;
//! - a task that dies of an exception or a panic: `oops`;
//! - all tasks of the run asleep, and nothing to come that could wake one: `stuck`;
//! - a run that has CPUs for seconds while nothing gets done: `livelock`.
//!
//! | file | noun |
//! |---|---|
//! | `watch` | the graph of the running experiment, and the events that it hears of |
//! | `patrol` | CPUs that the run has, and nothing done: `livelock` |
//! | `stop` | [`Stop`]: what was found; `oops`: the death of a task |
//! | `witness` | what the CPUs were doing: their backtraces, through non-maskable interrupts |

mod oops;
mod patrol;
mod stop;
mod watch;
mod witness;

pub use oops::Oops;
pub(crate) use patrol::event;
pub use stop::{Cause, Seen, Stop};
pub use watch::has_stopped;
pub(crate) use watch::{begin, begin_round, died, end, ended, lock, may_sleep, take};
pub use witness::Witness;
pub(crate) use witness::answer;
