//! The module `faulty` (LDD3 ch. 4, "Oops Messages"; misc-modules): a device that breaks the task that uses
//! it.
//!
//! A write goes through a null pointer, as the book's does: a page fault. A read copies more bytes than the
//! buffer on its stack has. In C that overwrites the return address, and the call comes back to nowhere; here
//! the bounds are checked, and it is a panic that names the line. Either is an oops, and the task that made
//! the call is gone in the middle of it: it never closes its file, and the module stays in use. `rmmod -f`
//! takes it out all the same, since it does not wait for the dead.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use kcore::errno::Errno;

use super::misc::{MAJOR, one};
use crate::dev::{Built, Loadable, Parameters, Refused};
use crate::fault;
use crate::machine::Kernel;

/// The module.
pub(in crate::dev) static FAULTY: Loadable = Loadable { name: "faulty", parameters: &[MAJOR], build };

fn build(given: &Parameters<'_>) -> Result<Built, Refused> {
    one("faulty", Arc::new(Faulty), given, Vec::new())
}

struct Faulty;

struct File;

impl CharDevice<Kernel> for Faulty {
    fn open(
        self: Arc<Self>,
        _flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        Ok(Box::new(File))
    }
}

impl FileOperations<Kernel> for File {
    /// A reader that wants no more than four bytes gets them.
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let buffer = [0xff; 4];
        let count = into.len();
        into.copy_from_slice(&buffer[..count]);
        Ok(count)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        // SAFETY: a null pointer leads nowhere.
        unsafe { fault::write(0) };
        Ok(from.len())
    }
}
