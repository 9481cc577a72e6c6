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
//! | `catalogue` | `catalogue!`, which makes [`ALL`], and [`find`] |
//! | [`page`] | the catalogue as people read it |
//! | `points` | the probe points of scull, and the [`Site`](crate::event::Site)s of the other experiments |
//! | `resolve` | [`resolve`]: a command line and an entry become a [`Resolved`] run |
//! | `verdict` | what a run's numbers say |
//! | all others | one entry each, with its texts |
//!
//! Texts are plain ASCII without line breaks inside a paragraph; `\n\n` parts paragraphs. Whoever prints them wraps them.

#![forbid(unsafe_code)]

#[macro_use]
mod catalogue;
mod cells;
mod entry;
mod matrix;
mod needs;
pub mod page;
mod points;
mod resolve;
mod verdict;

pub use catalogue::{QUESTIONS, find};
pub use cells::{Trial, chosen, trials};
pub use entry::{
    Cause, Certain, Choice, Defaults, Experiment, Placement, Quanta, Role, Roles, Usually, Variant, Work,
};
pub use matrix::{COLUMNS, Cell, Column, Row};
pub use needs::{Ground, Needs};
pub use points::*;
pub use resolve::{Resolved, resolve};
pub use verdict::is_expected;

catalogue! {
    scull_leak,
    scull_read,
    scull_publish,
    scull_size,
    scull_torn,
    scull_trim,
    counter,
    broken_lock,
    peterson,
    request_queue,
    aba,
    multithread_write,
    preempt,
    irq,
    irq_other_cpu,
    softirq,
    tasklet,
    timer,
    workqueue,
    sleep,
    sleep_in_atomic,
    lost_wakeup,
    double_wake,
    interrupted,
    stack_semaphore,
    abba,
    self_deadlock,
    forgotten_unlock,
    double_up,
    unplug,
    starvation,
    soak,
    book_geometry,
    book_proc,
    book_exchange,
    book_quantum,
    book_trim,
    book_single,
    book_alloc,
    book_pipe_if,
    book_pipe_size,
}
