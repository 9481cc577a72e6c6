//! As which user a call is made, and the memory that its addresses lead to.

use core::ops::Range;
use core::sync::atomic::AtomicU8;
use core::sync::atomic::Ordering::Relaxed;

use crate::errno::Errno;

/// As which user a process acts (LDD3 ch. 6, "Capabilities and Restricted Operations" and "Access Control on
/// a Device File").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The real user.
    pub uid: u32,
    /// The user whose rights it has.
    pub euid: u32,
    /// May override the owner of a device (`CAP_DAC_OVERRIDE`).
    pub dac_override: bool,
    /// May change how a device works (`CAP_SYS_ADMIN`).
    pub sys_admin: bool,
    /// Its controlling terminal, if it has one.
    pub terminal: Option<u32>,
}

impl Credentials {
    /// The superuser at the console.
    pub const ROOT: Credentials =
        Credentials { uid: 0, euid: 0, dac_override: true, sys_admin: true, terminal: Some(0) };

    /// User `uid` without privileges, at terminal `terminal`.
    pub const fn user(uid: u32, terminal: u32) -> Self {
        Credentials { uid, euid: uid, dac_override: false, sys_admin: false, terminal: Some(terminal) }
    }
}

/// The process that makes a call, and where the addresses lead that it passes.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// As which user.
    pub credentials: Credentials,
    /// Its memory.
    pub memory: &'a dyn UserMemory,
}

/// The memory of a process, by its own addresses. An address that is not its own is [`Errno::EFAULT`], and
/// nothing is copied then.
pub trait UserMemory: Sync {
    /// Copies the bytes at `address` out of the process (`copy_from_user`).
    fn copy_from(&self, address: usize, into: &mut [u8]) -> Result<(), Errno>;

    /// Copies `from` to `address` in the process (`copy_to_user`).
    fn copy_to(&self, address: usize, from: &[u8]) -> Result<(), Errno>;

    /// The `int` at `address` (`get_user`).
    fn get_int(&self, address: usize) -> Result<i32, Errno> {
        let mut bytes = [0; 4];
        self.copy_from(address, &mut bytes)?;
        Ok(i32::from_ne_bytes(bytes))
    }

    /// Stores an `int` at `address` (`put_user`).
    fn put_int(&self, address: usize, value: i32) -> Result<(), Errno> {
        self.copy_to(address, &value.to_ne_bytes())
    }
}

/// A caller without memory of its own: every address is wrong.
#[derive(Clone, Copy, Debug)]
pub struct NoUser;

impl UserMemory for NoUser {
    fn copy_from(&self, _address: usize, _into: &mut [u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }

    fn copy_to(&self, _address: usize, _from: &[u8]) -> Result<(), Errno> {
        Err(Errno::EFAULT)
    }
}

/// A process that has `N` bytes at address [`BASE`](UserBytes::BASE) and nothing else.
#[derive(Debug)]
pub struct UserBytes<const N: usize> {
    bytes: [AtomicU8; N],
}

impl<const N: usize> UserBytes<N> {
    /// Where they begin: not at 0, which is no address of a user's.
    pub const BASE: usize = 0x40_0000;

    /// All zeros.
    pub const fn new() -> Self {
        UserBytes { bytes: [const { AtomicU8::new(0) }; N] }
    }

    fn range(address: usize, len: usize) -> Result<Range<usize>, Errno> {
        let start = address.checked_sub(Self::BASE).ok_or(Errno::EFAULT)?;
        let end = start.checked_add(len).filter(|&end| end <= N).ok_or(Errno::EFAULT)?;
        Ok(start..end)
    }
}

impl<const N: usize> Default for UserBytes<N> {
    fn default() -> Self {
        UserBytes::new()
    }
}

impl<const N: usize> UserMemory for UserBytes<N> {
    fn copy_from(&self, address: usize, into: &mut [u8]) -> Result<(), Errno> {
        let from = &self.bytes[Self::range(address, into.len())?];
        into.iter_mut().zip(from).for_each(|(to, from)| *to = from.load(Relaxed));
        Ok(())
    }

    fn copy_to(&self, address: usize, from: &[u8]) -> Result<(), Errno> {
        let into = &self.bytes[Self::range(address, from.len())?];
        into.iter().zip(from).for_each(|(to, from)| to.store(*from, Relaxed));
        Ok(())
    }
}
