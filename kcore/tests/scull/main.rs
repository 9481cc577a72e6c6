//! The scull device on a machine of threads.
//!
//! Under Miri (about three minutes): `MIRIFLAGS="-Zmiri-strict-provenance -Zmiri-disable-isolation" cargo
//! +nightly miri test -p kcore --test scull`

mod census;
mod crowd;
mod dump;
mod editions;
mod ioctls;
mod memory;
mod model;
mod prepare;
mod races;
mod rules;
mod script;
mod shared_file;
mod twin;

use kcore::dev::Whence;
use kcore::errno::Errno;
use kcore::host::HostMachine;
use kcore::scull::{Device, Geometry, Mode};
use kcore::settings::Form;

type Scull = Device<HostMachine>;

/// A small device: two quanta of eight bytes a node.
const SMALL: Geometry = Geometry { quantum: 8, qset: 2 };

fn device(lock: Form, geometry: Geometry) -> Scull {
    Device::new(0, lock, geometry).unwrap()
}

/// Writes `bytes` at `position`, through a file of its own.
fn write_at(device: &Scull, position: usize, bytes: &[u8]) -> Result<usize, Errno> {
    let mut file = device.open(Mode::ReadWrite).unwrap();
    file.llseek(Whence::Set, position as i64)?;
    file.write(bytes)
}

/// What one read of at most `count` bytes at `position` gives.
fn read_at(device: &Scull, position: usize, count: usize) -> Result<Vec<u8>, Errno> {
    let mut file = device.open(Mode::Read).unwrap();
    file.llseek(Whence::Set, position as i64)?;
    let mut bytes = vec![0xee; count];
    let read = file.read(&mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}
