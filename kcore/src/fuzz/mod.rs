//! Calls at random, and which answers to them are right: the same on the host and in the kernel.
//!
//! - [`Devices`]: what is called, and of which [`Family`] each device is.
//! - [`Process`]: makes calls, by the numbers that follow from a seed.
//! - `chance`: the arguments: good ones, nearly good ones, and any.
//! - `right`: the answers that a driver may give, by what was asked ([`Wrong`]).

#![forbid(unsafe_code)]

mod chance;
mod process;
mod right;

pub use process::{Devices, Family, Process};
pub use right::Wrong;
