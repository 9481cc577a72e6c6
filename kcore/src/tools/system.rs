//! What a tool is given: the system calls of the process that it is.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::dev::{OpenFlags, Whence};
use crate::errno::Errno;

/// Where a process reads what is typed or piped.
pub const STDIN: usize = 0;
/// Where it writes what it is asked for.
pub const STDOUT: usize = 1;
/// Where it complains.
pub const STDERR: usize = 2;

/// Why a tool does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Of a call that it made for the file that it reads.
    Input(Errno),
    /// Its output cannot be written, and it has said so.
    Output,
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Failure::Input(errno)
    }
}

/// A process, as the program in it sees it.
pub trait System {
    /// Opens a file; its descriptor.
    fn open(&self, path: &str, flags: OpenFlags) -> Result<usize, Errno>;
    /// Closes a file.
    fn close(&self, descriptor: usize) -> Result<(), Errno>;
    /// Reads; how many bytes. 0 at the end.
    fn read(&self, descriptor: usize, into: &mut [u8]) -> Result<usize, Errno>;
    /// Writes; how many bytes.
    fn write(&self, descriptor: usize, from: &[u8]) -> Result<usize, Errno>;
    /// Whether what is written there is forgotten at once, so that it need not be put in words.
    fn forgets(&self, _descriptor: usize) -> bool {
        false
    }
    /// Moves the position; where it is then.
    fn llseek(&self, descriptor: usize, whence: Whence, offset: i64) -> Result<usize, Errno>;
    /// How long a regular file is; nothing of what is none.
    fn size(&self, descriptor: usize) -> Option<i64>;
    /// Makes a file so long. [`Errno::EINVAL`] for one that has no length of its own.
    fn truncate(&self, descriptor: usize, length: i64) -> Result<(), Errno>;
    /// Waits until what was written is where it stays. [`Errno::EINVAL`] where it stays nowhere.
    fn sync(&self, descriptor: usize) -> Result<(), Errno>;
    /// Adds flags to those of an open file. [`Errno::EINVAL`] where they cannot be changed.
    fn add_flags(&self, descriptor: usize, flags: OpenFlags) -> Result<(), Errno>;
    /// Whether two paths mean one file.
    fn are_same(&self, one: &str, other: &str) -> bool;
    /// Microseconds since some moment.
    fn microseconds(&self) -> u64;
    /// Sleeps for so many microseconds.
    fn pause(&self, microseconds: u64) -> Result<(), Errno>;
    /// Makes room for exactly so many more bytes. [`Errno::ENOMEM`].
    fn reserve(&self, buffer: &mut Vec<u8>, more: usize) -> Result<(), Errno>;
    /// Complains in words of its own, on a line.
    fn say(&self, what: fmt::Arguments<'_>);
    /// Complains in the words of `strerror`, about something. Of what ends the process nothing is said.
    fn complain(&self, about: &str, errno: Errno);

    /// Writes all of it, in as many calls as that takes.
    fn write_all(&self, descriptor: usize, mut from: &[u8]) -> Result<(), Errno> {
        while !from.is_empty() {
            match self.write(descriptor, from)? {
                0 => return Err(Errno::ENOSPC),
                count => from = &from[count..],
            }
        }
        Ok(())
    }

    /// Writes it to the output, in one call where that is possible: a driver sees one write. Complains when
    /// it cannot.
    fn output(&self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.write_all(STDOUT, bytes).inspect_err(|errno| self.complain("write error", *errno));
        written.map_err(|_| Failure::Output)
    }

    /// The same as the last that a tool does; what it ends with then, unless `status` is worse.
    fn put(&self, bytes: &[u8], status: i32) -> i32 {
        self.output(bytes).map_or(1, |()| status)
    }

    /// A buffer of so many zeros. [`Errno::ENOMEM`].
    fn zeros(&self, count: usize) -> Result<Vec<u8>, Errno> {
        let mut buffer = Vec::new();
        self.reserve(&mut buffer, count)?;
        buffer.resize(count, 0);
        Ok(buffer)
    }

    /// Opens the file called `name`, or takes what is typed for `-`, has `with` read it, and closes it.
    fn with_file<T, E: From<Errno>>(
        &self,
        name: &str,
        with: impl FnOnce(usize) -> Result<T, E>,
    ) -> Result<T, E>
    where
        Self: Sized,
    {
        if name == "-" {
            return with(STDIN);
        }
        let descriptor = self.open(name, OpenFlags::READ)?;
        let result = with(descriptor);
        self.close(descriptor)?;
        result
    }

    /// Has `with` look at each line of a file, without its end, as long as it wants more.
    fn each_line(
        &self,
        from: usize,
        mut with: impl FnMut(&[u8]) -> Result<bool, Failure>,
    ) -> Result<(), Failure>
    where
        Self: Sized,
    {
        let mut text = Vec::new();
        let mut buffer = [0; 512];
        loop {
            let count = self.read(from, &mut buffer)?;
            if count == 0 {
                return if text.is_empty() { Ok(()) } else { with(&text).map(drop) };
            }
            self.reserve(&mut text, count)?;
            text.extend_from_slice(&buffer[..count]);
            let mut begin = 0;
            while let Some(length) = text[begin..].iter().position(|byte| *byte == b'\n') {
                if !with(&text[begin..begin + length])? {
                    return Ok(());
                }
                begin += length + 1;
            }
            text.drain(..begin);
        }
    }

    /// Has `with` read each of the files, or what is typed when there are none, as long as what it puts out
    /// can be written; what that ends with.
    fn each_file(&self, names: &[&str], mut with: impl FnMut(usize, &str) -> Result<(), Failure>) -> i32
    where
        Self: Sized,
    {
        let names = if names.is_empty() { &["-"] } else { names };
        let mut status = 0;
        for name in names {
            match self.with_file(name, |descriptor| with(descriptor, name)) {
                Ok(()) => {}
                Err(Failure::Input(errno)) => {
                    self.complain(name, errno);
                    status = 1;
                }
                Err(Failure::Output) => return 1,
            }
        }
        status
    }
}

/// What a tool ends with, or what is wrong with its words.
pub type Ended = Result<i32, String>;

/// A word as GNU's messages have it.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "\\'"))
}
