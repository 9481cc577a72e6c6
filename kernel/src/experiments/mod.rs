//! The experiments: one file each, and what they share.
//!
//! - [`trial`]: one run of an experiment, its rounds, its counts and its verdict.
//! - [`crew`]: the tasks of a round.
//! - `scull`: a round on a scull device, with the ledger's account of it.
//! - `pipe`: a round on pipes, with the account of their bytes and buffers.
//! - [`leaks`]: which blocks were lost, and by which store.
//! - `counting`: a number that is counted up, and the guard under which that is done.
//! - `meeting`: how tasks meet without a probe.
//! - `stamps`: bytes that tell who wrote them.
//!
//! The catalogue of `kcore` says what each of them is; here is what its tasks do.

mod aba;
mod abba;
mod alone;
mod book_alloc;
mod book_exchange;
mod book_geometry;
mod book_pipe_if;
mod book_pipe_size;
mod book_proc;
mod book_quantum;
mod book_single;
mod book_trim;
mod broken_lock;
mod counter;
mod counting;
pub mod crew;
mod double_up;
mod double_wake;
mod forgotten_unlock;
mod hidden;
mod interrupted;
mod irq;
mod irq_other_cpu;
pub mod leaks;
mod lost_wakeup;
mod meeting;
mod multithread_write;
mod object;
mod peterson;
mod pipe;
mod preempt;
mod request_queue;
mod scull;
mod scull_leak;
mod scull_publish;
mod scull_read;
mod scull_size;
mod scull_torn;
mod scull_trim;
mod self_deadlock;
mod sleep;
mod sleep_in_atomic;
mod soak;
mod softirq;
mod stack_semaphore;
mod stamps;
mod starvation;
mod tasklet;
mod timer;
pub mod trial;
mod unit;
mod unplug;
mod workqueue;

pub use alone::alone;
pub(crate) use alone::died;
pub use trial::{Outcome, Refusal, run};
