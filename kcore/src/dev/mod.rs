//! Character devices: what a driver offers, which callers find it, and what an open file is (LDD3 ch. 3 and
//! 6).
//!
//! ```text
//! Registry            which driver has which numbers (/proc/devices), and the device of each number
//!   +- Cdev           a device that can be opened: a driver, whose module is in use while a file is open, or gone
//!        +- OpenFile  a counted reference to it: read, write, llseek, ioctl, poll
//! ```
//!
//! A device is put into the registry when it works, and not before. It is unplugged in three steps: it is
//! found no more; each task that sleeps in it is woken; and when the last call has left the driver, its files
//! are nothing but references that answer [`Errno::ENODEV`](crate::errno::Errno::ENODEV). Its memory goes
//! with the last of them (LDD3 5.2: "an object is not made available before it works, and lives until the
//! last reference is gone").

#![forbid(unsafe_code)]

mod caller;
mod cdev;
pub mod ioctl;
mod module;
mod open_file;
mod operations;
mod poll;
mod printk;
mod registry;

pub use caller::{Caller, Credentials, NoUser, UserBytes, UserMemory};
pub use cdev::Cdev;
pub use module::{InUse, Module};
pub use open_file::{KeepingFile, OpenFile};
pub use operations::{CharDevice, Events, FileOperations, OpenFlags, Whence};
pub use poll::PollTable;
pub use printk::{Printk, Said};
pub use registry::{DeviceNumber, Region, Registry};
