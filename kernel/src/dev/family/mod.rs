//! The modules: what each is told when it is loaded, and the devices that it makes of that.
//!
//! - [`SCULL`]: scull0 to scull3, scullpipe0 to scullpipe3, scullsingle, sculluid, scullwuid, scullpriv, as
//!   one module, as in the book.
//! - [`COMPLETE`], [`SLEEPY`]: one device each.
//! - [`FAULTY`]: one device that breaks the task that uses it.
//! - [`KMEMLEAK_TEST`]: no device, but memory that is lost.

mod faulty;
pub(crate) mod kmemleak_test;
mod misc;
mod scull;

pub(super) use faulty::FAULTY;
pub(super) use kmemleak_test::KMEMLEAK_TEST;
pub(super) use misc::{COMPLETE, SLEEPY};
use misc::{EDITION, edition};
pub(super) use scull::SCULL;
