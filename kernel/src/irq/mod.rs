//! Interrupts, and the work that they leave for later (LDD3 ch. 7 and 10; LKD ch. 7, 8 and 11).
//!
//! ```text
//!   interrupt handler     interrupts off     [device], the APIC's timer, COM1's receiver
//!    └ softirq            interrupts on      on the way out of the interrupt, on the same CPU
//!       ├ timer                              a function at a moment
//!       └ tasklet                            a function soon, on one CPU at a time
//!   task                  may sleep          [workqueue]
//! ```
//!
//! - [`counts`]: how many interrupts each CPU took.
//! - [`device`]: the machine's own device, which interrupts when it is told to.
//! - [`softirq`]: what is raised, and what runs it.
//! - [`tasklet`], [`timer`], [`workqueue`]: the three ways to have something done later.
//! - [`under_way`]: what of all that a CPU has to do, or does.
//!
//! In what code runs, and what may not happen to it there, is [`crate::context`].

pub mod counts;
pub mod device;
pub mod softirq;
pub mod tasklet;
pub mod timer;
pub mod under_way;
pub mod workqueue;

pub use softirq::Softirq;
pub use tasklet::Tasklet;
pub use timer::Timer;
pub use workqueue::{Work, WorkQueue};
