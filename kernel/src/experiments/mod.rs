//! The experiments on this machine. What each of them is, and what its tasks do, is in `kcore`; here is what
//! only a kernel can do.
//!
//! - [`trial`]: one run of an experiment, and what it found; what the tasks of each do in a round.
//! - `rig`: this machine, as the experiments of `kcore` see it.
//! - [`crew`]: the tasks of a round.
//! - [`explored`]: all executions of an experiment.
//! - [`leaks`]: which blocks were lost, and by which store.
//! - `counting`: the number that handlers count, and tasklets.
//! - all others: a body each, which needs an interrupt, a timer, a work queue, or a signal.

mod alone;
mod counting;
pub mod crew;
pub mod explored;
mod interrupted;
mod irq;
pub mod leaks;
mod rig;
mod stack_semaphore;
mod tasklet;
mod timer;
pub mod trial;
mod workqueue;

pub use alone::alone;
pub(crate) use alone::died;
pub use kcore::experiment::Refusal;
pub use trial::{Outcome, run};

use crate::machine::Kernel;

/// A run in the making, on this machine.
type Stage<'a> = kcore::experiment::Stage<'a, Kernel>;
