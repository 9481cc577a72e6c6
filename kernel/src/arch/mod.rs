//! The processor. Everything outside calls named functions of this module.

mod x86_64;

pub use x86_64::*;
