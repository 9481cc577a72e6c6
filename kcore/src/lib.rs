//! The ideas of Scullery: everything that needs no CPU of its own.
//!
//! Pure and `no_std`, generic over a [`machine`], and tested on the host: with threads, under Miri, and under
//! loom.

#![no_std]

extern crate alloc;
#[cfg(any(test, feature = "host"))]
extern crate std;

#[cfg(feature = "guest")]
pub mod acpi;
pub mod bundle;
pub mod bytes;
pub mod complete;
pub mod conversion;
pub mod counted;
pub mod dev;
pub mod errno;
pub mod event;
pub mod experiment;
pub mod explore;
#[cfg(feature = "guest")]
pub mod fuzz;
pub mod holds;
#[cfg(feature = "host")]
pub mod host;
pub mod leak;
pub mod ledger;
pub mod list;
pub mod machine;
pub mod memory_map;
pub mod module;
pub mod number;
pub mod pipe;
pub mod place;
pub mod probe;
pub mod races;
pub mod record;
pub mod report;
pub mod scull;
pub mod session;
pub mod settings;
pub mod shared;
#[cfg(feature = "guest")]
pub mod shell;
pub mod sleepy;
pub mod sort;
pub mod sorted;
pub mod source_path;
pub mod symbol_name;
pub mod symbols;
pub mod sync;
#[cfg(feature = "guest")]
pub mod tools;
pub mod twin;
pub mod wait_for;
pub mod written;
