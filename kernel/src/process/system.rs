//! The calls that tools make.

use alloc::vec::Vec;
use core::fmt;

use kcore::dev::{OpenFlags, Whence};
use kcore::errno::Errno;
use kcore::machine::Cpu;
use kcore::tools::System;

use super::Process;
use crate::fs;
use crate::machine::Kernel;
use crate::task::shortage;
use crate::time;

/// Here no file is on a disk: none has a length of its own, nor a place where it stays.
impl System for Process {
    fn open(&self, path: &str, flags: OpenFlags) -> Result<usize, Errno> {
        Process::open(self, path, flags)
    }

    fn close(&self, descriptor: usize) -> Result<(), Errno> {
        Process::close(self, descriptor)
    }

    fn read(&self, descriptor: usize, into: &mut [u8]) -> Result<usize, Errno> {
        Process::read(self, descriptor, into)
    }

    fn write(&self, descriptor: usize, from: &[u8]) -> Result<usize, Errno> {
        Process::write(self, descriptor, from)
    }

    fn forgets(&self, descriptor: usize) -> bool {
        self.file(descriptor).is_ok_and(|file| file.forgets())
    }

    fn llseek(&self, descriptor: usize, whence: Whence, offset: i64) -> Result<usize, Errno> {
        Process::llseek(self, descriptor, whence, offset)
    }

    fn size(&self, _descriptor: usize) -> Option<i64> {
        None
    }

    fn truncate(&self, _descriptor: usize, _length: i64) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    fn sync(&self, _descriptor: usize) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    fn add_flags(&self, _descriptor: usize, _flags: OpenFlags) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    fn are_same(&self, one: &str, other: &str) -> bool {
        let paths = [one, other].map(|path| fs::shortest(&self.absolute(path)));
        paths[0] == paths[1] && fs::stat(&paths[0]).is_ok()
    }

    fn microseconds(&self) -> u64 {
        time::in_microseconds(Kernel::cycles())
    }

    fn pause(&self, microseconds: u64) -> Result<(), Errno> {
        self.sleep(time::microseconds(microseconds))
    }

    fn reserve(&self, buffer: &mut Vec<u8>, more: usize) -> Result<(), Errno> {
        shortage::room_for(buffer, more)
    }

    fn say(&self, what: fmt::Arguments<'_>) {
        Process::say(self, what);
    }

    fn complain(&self, about: &str, errno: Errno) {
        Process::complain(self, about, errno);
    }
}
