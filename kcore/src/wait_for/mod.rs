//! The wait-for graph of a running experiment, and the search that names a deadlock (LKD ch. 9, "Deadlocks").
//!
//! The [`Graph`] is a pure state machine, kept by the [`Session`](crate::session::Session) of a run: it is
//! told every lock event, and asked by [`Graph::search`] after each wait: it answers as soon as it is certain
//! that the caller waits for ever. When nothing moves any more for a reason that no lock event tells,
//! [`Graph::stuck`] says what is known.
//!
//! Who waits for whom:
//!
//! | waiter | waits for | because |
//! |---|---|---|
//! | an actor that found a lock taken | its holders | they have to give it back |
//! | an actor below a handler | the handler | the handler has its CPU until it returns |
//! | a task that is not on its CPU | an actor that spins there and keeps the CPU | tasks do not change CPUs |
//! | anybody | a task that has returned | it will give nothing back |
//!
//! An actor is stuck when every actor that could help it is stuck: the search starts with all that wait and
//! strikes out those who can go on, until nothing changes. Of a lock with several holders (readers, units)
//! any of them counts as help.
//!
//! | file | noun |
//! |---|---|
//! | `actor` | [`Seat`]: how an actor sits on its CPU |
//! | `tasks` | [`Tasks`]: what the search asks the scheduler |
//! | `graph` | [`Graph`]: the events |
//! | `set` | the waits that are not struck out yet |
//! | `search` | the search |
//! | `finding` | [`Finding`] and [`Edge`]: the answer, and its records for the wire |
//! | `text` | the answer for people |

#![forbid(unsafe_code)]

mod actor;
mod finding;
mod graph;
mod search;
mod set;
mod tasks;
mod text;

pub use actor::Seat;
pub use finding::{EDGES, Edge, Finding, What, label};
pub use graph::{Graph, WAITS};
pub use tasks::{Apart, Tasks, Where};
pub use text::At;
