//! Character devices on a machine of threads: who has which numbers, who can open what, when a module may go,
//! and that no call is left in a device that is gone.

mod driver;
mod files;
mod modules;
mod numbers;
mod unplug;
