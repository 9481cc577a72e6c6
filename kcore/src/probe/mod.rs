//! Probe points: how tasks pass them, so that a race can be had on demand.
//!
//! The [`Engine`] is a pure state machine. Whoever runs the tasks keeps one behind a spinlock, tells it what happens
//! (a task starts, arrives at a point, waits for a lock, takes it, gives it back, finishes), and puts tasks to sleep and
//! wakes them as it says. The kernel does so with real CPUs; the host tests simulate them.
//!
//! | file | noun |
//! |---|---|
//! | `plan` | [`Plan`] and [`Step`]: what the command line asks for |
//! | `engine` | [`Engine`]: the events and their answers |
//! | `crew` | the participants: who can run and who cannot, and why |
//! | `locks` | who holds which lock, as far as the events tell |
//! | `rendezvous` | the barrier |
//! | `script` | the token that goes from step to step |
//! | `seats` | [`Seats`]: who is a participant that comes by itself |
//! | `reason` | [`GivenUp`]: why a step of a script could not happen |

#![forbid(unsafe_code)]

mod crew;
mod engine;
mod locks;
mod plan;
mod reason;
mod rendezvous;
mod script;
mod seats;

pub use engine::{Decision, Engine, Meetings, Wake};
pub use plan::{Defaults, Plan, Step};
pub use reason::{GivenUp, Name, Obstacle};
pub use seats::{Seat, Seats};
