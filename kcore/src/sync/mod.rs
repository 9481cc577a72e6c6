//! The primitives, built from a bit that is tested and set in one step, and from words that the machine's
//! locked instructions change.
//!
//! ```text
//! tas         one bit: test-and-set, clear
//!  ├ rwlock       spins; the bit and a count of readers
//!  └ spinlock     spins until it has the bit
//!     ├ ticket        spins until it is its turn
//!     ├ seqlock       readers repeat and do not wait for each other
//!     ├ units         a count and a queue of sleepers, under a spinlock
//!     │  ├ semaphore      down, up
//!     │  └ completion     wait, complete
//!     ├ raw_mutex     an owner and a queue of sleepers, under a spinlock
//!     │  └ mutex          with a value
//!     ├ wait_queue    sleepers for a condition, under a spinlock
//!     └ rwsem         many readers or one writer, which sleep
//! atomic_word  loads, stores, and locked instructions
//!  ├ atomic       an integer that is changed as a whole
//!  ├ bitops       bits that are changed one by one
//!  └ kfifo        loads and stores only: one producer, one consumer
//! ```
//!
//! | | waiters | at once | first | LDD3 ch. 5 |
//! |---|---|---|---|---|
//! | [`SpinLock`] | spin | one | by chance | Spinlocks |
//! | [`TicketLock`] | spin | one | first come | |
//! | [`RwLock`] | spin | readers, or one writer | readers | Reader/Writer Spinlocks |
//! | [`Mutex`] | spin a little, then sleep | one | by chance, but none is passed for ever | Semaphores and Mutexes |
//! | [`Semaphore`] | look a little, then sleep | as many as units | first come of those that sleep | Semaphores and Mutexes |
//! | [`RwSemaphore`] | look a little, then sleep | readers, or one writer | first come of those that sleep | Reader/Writer Semaphores |
//! | [`Completion`] | look a little, then sleep | one for each event | first come of those that sleep | Completions |
//! | [`WaitQueue`] | sleep | | first come | 6, Blocking I/O |
//! | [`SeqLock`] | writers spin, readers repeat | readers and one writer | writers | seqlocks |
//! | [`AtomicT`], [`Bits`] | none | one | by chance | Atomic Variables; Bit Operations |
//! | [`Kfifo`] | none | one producer, one consumer | | Lock-Free Algorithms |
//!
//! Two are wrong on purpose: [`BrokenSpinLock`] is no test-and-set, and [`CpuOwnedLock`] belongs to a CPU and
//! not to a task.
//!
//! [`watch`] says what hears of a lock's life and what is counted, [`within`] tells of each use of a word,
//! [`own`] what becomes of a mutex whose owner dies, [`guard`] picks the lock of an experiment when it runs,
//! [`broken`] is what a lock looks like without the test-and-set, and [`student`] the reader's own.
//!
//! All of it is generic over the [`machine`](crate::machine): the kernel's CPUs, the threads of a test, or
//! loom.

pub mod atomic;
pub mod atomic_word;
pub mod bitops;
pub mod broken;
pub mod completion;
pub mod cpu_owned;
pub mod environment;
pub mod guard;
pub mod kfifo;
pub mod mutex;
pub mod own;
mod patience;
mod polling;
pub mod raw_lock;
pub mod raw_mutex;
mod rw_guard;
mod rw_word;
pub mod rwlock;
pub mod rwsem;
pub mod semaphore;
pub mod seqlock;
pub mod spinlock;
pub mod student;
pub mod tas;
pub mod ticket;
mod units;
pub mod wait_queue;
mod waiter;
pub mod watch;
pub mod within;

pub use atomic::AtomicT;
pub use atomic_word::{AtomicWord, LockedWord, Update};
pub use bitops::Bits;
pub use broken::BrokenSpinLock;
pub use completion::Completion;
pub use cpu_owned::CpuOwnedLock;
pub use environment::{Atomic, BhOff, Environment, IrqSaved, PreemptOff};
pub use guard::{Guard, Held, LOCKS, PREEMPTION_OFF};
pub use kfifo::{Consumer, Kfifo, Producer};
pub use mutex::{Mutex, MutexGuard};
pub use own::Own;
pub use raw_lock::RawLock;
pub use raw_mutex::RawMutex;
pub use rw_guard::{ReadGuard, WriteGuard};
pub use rwlock::RwLock;
pub use rwsem::RwSemaphore;
pub use semaphore::Semaphore;
pub use seqlock::{SeqLock, SeqWriteGuard};
pub use spinlock::{SpinBhGuard, SpinGuard, SpinIrqGuard, SpinLock};
pub use tas::Tas;
pub use ticket::TicketLock;
pub use units::{GRANTED, SEEING_OFF};
pub use wait_queue::WaitQueue;
pub use watch::{Counted, INNER_WORD, Observed, Statistics, Watch, Watched, is_silent};
pub use within::{Ending, Ends, Inside, Told};
