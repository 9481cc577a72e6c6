//! The catalogue: what each experiment is, how it is run, what it must give, and why.
//!
//! The kernel and the host machine run the experiments, and the lab explains them, all from this one
//! description.
//!
//! | file | noun |
//! |---|---|
//! | `entry` | [`Experiment`]: one entry, and the words it is made of |
//! | `choice` | [`Choice`]: what of a run decides what it must give |
//! | `needs` | [`Needs`]: what a run must have, so that there is something to do |
//! | `matrix` | [`Row`]: which form gives what on which machine |
//! | `cells` | [`Trial`]: a cell of the matrix as a run |
//! | `catalogue` | `catalogue!`, which makes [`ALL`], and [`find`] |
//! | [`page`] | the catalogue as people read it |
//! | `points` | the probe points of the drivers, and the [`Site`](crate::event::Site)s that several experiments share |
//! | `resolve` | [`resolve`]: a command line and an entry become a [`Resolved`] run |
//! | `verdict` | what a run's numbers say |
//! | [`stage`] | what the bodies stand on, and what a machine must give for that |
//! | all others | one experiment each: its entry, its texts, and its body, unless that is the kernel's |
//!
//! Texts are plain ASCII without line breaks inside a paragraph; `\n\n` parts paragraphs. They are wrapped
//! when they are printed.

#![deny(unsafe_code)]

#[macro_use]
mod catalogue;
mod cells;
mod choice;
mod entry;
mod matrix;
mod needs;
pub mod page;
mod points;
mod resolve;
#[expect(unsafe_code, reason = "rounds begin stretches of a heap's time, and one raw structure is here")]
pub mod stage;
mod verdict;

pub use catalogue::{QUESTIONS, find};
pub use cells::{Trial, chosen, trials};
pub use choice::Choice;
pub use entry::{
    Cause, Certain, Defaults, Experiment, Placement, Quanta, Role, Roles, Smallest, Usually, Variant, Work,
};
pub use matrix::{COLUMNS, Cell, Column, Row};
pub use needs::{Ground, Needs};
pub use points::*;
pub use resolve::{Resolved, check, resolve};
pub use stage::{Body, Refusal, Rig, Stage};
pub use verdict::Verdict;

catalogue! {
    scull_leak,
    scull_read,
    scull_publish,
    scull_size,
    scull_torn,
    scull_trim,
    counter,
    torn_pair,
    broken_lock,
    bit_lock,
    peterson,
    request_queue,
    aba,
    multithread_write,
    preempt,
    irq: kernel,
    irq_other_cpu: kernel,
    softirq: kernel,
    tasklet: kernel,
    timer: kernel,
    workqueue: kernel,
    sleep,
    sleep_in_atomic,
    lost_wakeup,
    double_wake,
    interrupted: kernel,
    stack_semaphore: kernel,
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
