//! Which answers are right.

use core::fmt;

use super::chance::COMMANDS;
use super::process::Family;
use crate::dev::{Caller, OpenFlags};
use crate::errno::Errno::{self, *};
use crate::scull::ioctl::*;

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked {
    Open(OpenFlags),
    /// To read so many bytes from a file with these flags.
    Read(OpenFlags, usize),
    /// To write so many bytes.
    Write(OpenFlags, usize),
    Llseek {
        whence: i32,
    },
    Ioctl {
        command: u32,
        sys_admin: bool,
        /// Whether an address can be right at all.
        has_memory: bool,
    },
}

impl Asked {
    pub(super) fn ioctl(command: u32, caller: &Caller<'_>, has_memory: bool) -> Self {
        Asked::Ioctl { command, sys_admin: caller.credentials.sys_admin, has_memory }
    }
}

/// A driver has answered what no driver of its family answers.
#[derive(Debug)]
pub struct Wrong {
    pub(super) seed: u64,
    /// How many calls the process had made before.
    pub(super) call: u64,
    pub(super) family: Family,
    pub(super) asked: Asked,
    pub(super) answer: Result<usize, Errno>,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wrong { seed, call, family, asked, answer } = self;
        write!(
            f,
            "seed {seed}, call {call}: {asked:?} of a device of the family {family:?} was answered {answer:?}"
        )
    }
}

/// Whether `answer` is one that a driver of `family` gives. Any call may find that its device is gone, and
/// any call that allocates, that there is no memory; any that takes a lock may be ended by a signal.
pub(super) fn is_right(family: Family, asked: Asked, answer: Result<usize, Errno>) -> bool {
    match asked {
        Asked::Open(flags) => opened(family, flags, answer),
        Asked::Read(flags, count) => moved(family, flags, OpenFlags::READ, count, answer),
        Asked::Write(flags, count) => moved(family, flags, OpenFlags::WRITE, count, answer),
        Asked::Llseek { whence } => sought(family, whence, answer),
        Asked::Ioctl { .. } if family == Family::Waits => matches!(answer, Err(ENOTTY | ENODEV)),
        Asked::Ioctl { command, sys_admin, has_memory } => told(command, sys_admin, has_memory, answer),
    }
}

fn opened(family: Family, flags: OpenFlags, answer: Result<usize, Errno>) -> bool {
    match answer {
        // A pipe has two ends, and a file is one of them or both.
        Ok(_) => family != Family::Pipe || flags.intersects(OpenFlags::READ_WRITE),
        // The name, the number and the device go one after the other.
        Err(ENOENT | ENXIO | ENODEV) => true,
        Err(ERESTARTSYS | ENOMEM | EINVAL) => family != Family::Waits,
        // Another task has it.
        Err(EBUSY) => family == Family::Scull,
        Err(EAGAIN) => family == Family::Scull && flags.contains(OpenFlags::NONBLOCK),
        Err(_) => false,
    }
}

fn moved(
    family: Family,
    flags: OpenFlags,
    how: OpenFlags,
    count: usize,
    answer: Result<usize, Errno>,
) -> bool {
    if !flags.contains(how) {
        return answer == Err(EBADF);
    }
    match answer {
        Ok(0) if family == Family::Waits => how == OpenFlags::READ || count == 0,
        Ok(moved) if family == Family::Waits => how == OpenFlags::WRITE && moved == count,
        Ok(moved) => moved <= count,
        Err(ENODEV | ERESTARTSYS) => true,
        // A position that would no longer fit, no memory, and what only the book's mistakes leave behind.
        Err(EINVAL | ENOMEM | EFAULT) => family == Family::Scull,
        Err(EAGAIN) => family == Family::Pipe && flags.contains(OpenFlags::NONBLOCK),
        Err(_) => false,
    }
}

fn sought(family: Family, whence: i32, answer: Result<usize, Errno>) -> bool {
    match answer {
        Ok(position) => family == Family::Scull && (0..3).contains(&whence) && position <= i64::MAX as usize,
        Err(EINVAL) => family == Family::Scull || !(0..3).contains(&whence),
        Err(ESPIPE) => family != Family::Scull,
        Err(error) => matches!(error, ENODEV | ERESTARTSYS),
    }
}

fn told(command: u32, sys_admin: bool, has_memory: bool, answer: Result<usize, Errno>) -> bool {
    if answer == Err(ENODEV) {
        return true;
    }
    match command {
        _ if !COMMANDS.contains(&command) => answer == Err(ENOTTY),
        IOCRESET => answer == Ok(0),
        IOCQQUANTUM | IOCQQSET | P_IOCQSIZE => answer.is_ok(),
        P_IOCTSIZE => matches!(answer, Ok(0) | Err(EINVAL)),
        IOCGQUANTUM | IOCGQSET => matches!(answer, Err(EFAULT)) || has_memory && answer == Ok(0),
        _ if !sys_admin => answer == Err(EPERM),
        IOCTQUANTUM | IOCTQSET => matches!(answer, Ok(0) | Err(EINVAL)),
        IOCHQUANTUM | IOCHQSET => matches!(answer, Ok(_) | Err(EINVAL)),
        _ => matches!(answer, Err(EFAULT)) || has_memory && matches!(answer, Ok(0) | Err(EINVAL)),
    }
}
