//! The twin of scull in safe Rust: what does not compile, what docs/TWIN.md says of it, and what becomes of
//! its memory.

mod memory;
mod proof;
mod table;
