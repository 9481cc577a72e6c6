//! How a file is opened, and what it is ready for.

bitflags::bitflags! {
    /// What `open(2)` is asked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct OpenFlags: u32 {
        /// The file can be read (`O_RDONLY`, `O_RDWR`).
        const READ = 1;
        /// The file can be written (`O_WRONLY`, `O_RDWR`).
        const WRITE = 2;
        /// What would sleep is [`EAGAIN`](crate::errno::Errno::EAGAIN) instead (`O_NONBLOCK`).
        const NONBLOCK = 4;
        /// The file becomes empty (`O_TRUNC`). Drivers of the book do not look at it.
        const TRUNCATE = 8;
        /// Each write goes to the end (`O_APPEND`). Drivers of the book do not look at it.
        const APPEND = 16;
    }
}

impl OpenFlags {
    /// Both (`O_RDWR`).
    pub const READ_WRITE: OpenFlags = OpenFlags::READ.union(OpenFlags::WRITE);

    /// Whether the file can be written and not read: the mode in which scull is emptied when it is opened
    /// (`O_WRONLY`).
    pub const fn is_write_only(self) -> bool {
        self.contains(OpenFlags::WRITE) && !self.contains(OpenFlags::READ)
    }
}

bitflags::bitflags! {
    /// What can be done with a file without sleeping (`poll(2)`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Events: u32 {
        /// There is something to read (`POLLIN | POLLRDNORM`).
        const IN = 1;
        /// There is room to write (`POLLOUT | POLLWRNORM`).
        const OUT = 4;
        /// Something is wrong with it (`POLLERR`).
        const ERROR = 8;
        /// The other side is gone, or the device (`POLLHUP`).
        const HANG_UP = 16;
    }
}
