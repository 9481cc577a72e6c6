//! A file with nothing in it, that takes everything.

use alloc::boxed::Box;
use alloc::sync::Arc;

use kcore::dev::{FileOperations, OpenFlags};
use kcore::errno::Errno;

use crate::fs::File;
use crate::machine::Kernel;

struct Null;

/// Opens it.
pub fn open() -> Arc<File> {
    Arc::new(File::new(Box::new(Null), OpenFlags::READ_WRITE))
}

impl FileOperations<Kernel> for Null {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        Ok(0)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        Ok(from.len())
    }

    fn forgets(&self) -> bool {
        true
    }
}
