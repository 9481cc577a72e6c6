//! The catalogue: what each experiment is, how it is run, what it must give, and why.
//!
//! The kernel runs the experiments and the lab explains them, both from this one description.
//!
//! | file | noun |
//! |---|---|
//! | `entry` | [`Experiment`]: one entry, and the words it is made of |
//! | `needs` | [`Needs`]: what a run must have, so that there is something to do |
//! | `matrix` | [`Row`]: which form gives what on which machine |
//! | `cells` | [`Trial`]: a cell of the matrix as a run |
//! | `catalogue` | [`ALL`] and [`find`] |
//! | [`page`] | the catalogue as people read it |
//! | `points` | the probe points of scull, and the [`Site`](crate::event::Site)s of the other experiments |
//! | `resolve` | [`resolve`]: a command line and an entry become a [`Resolved`] run |
//! | `verdict` | what a run's numbers say |
//! | all others | one entry each, with its texts |
//!
//! Texts are plain ASCII without line breaks inside a paragraph; `\n\n` parts paragraphs. Whoever prints them wraps them.

#![forbid(unsafe_code)]

mod aba;
mod abba;
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
mod catalogue;
mod cells;
mod counter;
mod double_up;
mod double_wake;
mod entry;
mod forgotten_unlock;
mod interrupted;
mod irq;
mod irq_other_cpu;
mod lost_wakeup;
mod matrix;
mod multithread_write;
mod needs;
pub mod page;
mod peterson;
mod points;
mod preempt;
mod request_queue;
mod resolve;
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
mod starvation;
mod tasklet;
mod timer;
mod unplug;
mod verdict;
mod workqueue;

pub use catalogue::{ALL, QUESTIONS, find};
pub use cells::{Trial, chosen, trials};
pub use entry::{Cause, Certain, Choice, Defaults, Experiment, Placement, Role, Roles, Usually, Work};
pub use matrix::{COLUMNS, Cell, Column, Row};
pub use needs::{Ground, Needs};
pub use points::*;
pub use resolve::{Resolved, resolve};
pub use verdict::is_expected;
