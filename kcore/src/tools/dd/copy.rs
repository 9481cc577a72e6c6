//! Blocks from the input to the output.

use alloc::format;
use alloc::vec::Vec;

use super::done::note;
use super::{Conversions, Done, Operands, Told};
use crate::dev::{OpenFlags, Whence};
use crate::errno::Errno;
use crate::tools::system::quoted;
use crate::tools::{STDERR, STDIN, STDOUT, System};

/// An end before the end: what is wrong was said.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Quit {
    /// The records are told all the same.
    Told,
    /// They are, unless it cannot be waited for what was written.
    AtOnce,
    /// They are not.
    Silently,
}

/// A copy under way.
pub(super) struct Copy<'a, S> {
    pub(super) me: &'a S,
    pub(super) task: &'a Operands<'a>,
    pub(super) input: usize,
    pub(super) output: usize,
    /// Where in the input it is.
    pub(super) offset: i64,
    /// Why the input has no position, if it has none.
    pub(super) seek_errno: Option<Errno>,
    done: Done,
    began: u64,
    /// What the last read of the input gave.
    last_read: usize,
    /// A short read that is not the last one would be counted as a block, which is worth a warning.
    warns: bool,
    /// An odd byte of `conv=swab`, that waits for the next.
    odd: Option<u8>,
    /// What is gathered for a block of the output.
    gathered: Vec<u8>,
}

impl<'a, S: System> Copy<'a, S> {
    /// Opens the files. [`None`] when one cannot be, which is said.
    pub(super) fn of(me: &'a S, task: &'a Operands<'a>) -> Option<Self> {
        let input = match task.from {
            Some(name) => open(me, name, OpenFlags::READ | task.input)?,
            None => flagged(me, STDIN, "standard input", task.input)?,
        };
        let offset = me.llseek(input, Whence::Current, 0);
        let output = match task.to {
            Some(name) => open_output(me, name, task)?,
            None => flagged(me, STDOUT, "standard output", task.output)?,
        };
        let counts = task.skip.blocks != 0 || task.count.is_some_and(|count| count.blocks > 0);
        Some(Copy {
            me,
            task,
            input,
            output,
            offset: offset.map_or(0, |offset| offset as i64),
            seek_errno: offset.err(),
            done: Done::default(),
            began: me.microseconds(),
            last_read: 0,
            warns: !task.gathers && !task.is_full_block && counts,
            odd: None,
            gathered: Vec::new(),
        })
    }

    /// Copies, and tells what was done; what `dd` ends with.
    pub(super) fn run(mut self) -> i32 {
        let copied = self.copy();
        if copied == Err(Quit::Silently) {
            return 1;
        }
        let settled = self.settle();
        // GNU's leaves at once when that goes wrong as well.
        if copied != Err(Quit::AtOnce) || settled == 0 {
            self.tell();
        }
        copied.unwrap_or(1).max(settled)
    }

    /// All of it; the status so far.
    fn copy(&mut self) -> Result<i32, Quit> {
        self.skip()?;
        self.seek_output()?;
        if self.task.count.is_some_and(|count| count.is_nothing()) {
            return Ok(0);
        }
        let conversions = self.task.conversions;
        let has = |conversion| conversions.contains(conversion);
        let mut buffer = self.zeros(self.task.input_block, "input")?;
        if self.task.gathers {
            let room = self.me.reserve(&mut self.gathered, self.task.output_block as usize);
            room.or_else(|_| self.zeros(self.task.output_block, "output").map(drop))?;
        }
        let mut status = 0;
        let mut partial = 0;
        while let Some(wanted) = self.wanted() {
            if has(Conversions::SYNC | Conversions::NOERROR) {
                buffer.fill(0);
            }
            let mut count = match self.read_block(self.input, &mut buffer[..wanted]) {
                Ok(0) => break,
                Ok(count) => count,
                Err(errno) => {
                    let goes_on = has(Conversions::NOERROR) && errno != Errno::EINTR;
                    if !goes_on || self.task.told != Told::Nothing {
                        self.fault("error reading", self.from(), errno);
                    }
                    if !goes_on {
                        status = 1;
                        break;
                    }
                    self.tell();
                    if !self.step_over((buffer.len() - partial) as i64) {
                        status = 1;
                    }
                    if !has(Conversions::SYNC) || partial > 0 {
                        continue;
                    }
                    0
                }
            };
            self.offset += count as i64;
            let is_whole = count == buffer.len();
            note(&mut self.done.read, is_whole);
            partial = if is_whole { 0 } else { count };
            if !is_whole && has(Conversions::SYNC) {
                buffer[count..].fill(0);
                count = buffer.len();
            }
            if self.task.gathers { self.gather(&mut buffer[..count])? } else { self.pass(&buffer[..count])? }
        }
        self.last()?;
        Ok(status)
    }

