//! Devices of the kernel itself that are there from some moment on, and stay: the console and the terminal.

use alloc::sync::Arc;

use kcore::dev::{Cdev, CharDevice, DeviceNumber, Module};
use kcore::errno::Errno;

use super::registry;
use crate::machine::Kernel;

/// The number of `/dev/tty`, the terminal of whoever opens it.
pub const TTY: DeviceNumber = DeviceNumber { major: 5, minor: 0 };
/// The number of `/dev/console`.
pub const CONSOLE: DeviceNumber = DeviceNumber { major: 5, minor: 1 };

/// Puts `device` behind [`TTY`] or [`CONSOLE`], whose names are in `/dev` already and were [`Errno::ENXIO`] until now.
/// [`Errno::EBUSY`] when there is one, [`Errno::EINVAL`] for any other number.
pub fn attach(number: DeviceNumber, device: Arc<dyn CharDevice<Kernel>>) -> Result<(), Errno> {
    let name = match number {
        TTY => "tty",
        CONSOLE => "console",
        _ => return Err(Errno::EINVAL),
    };
    registry().add(Cdev::new(number, name, &Module::new("kernel"), device))
}
