//! What is called.

use alloc::sync::Arc;

use crate::dev::{Credentials, OpenFile, OpenFlags};
use crate::errno::Errno;
use crate::machine::Machine;

/// By whose rules a device answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// scull0 to scull3, and the devices with an access control, which differ in `open` only.
    Scull,
    /// scullpipe0 to scullpipe3.
    Pipe,
    /// complete and sleepy: a read sleeps until a task writes, whatever the file was opened with.
    Waits,
}

/// Devices that are called at random.
pub trait Devices<M: Machine>: Sync {
    /// How many there are.
    fn count(&self) -> usize;

    /// By whose rules the device of that index answers.
    fn family(&self, index: usize) -> Family;

    /// Opens it.
    fn open(
        &self,
        index: usize,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Arc<OpenFile<M>>, Errno>;

    /// Whether a task sends signals, so that a call may sleep.
    fn may_sleep(&self) -> bool;

    /// Takes the running task's signal, which has ended a call.
    fn take_signal(&self);
}
