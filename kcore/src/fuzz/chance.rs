//! Arguments by chance: those that make sense, those that nearly do, and any.

use fastrand::Rng;

use crate::dev::{Credentials, OpenFlags, UserBytes};
use crate::scull::ioctl::*;

/// The memory of a process that calls.
pub(super) type Memory = UserBytes<16>;

/// The commands of the family.
pub(super) const COMMANDS: [u32; 15] = [
    IOCRESET,
    IOCSQUANTUM,
    IOCSQSET,
    IOCTQUANTUM,
    IOCTQSET,
    IOCGQUANTUM,
    IOCGQSET,
    IOCQQUANTUM,
    IOCQQSET,
    IOCXQUANTUM,
    IOCXQSET,
    IOCHQUANTUM,
    IOCHQSET,
    P_IOCTSIZE,
    P_IOCQSIZE,
];

fn one<T: Copy>(rng: &mut Rng, all: &[T]) -> T {
    all[rng.usize(..all.len())]
}

/// One of the family's mostly, at times with one bit of it wrong, at times anything.
pub(super) fn command(rng: &mut Rng) -> u32 {
    match rng.u32(..20) {
        0 => rng.u32(..),
        1 | 2 => one(rng, &COMMANDS) ^ 1 << rng.u32(..32),
        _ => one(rng, &COMMANDS),
    }
}

/// An `int`: mostly one that makes sense as a size, and the ends of what there is.
pub(super) fn number(rng: &mut Rng) -> i32 {
    match rng.u32(..24) {
        0 => 0,
        1 => -1,
        2 => i32::MIN,
        3 => i32::MAX,
        4 => rng.i32(..),
        _ => rng.i32(1..70),
    }
}

/// An argument: the value itself mostly, or an address that is the caller's, or one that is not.
pub(super) fn argument(rng: &mut Rng, value: i32) -> usize {
    match rng.u32(..10) {
        0 => rng.usize(..),
        1 => 0,
        2 => Memory::BASE + rng.usize(..20),
        3..6 => Memory::BASE,
        _ => value as usize,
    }
}

/// Some flags, and any others.
pub(super) fn flags(rng: &mut Rng) -> OpenFlags {
    OpenFlags::from_bits_truncate(rng.u32(..32))
}

/// The superuser mostly, and users with some of its rights, at several terminals or none.
pub(super) fn credentials(rng: &mut Rng) -> Credentials {
    let user = Credentials::user(rng.u32(1000..1003), rng.u32(..3));
    match rng.u32(..8) {
        0 | 1 => user,
        2 => Credentials { dac_override: rng.bool(), sys_admin: rng.bool(), ..user },
        3 => Credentials { euid: 0, terminal: None, ..user },
        _ => Credentials::ROOT,
    }
}

/// Where a file's position is moved, relative to something.
pub(super) fn offset(rng: &mut Rng) -> i64 {
    match rng.u32(..100) {
        0 => rng.i64(..),
        1 => i64::MAX - rng.i64(0..100),
        2 => i64::MIN,
        _ => rng.i64(-500..2000),
    }
}
