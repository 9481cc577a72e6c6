//! The devices of this machine, and the modules that bring them: what `insmod`, `rmmod` and `lsmod` work on
//! (LDD3 ch. 2, 3).
//!
//! - [`registry`](fn@registry): all character devices, and the numbers of each driver.
//! - `memory`: `null`, `zero`, `full`, `random`, which are always there.
//! - [`attach`]: devices of the kernel that come later: the console, the terminal.
//! - [`Loadable`]: a module that can be loaded; [`loadable`] has the list of them.
//! - `family`: the modules: `scull`, `complete`, `sleepy`, `faulty`, `kmemleak-test`.
//! - [`Parameter`], [`words_of`]: what a module can be told; [`Parameters`]: what it is told when it is
//!   loaded.
//! - [`insmod`], [`rmmod`], [`loaded`], [`available`]: the table of those that are.
//!
//! # Going
//!
//! [`rmmod`] says [`EBUSY`](kcore::errno::Errno::EBUSY) while a file of the module is open, and changes
//! nothing. Forced, it unplugs: the names go first, so that no task finds the devices any more; then each
//! task that sleeps in one is woken and leaves with [`ENODEV`](kcore::errno::Errno::ENODEV); and when the
//! last call has left, `rmmod` returns. What is open stays open and answers `ENODEV`; a device's memory goes
//! with the last of its files (I19, I20).

pub(crate) mod family;
pub mod loadable;
mod memory;
mod modules;
mod plugged;
mod registry;

pub use loadable::{Built, Group, Loadable, NewDevice, Parameter, Parameters, Refused};
pub(crate) use modules::load_as;
pub use modules::{Loaded, available, insmod, load, loaded, locks, modules_are_free, rmmod, words_of};
pub use registry::{CONSOLE, TTY, attach, first_names, registry};
