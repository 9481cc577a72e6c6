//! The primitives, built from one atomic test-and-set.
//!
//! ```text
//! tas         one bit: test-and-set, clear
//!  └ spinlock     spins until it has the bit
//!     ├ units         a count and a queue of sleepers, under a spinlock
//!     │  ├ semaphore      down, up
//!     │  └ completion     wait, complete
//!     ├ raw_mutex     an owner and a queue of sleepers, under a spinlock
//!     │  └ mutex          with a value
//!     └ wait_queue    sleepers for a condition, under a spinlock
//! ```
//!
//! There is no other atomic read-modify-write in here: everything else is a load or a store. [`watch`] says who hears of
//! a lock's life and what is counted, [`guard`] picks the lock of an experiment when it runs, and [`broken`] is what a
//! lock looks like without the test-and-set.
//!
//! All of it is generic over the [`machine`](crate::machine): the kernel's CPUs, the threads of a test, or loom.

pub mod broken;
pub mod completion;
pub mod environment;
pub mod guard;
pub mod mutex;
mod patience;
pub mod raw_mutex;
pub mod semaphore;
pub mod spinlock;
pub mod tas;
mod units;
pub mod wait_queue;
mod waiter;
pub mod watch;
mod word;

pub use broken::BrokenSpinLock;
pub use completion::Completion;
pub use environment::{Atomic, BhOff, Environment, IrqSaved, PreemptOff};
pub use guard::{Guard, Held};
pub use mutex::{Mutex, MutexGuard};
pub use raw_mutex::RawMutex;
pub use semaphore::Semaphore;
pub use spinlock::{SpinBhGuard, SpinGuard, SpinIrqGuard, SpinLock};
pub use tas::Tas;
pub use wait_queue::WaitQueue;
pub use watch::{Counted, Observed, Silent, Statistics, Watch};
