//! The terminal as a file.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;

use kcore::class;
use kcore::dev::{Caller, CharDevice, Credentials, Events, FileOperations, OpenFlags, PollTable, ioctl};
use kcore::errno::Errno;
use kcore::shell::canonical::Canonical;
use kcore::sync::{Mutex, Own};

use crate::console::screen;
use crate::fs::File;
use crate::machine::Kernel;
use crate::tty::{foreground, input as typed};

/// Bytes that are written in one piece: interrupts are off meanwhile.
const PIECE: usize = 256;

/// A line in the making, and what is left of those that are complete. There is one terminal.
static INPUT: Mutex<Input, Kernel> = Mutex::new(
    Own(class!("input", "A reader of the terminal, for as long as a line takes.")),
    Input { line: None, ready: VecDeque::new() },
);

struct Input {
    line: Option<Canonical>,
    ready: VecDeque<u8>,
}

struct Terminal;

/// The device behind `/dev/console` and `/dev/tty`.
pub struct Device;

impl CharDevice<Kernel> for Device {
    fn open(
        self: Arc<Self>,
        _flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        Ok(Box::new(Terminal))
    }
}

/// Whether no task has a line typed.
pub(crate) fn is_free() -> bool {
    INPUT.try_lock().is_some()
}

/// Opens the terminal.
pub fn open() -> Arc<File> {
    Arc::new(File::new(Box::new(Terminal), OpenFlags::READ_WRITE))
}

impl FileOperations<Kernel> for Terminal {
    /// A line, or what is left of one. 0 when Ctrl-D was typed at the begin of a line, and when nothing is
    /// typed any more. [`Errno::EIO`] in the background: what is typed is not for it, and no user could stop
    /// it until it is (POSIX, XBD 11.1.4, "Terminal Access Control").
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        if !foreground::is_caller() {
            return Err(Errno::EIO);
        }
        let mut input = INPUT.lock_interruptible()?;
        if input.ready.is_empty() {
            input.ready = input.type_a_line()?;
        }
        let count = into.len().min(input.ready.len());
        into.iter_mut().zip(input.ready.drain(..count)).for_each(|(to, byte)| *to = byte);
        Ok(count)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        from.chunks(PIECE).for_each(screen::write);
        Ok(from.len())
    }

    fn ioctl(&self, command: u32, _argument: usize, _caller: &Caller<'_>) -> Result<usize, Errno> {
        if command == ioctl::TCGETS { Ok(0) } else { Err(Errno::ENOTTY) }
    }

    fn poll<'a>(&'a self, table: &mut PollTable<'a, Kernel>) -> Events {
        table.wait(typed::waiting());
        let events = if typed::has_input() { Events::IN } else { Events::empty() };
        events | Events::OUT
    }
}

impl Input {
    fn type_a_line(&mut self) -> Result<VecDeque<u8>, Errno> {
        let line = self.line.get_or_insert_default();
        loop {
            let byte = typed::read_byte_interruptible().inspect_err(|_| line.clear())?;
            let Some(byte) = byte else { return Ok(line.end().into()) };
            let mut echo = String::new();
            let complete = line.push(byte, &mut echo);
            screen::write(echo.as_bytes());
            if let Some(complete) = complete {
                return Ok(complete.into());
            }
        }
    }
}
