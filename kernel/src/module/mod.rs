//! Drivers in C: the loader, and what they may call (LDD3 ch. 2; `include/`).
//!
//! ```text
//! insmod FILE.ko ──► kcore::module reads and links it ──► [image of pages, sealed] ──► init_module()
//!                                                               │ calls
//!                    read(2) ──► dev ──► file ──► the driver ───┴──► exports ──► api: the lab's own primitives
//! ```
//!
//! - [`insmod`], [`info`]: loading; what a file says of itself.
//! - [`again`]: one that begins anew.
//! - [`answers`]: what calls of one have answered.
//! - `init`: a task that calls its init.
//! - `driver`: one that is loaded, and what it has registered.
//! - `call`: what a task does in one: as which user, for whose memory.
//! - `file`: a `struct file_operations` as a device of `dev`.
//! - [`faults`]: calls that fail since a test wants them to.
//! - `openings`: which files of one are open.
//! - `exports`: the address of each name that is offered; `api`: what is there.
//! - `records`: what is kept of a driver's timers, tasklets, works and handlers.
//! - [`later`]: what they leave for later while they are explored.
//! - `lock`: a lock in the memory of a driver: declared, made, or neither.
//! - `access`: what they read and write, as events.
//! - `blocks`, `variables`, `frame`: the memory that they have asked for, their variables, and the frames of their
//!   functions, while each access is held against these.
//! - `taken`: the semaphores that a call has taken.
//! - `lasting`: the blocks while nothing is explored.
//! - `finding`: what is wrong with what a driver does.
//!
//! What a driver passes is what the header says; where it is not, the driver's task dies of it (I23).

mod access;
pub mod again;
pub mod answers;
mod api;
mod blocks;
mod call;
mod driver;
mod exports;
pub mod faults;
mod file;
mod finding;
mod frame;
mod init;
mod lasting;
pub mod later;
mod load;
mod lock;
mod openings;
mod records;
mod taken;
mod variables;

pub use finding::found;
pub use load::{info, insmod};
