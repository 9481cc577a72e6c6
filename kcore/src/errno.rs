//! The subset of Linux's error numbers that the device API speaks.

use core::fmt;

macro_rules! errors {
    ($($name:ident = $number:literal, $message:literal;)+) => {
        /// An error as a system call would return it (`include/uapi/asm-generic/errno.h`,
        /// `include/linux/errno.h`).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(i32)]
        #[allow(missing_docs, reason = "the message of each variant is its documentation")]
        pub enum Errno {
            $($name = $number),+
        }

        impl Errno {
            /// The symbol: `ENOMEM`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Errno::$name => stringify!($name)),+
                }
            }

            /// The words of `strerror(3)`.
            pub const fn message(self) -> &'static str {
                match self {
                    $(Errno::$name => $message),+
                }
            }

            /// What a function in C means that has returned `code`, a negative number; [`EIO`](Errno::EIO)
            /// for a number that is none of these.
            pub const fn of(code: i64) -> Self {
                match code.wrapping_neg() {
                    $($number => Errno::$name,)+
                    _ => Errno::EIO,
                }
            }
        }
    };
}

errors! {
    EPERM = 1, "Operation not permitted";
    ENOENT = 2, "No such file or directory";
    ESRCH = 3, "No such process";
    EINTR = 4, "Interrupted system call";
    EIO = 5, "Input/output error";
    ENXIO = 6, "No such device or address";
    E2BIG = 7, "Argument list too long";
    ENOEXEC = 8, "Exec format error";
    EBADF = 9, "Bad file descriptor";
    ECHILD = 10, "No child processes";
    EAGAIN = 11, "Resource temporarily unavailable";
    ENOMEM = 12, "Cannot allocate memory";
    EACCES = 13, "Permission denied";
    EFAULT = 14, "Bad address";
    EBUSY = 16, "Device or resource busy";
    EEXIST = 17, "File exists";
    EXDEV = 18, "Invalid cross-device link";
    ENODEV = 19, "No such device";
    ENOTDIR = 20, "Not a directory";
    EISDIR = 21, "Is a directory";
    EINVAL = 22, "Invalid argument";
    ENFILE = 23, "Too many open files in system";
    EMFILE = 24, "Too many open files";
    ENOTTY = 25, "Inappropriate ioctl for device";
    EFBIG = 27, "File too large";
    ENOSPC = 28, "No space left on device";
    ESPIPE = 29, "Illegal seek";
    EROFS = 30, "Read-only file system";
    EPIPE = 32, "Broken pipe";
    EDOM = 33, "Numerical argument out of domain";
    ERANGE = 34, "Numerical result out of range";
    EDEADLK = 35, "Resource deadlock avoided";
    ENAMETOOLONG = 36, "File name too long";
    ENOSYS = 38, "Function not implemented";
    ELOOP = 40, "Too many levels of symbolic links";
    ENODATA = 61, "No data available";
    ETIME = 62, "Timer expired";
    EPROTO = 71, "Protocol error";
    EBADMSG = 74, "Bad message";
    EOVERFLOW = 75, "Value too large for defined data type";
    EILSEQ = 84, "Invalid or incomplete multibyte or wide character";
    EMSGSIZE = 90, "Message too long";
    EOPNOTSUPP = 95, "Operation not supported";
    EADDRINUSE = 98, "Address already in use";
    ENOBUFS = 105, "No buffer space available";
    ETIMEDOUT = 110, "Connection timed out";
    EALREADY = 114, "Operation already in progress";
    EINPROGRESS = 115, "Operation now in progress";
    ECANCELED = 125, "Operation canceled";
    ERESTARTSYS = 512, "Interrupted system call should be restarted";
}

impl Errno {
    /// What a system call would return: `-12`.
    pub const fn code(self) -> i32 {
        -(self as i32)
    }

    /// What a call returns that has nothing else to say: 0, or the error's [`code`](Errno::code).
    pub fn answer(result: Result<(), Errno>) -> i32 {
        result.map_or_else(Errno::code, |()| 0)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-{}: {}", self.name(), self.message())
    }
}
