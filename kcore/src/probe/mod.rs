//! Probe points: how tasks pass them, so that a race can be had on demand.
//!
//! The [`Engine`] is a pure state machine, kept by the [`Session`](crate::session::Session) of a run: it is
//! told what happens (a task starts, arrives at a point, waits for a lock, takes it, gives it back,
//! finishes), and says which tasks sleep and which are woken.
//!
//! | file | noun |
//! |---|---|
//! | `plan` | [`Plan`] and [`Step`]: what the command line asks for |
//! | `engine` | [`Engine`]: the events and their answers |
//! | `crew` | the participants: who can run and who cannot, and why |
//! | `rendezvous` | the barrier |
//! | `script` | the token that goes from step to step |
//! | `reason` | [`GivenUp`]: why a step of a script could not happen |

#![forbid(unsafe_code)]

mod crew;
mod engine;
mod plan;
mod reason;
mod rendezvous;
mod script;

pub use engine::{Decision, Engine, Meetings, Wake};
pub use plan::{Defaults, Plan, Step};
pub use reason::{GivenUp, Name, Obstacle};
