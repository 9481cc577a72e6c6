//! The subset of Linux's error numbers that the device API speaks.

use core::fmt;

/// An error as a system call would return it (`include/uapi/asm-generic/errno.h`, `include/linux/errno.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[allow(missing_docs, reason = "the message of each variant is its documentation")]
pub enum Errno {
    EPERM = 1,
    EINTR = 4,
    EBADF = 9,
    EAGAIN = 11,
    ENOMEM = 12,
    EFAULT = 14,
    EBUSY = 16,
    ENODEV = 19,
    EINVAL = 22,
    ENOTTY = 25,
    EDEADLK = 35,
    ETIME = 62,
    ERESTARTSYS = 512,
}

impl Errno {
    /// The symbol: `ENOMEM`.
    pub const fn name(self) -> &'static str {
        match self {
            Errno::EPERM => "EPERM",
            Errno::EINTR => "EINTR",
            Errno::EBADF => "EBADF",
            Errno::EAGAIN => "EAGAIN",
            Errno::ENOMEM => "ENOMEM",
            Errno::EFAULT => "EFAULT",
            Errno::EBUSY => "EBUSY",
            Errno::ENODEV => "ENODEV",
            Errno::EINVAL => "EINVAL",
            Errno::ENOTTY => "ENOTTY",
            Errno::EDEADLK => "EDEADLK",
            Errno::ETIME => "ETIME",
            Errno::ERESTARTSYS => "ERESTARTSYS",
        }
    }

    /// What a system call would return: `-12`.
    pub const fn code(self) -> i32 {
        -(self as i32)
    }

    /// The words of `strerror(3)`.
    pub const fn message(self) -> &'static str {
        match self {
            Errno::EPERM => "Operation not permitted",
            Errno::EINTR => "Interrupted system call",
            Errno::EBADF => "Bad file descriptor",
            Errno::EAGAIN => "Resource temporarily unavailable",
            Errno::ENOMEM => "Cannot allocate memory",
            Errno::EFAULT => "Bad address",
            Errno::EBUSY => "Device or resource busy",
            Errno::ENODEV => "No such device",
            Errno::EINVAL => "Invalid argument",
            Errno::ENOTTY => "Inappropriate ioctl for device",
            Errno::EDEADLK => "Resource deadlock avoided",
            Errno::ETIME => "Timer expired",
            Errno::ERESTARTSYS => "Interrupted system call should be restarted",
        }
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-{}: {}", self.name(), self.message())
    }
}
