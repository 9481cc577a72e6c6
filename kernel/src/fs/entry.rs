//! What a name stands for.

use alloc::string::String;

use kcore::dev::DeviceNumber;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// More names.
    Directory,
    /// A character device.
    Device(DeviceNumber),
    /// A file whose text is made when it is opened.
    Generated,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the directories above it.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
    /// Who may do what with it, as in `0o666`.
    pub mode: u16,
}
