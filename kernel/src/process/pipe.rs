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
use crate::mm::shortage;

/// Bytes that fit in at first.
const ROOM: usize = 4 << 10;
/// Bytes that fit in once a writer has found it full, if there is memory.
const MOST: usize = 64 << 10;
/// Bytes that are put in at once, with the lock held.
const PIECE: usize = 16 << 10;

struct Pipe {
    state: SpinLock<State>,
    readers: WaitQueue<Kernel>,
    writers: WaitQueue<Kernel>,
}

struct State {
    /// Never more than its `room`, which is there before.
    bytes: VecDeque<u8>,
    room: usize,
    is_read: bool,
    is_written: bool,
}

struct ReadEnd(Arc<Pipe>);
struct WriteEnd(Arc<Pipe>);

/// A new pipe: the end to read from, and the end to write to.
pub fn pipe() -> (Arc<File>, Arc<File>) {
    let bytes = VecDeque::with_capacity(ROOM);
    let state = State { bytes, room: ROOM, is_read: true, is_written: true };
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

    /// Whether a writer that waits is to go on: when half of it has been read, so that it is not woken for
    /// each read.
    fn can_write(&self) -> bool {
        let state = self.state.lock();
        state.is_half_empty() || !state.is_read
    }

    /// Takes bytes out, if there are some; [`None`] when there are none yet, and 0 when there will be none.
    fn take(&self, into: &mut [u8]) -> Option<usize> {
        let mut state = self.state.lock();
        let (front, back) = state.bytes.as_slices();
        let of_front = front.len().min(into.len());
        let count = of_front + back.len().min(into.len() - of_front);
        into[..of_front].copy_from_slice(&front[..of_front]);
        into[of_front..count].copy_from_slice(&back[..count - of_front]);
        state.bytes.drain(..count);
        let (is_half_empty, is_written) = (state.is_half_empty(), state.is_written);
        drop(state);
        if is_half_empty {
            self.writers.wake_up();
        }
        (count > 0 || !is_written).then_some(count)
    }

    /// Puts bytes in, as many as fit.
    fn put(&self, from: &[u8]) -> Result<usize, Errno> {
        let mut state = self.state.lock();
        if !state.is_read {
            return Err(Errno::EPIPE);
        }
        let count = from.len().min(state.room - state.bytes.len()).min(PIECE);
        state.bytes.extend(&from[..count]);
        drop(state);
        if count > 0 {
            self.readers.wake_up();
        }
        Ok(count)
    }

    /// Makes it as large as it can be.
    fn grow(&self) {
        if self.state.lock().room == MOST {
            return;
        }
        let Ok(room) = shortage::with_room_for(MOST) else { return };
        let mut larger = VecDeque::from(room);
        let mut state = self.state.lock();
        let (front, back) = state.bytes.as_slices();
        larger.extend(front);
        larger.extend(back);
        core::mem::swap(&mut state.bytes, &mut larger);
        state.room = MOST;
        drop(state);
        // What is too small now is given back without the lock.
        drop(larger);
    }
}

impl State {
    fn is_half_empty(&self) -> bool {
        self.bytes.len() <= self.room / 2
    }
}

impl FileOperations<Kernel> for ReadEnd {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(count) = self.0.take(into) {
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
    /// All of it, unless it ends before that: then what it has come to.
    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        let mut written = 0;
        while written < from.len() {
            let put = self.0.put(&from[written..]).and_then(|count| {
                if count == 0 {
                    self.0.grow();
                    self.0.writers.wait_event_interruptible(|| self.0.can_write())?;
                }
                Ok(count)
            });
            match put {
                Ok(count) => written += count,
                Err(_) if written > 0 => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(written)
    }

    fn poll<'a>(&'a self, table: &mut PollTable<'a, Kernel>) -> Events {
        table.wait(&self.0.writers);
        let state = self.0.state.lock();
        let mut events = Events::empty();
        events.set(Events::OUT, state.bytes.len() < state.room);
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
