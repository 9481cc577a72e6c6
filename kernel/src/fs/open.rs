//! Opening by name.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;

use kcore::dev::{Credentials, OpenFile, OpenFlags};
use kcore::errno::Errno;

use super::generated::{Generated, Snapshot};
use super::tree::{self, Node};
use crate::dev;
use crate::machine::Kernel;

/// An open file of this machine.
pub type File = OpenFile<Kernel>;

/// Opens `path`, which begins with `/`. [`Errno::ENOENT`], [`Errno::ENOTDIR`], [`Errno::EISDIR`],
/// [`Errno::EACCES`], [`Errno::ENXIO`] for a name whose device is not there, and whatever the driver says.
/// May sleep.
pub fn open(path: &str, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    match tree::find(path)? {
        Node::Directory(_) => Err(Errno::EISDIR),
        Node::Device(node) => {
            permitted(node.mode, flags, credentials)?;
            dev::registry().open(node.number, flags, credentials)
        }
        Node::Generated(file) => generated(&file, flags, credentials),
    }
}

fn generated(file: &Generated, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    permitted(file.mode(), flags, credentials)?;
    if flags.contains(OpenFlags::WRITE) && file.write().is_none() {
        return Err(Errno::EACCES);
    }
    // Who only writes does not wait for the text.
    let text = if flags.contains(OpenFlags::READ) { file.text()? } else { String::new() };
    Ok(Arc::new(OpenFile::new(Box::new(Snapshot::new(text, file.write())), flags)))
}

/// Whether the mode bits of something that belongs to the superuser allow it (path_resolution(7)).
/// [`Errno::EACCES`].
fn permitted(mode: u16, flags: OpenFlags, credentials: &Credentials) -> Result<(), Errno> {
    const READ: u16 = 4;
    const WRITE: u16 = 2;
    let bits = if credentials.euid == 0 { mode >> 6 } else { mode };
    let wants = |flag, bit| flags.contains(flag) && bits & bit == 0;
    let lacks = wants(OpenFlags::READ, READ) || wants(OpenFlags::WRITE, WRITE);
    if lacks && !credentials.dac_override { Err(Errno::EACCES) } else { Ok(()) }
}