    /// How many bytes of the next block are wanted; none when all were read that are.
    fn wanted(&self) -> Option<usize> {
        let all = self.task.input_block as usize;
        let Some(count) = self.task.count else { return Some(all) };
        let read = self.done.read.0 + self.done.read.1;
        match read < count.blocks {
            true => Some(all),
            false => (read == count.blocks && count.bytes > 0).then_some(count.bytes as usize),
        }
    }

    /// Reads a block, in one call unless it is to be full.
    pub(super) fn read_block(&mut self, descriptor: usize, into: &mut [u8]) -> Result<usize, Errno> {
        let mut filled = 0;
        loop {
            let count = self.me.read(descriptor, &mut into[filled..])?;
            if self.warns && count > 0 && (1..into.len()).contains(&self.last_read) {
                self.warn(self.last_read);
            }
            self.last_read = count;
            filled += count;
            if !self.task.is_full_block || count == 0 || filled == into.len() {
                return Ok(filled);
            }
        }
    }

    fn warn(&mut self, count: usize) {
        self.warns = false;
        if self.task.told != Told::Nothing {
            let noun = if count == 1 { "byte" } else { "bytes" };
            self.me.say(format_args!("warning: partial read ({count} {noun}); suggest iflag=fullblock"));
        }
    }

    /// Writes a block as it was read.
    fn pass(&mut self, bytes: &[u8]) -> Result<(), Quit> {
        self.write(bytes).map_err(|(_, errno)| self.ended(errno))?;
        note(&mut self.done.written, bytes.len() == self.task.input_block as usize);
        Ok(())
    }

    fn ended(&self, errno: Errno) -> Quit {
        self.fault("error writing", self.to(), errno);
        Quit::Told
    }

    /// Changes what was read, and writes whole blocks of the output.
    fn gather(&mut self, bytes: &mut [u8]) -> Result<(), Quit> {
        let conversions = self.task.conversions;
        if conversions.contains(Conversions::UCASE) {
            bytes.make_ascii_uppercase();
        } else if conversions.contains(Conversions::LCASE) {
            bytes.make_ascii_lowercase();
        }
        if !conversions.contains(Conversions::SWAB) {
            return self.fill(bytes);
        }
        for &byte in &*bytes {
            match self.odd.take() {
                Some(odd) => self.fill(&[byte, odd])?,
                None => self.odd = Some(byte),
            }
        }
        Ok(())
    }

