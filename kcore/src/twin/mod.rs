//! scull's twin: the same device as the author of a Rust driver would write it, without a line of unsafe
//! code.
//!
//! The data is inside the lock, so a task that wants to touch it must have the lock; a block belongs to one
//! variable, so it is freed when that variable goes and not before; and a reference lives no longer than what
//! it was borrowed from. From these three most of scull's races do not compile. `docs/TWIN.md` says for each
//! race of the catalogue whether it is one of them, and the tests of this crate hold the compiler to it. What
//! is left is no matter of memory: locks in the wrong order, a wake-up that comes too early, an answer that
//! is old when it is used.
//!
//! | | scull | its twin |
//! |---|---|---|
//! | lock | beside the data; to be remembered | around the data; no way past it |
//! | list | nodes with a link to the next | a vector: an item has a number, and no address that could be kept |
//! | slot | a pointer, tested and then stored | `Option<Box<[u8]>>`: what is stored over is freed |
//! | fresh memory | poison until it is cleared | never seen: a value is made whole, or not at all |
//! | trim | walks and frees | takes the vector |
//! | -ENOMEM | a null pointer | `try_reserve` |
//!
//! For a task that opens, reads and writes it is the same device, to the last errno and byte.

#![forbid(unsafe_code)]

mod data;
mod device;
mod file;

pub use data::{Data, Quantum, Slots};
pub use device::Device;
pub use file::File;
