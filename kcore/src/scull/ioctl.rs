//! The ioctl commands of the family (LDD3 ch. 6, "Choosing the ioctl Commands").
//!
//! Each value can be asked for and changed in six ways, so that a reader sees them all: S sets through a
//! pointer, T tells by value, G gets through a pointer, Q queries by the result, X exchanges through a
//! pointer, H shifts by value and result.
#![forbid(unsafe_code)]

use crate::dev::ioctl::{io, ior, iow, iowr};

/// The letter of the family.
pub const MAGIC: u8 = b'k';
/// The highest number of a command.
pub const MAX_NUMBER: u8 = 14;

/// Quantum and qset are the book's again.
pub const IOCRESET: u32 = io(MAGIC, 0);
/// Sets the quantum to the `int` at the argument. Needs `CAP_SYS_ADMIN`.
pub const IOCSQUANTUM: u32 = iow::<i32>(MAGIC, 1);
/// Sets the qset to the `int` at the argument. Needs `CAP_SYS_ADMIN`.
pub const IOCSQSET: u32 = iow::<i32>(MAGIC, 2);
/// Sets the quantum to the argument. Needs `CAP_SYS_ADMIN`.
pub const IOCTQUANTUM: u32 = io(MAGIC, 3);
/// Sets the qset to the argument. Needs `CAP_SYS_ADMIN`.
pub const IOCTQSET: u32 = io(MAGIC, 4);
/// Stores the quantum at the argument.
pub const IOCGQUANTUM: u32 = ior::<i32>(MAGIC, 5);
/// Stores the qset at the argument.
pub const IOCGQSET: u32 = ior::<i32>(MAGIC, 6);
/// Returns the quantum.
pub const IOCQQUANTUM: u32 = io(MAGIC, 7);
/// Returns the qset.
pub const IOCQQSET: u32 = io(MAGIC, 8);
/// Sets the quantum to the `int` at the argument, and stores there what it was. Needs `CAP_SYS_ADMIN`.
pub const IOCXQUANTUM: u32 = iowr::<i32>(MAGIC, 9);
/// Sets the qset to the `int` at the argument, and stores there what it was. Needs `CAP_SYS_ADMIN`.
pub const IOCXQSET: u32 = iowr::<i32>(MAGIC, 10);
/// Sets the quantum to the argument, and returns what it was. Needs `CAP_SYS_ADMIN`.
pub const IOCHQUANTUM: u32 = io(MAGIC, 11);
/// Sets the qset to the argument, and returns what it was. Needs `CAP_SYS_ADMIN`.
pub const IOCHQSET: u32 = io(MAGIC, 12);
/// Sets the size of the buffers of pipes to the argument, in bytes.
pub const P_IOCTSIZE: u32 = io(MAGIC, 13);
/// Returns the size of the buffers of pipes, in bytes.
pub const P_IOCQSIZE: u32 = io(MAGIC, 14);