    fn fill(&mut self, mut bytes: &[u8]) -> Result<(), Quit> {
        let block = self.task.output_block as usize;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(block - self.gathered.len()));
            self.gathered.extend_from_slice(now);
            bytes = later;
            if self.gathered.len() == block {
                let whole = core::mem::take(&mut self.gathered);
                if let Err((written, errno)) = self.write(&whole) {
                    self.done.written.1 += i64::from(written > 0);
                    return Err(self.fault("writing to", self.to(), errno));
                }
                note(&mut self.done.written, true);
                self.gathered = whole;
                self.gathered.clear();
            }
        }
        Ok(())
    }

    /// Writes what is left of a block.
    fn last(&mut self) -> Result<(), Quit> {
        if let Some(odd) = self.odd.take() {
            self.fill(&[odd])?;
        }
        let rest = core::mem::take(&mut self.gathered);
        if rest.is_empty() {
            return Ok(());
        }
        let written = self.write(&rest);
        if !matches!(written, Err((0, _))) {
            note(&mut self.done.written, false);
        }
        written.map_err(|(_, errno)| self.ended(errno))
    }

    /// Writes all of it, in as many calls as the driver makes of it; how much was written before an error.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), (usize, Errno)> {
        let mut written = 0;
        while written < bytes.len() {
            match self.me.write(self.output, &bytes[written..]) {
                Ok(0) => return Err((written, Errno::ENOSPC)),
                Ok(count) => {
                    written += count;
                    self.done.bytes += count as u64;
                }
                Err(errno) => return Err((written, errno)),
            }
        }
        Ok(())
    }

    /// Waits until all is where it stays, if that is asked for; a status.
    fn settle(&self) -> i32 {
        if !self.task.conversions.intersects(Conversions::FSYNC | Conversions::FDATASYNC) {
            return 0;
        }
        let synced = self.me.sync(self.output);
        i32::from(synced.map_err(|errno| self.fault("fsync failed for", self.to(), errno)).is_err())
    }

    /// Says what was done.
    fn tell(&self) {
        let text = match self.task.told {
            Told::Nothing => return,
            _ if self.me.forgets(STDERR) => return,
            Told::Records => self.done.records(),
            Told::All => {
                let speed = self.done.speed(self.me.microseconds() - self.began);
                format!("{}{speed}\n", self.done.records())
            }
        };
        // Where no reader listens nothing is to be said.
        let _ = self.me.write_all(STDERR, text.as_bytes());
    }

    /// The name of the input.
    pub(super) fn from(&self) -> &'a str {
        self.task.from.unwrap_or("standard input")
    }

    /// The name of the output.
    pub(super) fn to(&self) -> &'a str {
        self.task.to.unwrap_or("standard output")
    }
}

fn open(me: &impl System, name: &str, flags: OpenFlags) -> Option<usize> {
    let opened = me.open(name, flags);
    opened.inspect_err(|errno| me.complain(&format!("failed to open {}", quoted(name)), *errno)).ok()
}

/// Adds flags to a file that is open.
fn flagged(me: &impl System, descriptor: usize, name: &str, flags: OpenFlags) -> Option<usize> {
    let set = if flags.is_empty() { Ok(()) } else { me.add_flags(descriptor, flags) };
    let set = set.inspect_err(|errno| me.complain(&format!("setting flags for {}", quoted(name)), *errno));
    set.ok().map(|()| descriptor)
}

/// Opens the output. With `seek=` it is opened for reading, too, so that it can be read over, and is not
/// emptied, but cut there.
fn open_output(me: &impl System, name: &str, task: &Operands<'_>) -> Option<usize> {
    let has = |conversion| task.conversions.contains(conversion);
    let seeks = task.seek.blocks != 0;
    let cuts = !has(Conversions::NOTRUNC);
    let mut flags = task.output | OpenFlags::WRITE;
    flags.set(OpenFlags::CREATE, !has(Conversions::NOCREAT));
    flags.set(OpenFlags::EXCLUSIVE, has(Conversions::EXCL));
    flags.set(OpenFlags::TRUNCATE, cuts && !seeks);
    let length = task.seek.all_bytes(task.output_block);
    if length.is_none() && cuts {
        let (blocks, block) = (task.seek.blocks, task.output_block);
        me.say(format_args!(
            "offset too large: cannot truncate to a length of seek={blocks} ({block}-byte) blocks"
        ));
        return None;
    }
    let both = if seeks { me.open(name, flags | OpenFlags::READ).ok() } else { None };
    let output = both.or_else(|| open(me, name, flags))?;
    // Only of a regular file it matters that it cannot be cut.
    if let (true, true, Some(length)) = (seeks, cuts, length)
        && let Err(errno) = me.truncate(output, length)
        && me.size(output).is_some()
    {
        me.complain(&format!("failed to truncate to {length} bytes in output file {}", quoted(name)), errno);
        return None;
    }
    Some(output)
}
