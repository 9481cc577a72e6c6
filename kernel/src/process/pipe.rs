//! A pipe between two processes of a pipeline: a bounded buffer with two wait queues (LDD3 ch. 6, "A Blocking
//! I/O Example").

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;

use kcore::class;
use kcore::dev::{Events, FileOperations, OpenFlags, PollTable};
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::sync::WaitQueue;

use crate::fs::File;
use crate::machine::{Kernel, SpinLock};

/// Bytes that fit in.
const ROOM: usize = 4096;

struct Pipe {
    state: SpinLock<State>,
    readers: WaitQueue<Kernel>,
    writers: WaitQueue<Kernel>,
}

struct State {
    /// Never grows: its room is there from the start.
    bytes: VecDeque<u8>,
    is_read: bool,
    is_written: bool,
}

struct ReadEnd(Arc<Pipe>);
struct WriteEnd(Arc<Pipe>);

/// A new pipe: the end to read from, and the end to write to.
pub fn pipe() -> (Arc<File>, Arc<File>) {
    let state = State { bytes: VecDeque::with_capacity(ROOM), is_read: true, is_written: true };
    let pipe = Arc::new(Pipe {
        state: SpinLock::new(class!("pipe of the shell"), state),
        readers: WaitQueue::new(Class::EVENT),
        writers: WaitQueue::new(Class::EVENT),
    });
    let reader = File::new(Box::new(ReadEnd(Arc::clone(&pipe))), OpenFlags::READ);
    let writer = File::new(Box::new(WriteEnd(pipe)), OpenFlags::WRITE);
    (Arc::new(reader), Arc::new(writer))
}

impl Pipe {
    fn can_read(&self) -> bool {
        let state = self.state.lock();
        !state.bytes.is_empty() || !state.is_written
    }

    fn can_write(&self) -> bool {
        let state = self.state.lock();
        state.bytes.len() < ROOM || !state.is_read
    }

    /// Takes bytes out, if there are some; [`None`] when there are none yet, and 0 when there will be none.
    fn take(&self, into: &mut [u8]) -> Option<usize> {
        let mut state = self.state.lock();
        let count = into.len().min(state.bytes.len());
        into.iter_mut().zip(state.bytes.drain(..count)).for_each(|(to, byte)| *to = byte);
        (count > 0 || !state.is_written).then_some(count)
    }

    /// Puts bytes in, as many as fit.
    fn put(&self, from: &[u8]) -> Result<usize, Errno> {
        let mut state = self.state.lock();
        if !state.is_read {
            return Err(Errno::EPIPE);
        }
        let count = from.len().min(ROOM - state.bytes.len());
        state.bytes.extend(&from[..count]);
        Ok(count)
    }
}

impl FileOperations<Kernel> for ReadEnd {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(count) = self.0.take(into) {
                self.0.writers.wake_up();
                return Ok(count);
            }
            self.0.readers.wait_event_interruptible(|| self.0.can_read())?;
        }
    }

    fn poll<'a>(&'a self, table: &mut PollTable<'a, Kernel>) -> Events {
        table.wait(&self.0.readers);
        let state = self.0.state.lock();
        let mut events = Events::empty();
        events.set(Events::IN, !state.bytes.is_empty());
        events.set(Events::HANG_UP, !state.is_written);
        events
    }
}

impl FileOperations<Kernel> for WriteEnd {
    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        loop {
            match self.0.put(from)? {
                0 if !from.is_empty() => self.0.writers.wait_event_interruptible(|| self.0.can_write())?,
                count => {
                    self.0.readers.wake_up();
                    return Ok(count);
                }
            }
        }
    }

    fn poll<'a>(&'a self, table: &mut PollTable<'a, Kernel>) -> Events {
        table.wait(&self.0.writers);
        let state = self.0.state.lock();
        let mut events = Events::empty();
        events.set(Events::OUT, state.bytes.len() < ROOM);
        events.set(Events::ERROR, !state.is_read);
        events
    }
}

impl Drop for ReadEnd {
    fn drop(&mut self) {
        self.0.state.lock().is_read = false;
        self.0.writers.wake_up_all();
    }
}

impl Drop for WriteEnd {
    fn drop(&mut self) {
        self.0.state.lock().is_written = false;
        self.0.readers.wake_up_all();
    }
}
