//! The ideas of Scullery: everything that needs no CPU of its own.
//!
//! Pure and `no_std`, generic over a [`machine`], and tested on the host: with threads, under Miri, and under loom.

#![no_std]

extern crate alloc;

pub mod acpi;
pub mod errno;
pub mod experiment;
pub mod machine;
pub mod probe;
pub mod report;
pub mod settings;
pub mod shared;
