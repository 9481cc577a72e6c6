//! What `dd` goes over before it copies, and where it cannot read.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::copy::{Copy, Quit};
use super::{Amount, Told};
use crate::dev::Whence;
use crate::errno::Errno;
use crate::tools::System;
use crate::tools::system::quoted;

impl<S: System> Copy<'_, S> {
    /// Goes over the beginning of the input.
    pub(super) fn skip(&mut self) -> Result<(), Quit> {
        let skip = self.task.skip;
        if skip.is_nothing() {
            return Ok(());
        }
        let block = self.task.input_block;
        let before = self.offset;
        let is_over = match self.seek(self.input, skip, block)? {
            Seeked::By(bytes) => {
                let room = self.me.size(self.input).map(|size| size - self.offset);
                let moved = room.filter(|room| *room < bytes).unwrap_or(bytes);
                self.offset += moved;
                moved == bytes
            }
            Seeked::CannotAt(_) => {
                self.go_over(skip, block, true)?;
                skip.all_bytes(block).is_none_or(|bytes| self.offset - before >= bytes)
            }
        };
        if !is_over && self.task.told != Told::Nothing {
            self.me.say(format_args!("{}: cannot skip to specified offset", shown(self.from())));
        }
        Ok(())
    }

    /// Goes to the place of the output. What cannot be gone over, and is not there to be read, is written as
    /// zeros.
    pub(super) fn seek_output(&mut self) -> Result<(), Quit> {
        if self.task.seek.is_nothing() {
            return Ok(());
        }
        let block = self.task.output_block;
        let Seeked::CannotAt(errno) = self.seek(self.output, self.task.seek, block)? else { return Ok(()) };
        let left = self.go_over(self.task.seek, block, false).inspect_err(|_| {
            self.me.complain(&format!("{}: cannot seek", shown(self.to())), errno);
        })?;
        let Amount { mut blocks, mut bytes } = left;
        while blocks > 0 || bytes > 0 {
            let size = if blocks > 0 { block } else { bytes };
            let zeros = self.zeros(size, "output")?;
            self.write(&zeros).map_err(|(_, errno)| self.fault("writing to", self.to(), errno))?;
            (blocks, bytes) = if blocks > 0 { (blocks - 1, bytes) } else { (0, 0) };
        }
        Ok(())
    }

    /// Moves the position of a file, if it has one.
    fn seek(&mut self, descriptor: usize, amount: Amount, block: i64) -> Result<Seeked, Quit> {
        let bytes = amount.all_bytes(block);
        let moved = bytes.map(|bytes| self.me.llseek(descriptor, Whence::Current, bytes).map(|_| bytes));
        if let Some(Ok(bytes)) = moved {
            return Ok(Seeked::By(bytes));
        }
        let errno = moved.and_then(Result::err);
        // A file that has an end has no such place.
        if self.me.llseek(descriptor, Whence::End, 0).is_ok() {
            let (name, verb) = match descriptor == self.input {
                true => (shown(self.from()), "skip"),
                false => (shown(self.to()), "seek"),
            };
            match errno {
                Some(errno) => self.me.complain(&format!("{name}: cannot {verb}"), errno),
                None => {
                    let why = "Value too large for defined data type";
                    self.me.say(format_args!("{name}: cannot {verb}: {why}"));
                }
            }
            return Err(Quit::AtOnce);
        }
        Ok(Seeked::CannotAt(errno.unwrap_or(Errno::ESPIPE)))
    }

    /// Reads over so much; what is left of it at the end of the file.
    fn go_over(&mut self, mut left: Amount, block: i64, is_input: bool) -> Result<Amount, Quit> {
        let (descriptor, buffer) = if is_input { (self.input, "input") } else { (self.output, "output") };
        let mut buffer = self.zeros(block, buffer)?;
        while !left.is_nothing() {
            let size = if left.blocks > 0 { block } else { left.bytes };
            match self.read_block(descriptor, &mut buffer[..size as usize]) {
                Ok(0) => break,
                Ok(count) if is_input => self.offset += count as i64,
                Ok(_) => {}
                Err(errno) if is_input => return Err(self.fault("error reading", self.from(), errno)),
                Err(_) => return Err(Quit::AtOnce),
            }
            match left.blocks {
                0 => left.bytes = 0,
                _ => left.blocks -= 1,
            }
        }
        Ok(left)
    }

    /// Goes on behind a block that cannot be read; whether that was possible, as far as there was something
    /// to do.
    pub(super) fn step_over(&mut self, bytes: i64) -> bool {
        match self.seek_errno {
            Some(Errno::ESPIPE) => return true,
            Some(_) => {}
            None => {
                self.offset += bytes;
                let at = self.me.llseek(self.input, Whence::Current, 0);
                let moved = at.and_then(|at| match self.offset - at as i64 {
                    0 => Ok(at),
                    step => self.me.llseek(self.input, Whence::Current, step),
                });
                match moved {
                    Ok(_) => return true,
                    Err(errno) => self.seek_errno = Some(errno),
                }
            }
        }
        let errno = self.seek_errno.replace(Errno::ESPIPE).unwrap_or(Errno::ESPIPE);
        self.me.complain(&format!("{}: cannot seek", shown(self.from())), errno);
        false
    }

    /// A buffer of so many bytes. That there is no room for it is said.
    pub(super) fn zeros(&self, bytes: i64, what: &str) -> Result<Vec<u8>, Quit> {
        let buffer = usize::try_from(bytes).map_err(|_| Errno::ENOMEM).and_then(|bytes| self.me.zeros(bytes));
        buffer.map_err(|_| {
            self.me.say(format_args!("memory exhausted by {what} buffer of size {bytes} bytes"));
            Quit::Silently
        })
    }

    /// Says that something is wrong with a file.
    pub(super) fn fault(&self, what: &str, name: &str, errno: Errno) -> Quit {
        self.me.complain(&format!("{what} {}", quoted(name)), errno);
        Quit::AtOnce
    }
}

/// A name before a colon: quoted only where it would be misread.
fn shown(name: &str) -> String {
    if name.is_empty() || name.contains(' ') { quoted(name) } else { name.into() }
}

/// How far a position was moved.
enum Seeked {
    By(i64),
    /// The file has no position, for this reason.
    CannotAt(Errno),
}
