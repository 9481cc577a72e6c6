//! The device.
#![forbid(unsafe_code)]

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Release},
};

use crate::class;
use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags, Said};
use crate::errno::Errno;
use crate::event::{Class, LockName, Site};
use crate::machine::{AtomicFlag, Machine};
use crate::pipe::buffer::Buffer;
use crate::pipe::buffer::Damage;
use crate::pipe::file::File;
use crate::pipe::ring::Ring;
use crate::pipe::sites;
use crate::pipe::snapshot::Snapshot;
use crate::report::LockStats;
use crate::scull::{Edition, Parameters};
use crate::shared::{Shared, probe};
use crate::sync::{Mutex, MutexGuard, Observed, WaitQueue, Watched};

/// How many pipes there are: scullpipe0 to scullpipe3 (LDD3's `SCULL_P_NR_DEVS`).
pub const PIPES: usize = NAMES.len();

/// The names of the devices and of their locks.
const NAMES: [(&str, &str); 4] = [
    ("scullpipe0", "scullpipe0.lock"),
    ("scullpipe1", "scullpipe1.lock"),
    ("scullpipe2", "scullpipe2.lock"),
    ("scullpipe3", "scullpipe3.lock"),
];

/// The smallest buffer, in bytes: one of them is never used.
const SMALLEST: usize = 2;

/// A pipe (LDD3's `struct scull_pipe`).
///
/// Lock order: the lock of a pipe -> the heap's. The locks of the wait queues are taken under no other.
pub struct Pipe<M: Machine> {
    name: &'static str,
    edition: Edition,
    parameters: Arc<Parameters>,
    state: Mutex<State<M>, M, Observed>,
    /// Written under the lock. The waiters look at it without, to be woken and look again with it.
    rp: Shared<usize>,
    /// The same.
    wp: Shared<usize>,
    /// The device is unplugged. Set once.
    gone: AtomicBool,
    pub(super) readers: Side<M>,
    pub(super) writers: Side<M>,
}

/// What the lock guards.
pub(super) struct State<M: Machine> {
    /// There is one while a task has the pipe open.
    buffer: Option<Buffer<M>>,
    /// How long the buffer is believed to be, in bytes.
    size: usize,
    /// Files that are open for reading, and for writing.
    readers: u32,
    writers: u32,
    /// Bytes that were written and not read, whatever the two positions say.
    unread: usize,
    damage: Damage,
}

/// The readers or the writers: where they wait, and what a script calls the places around that.
///
/// No listener hears of the waits themselves: a script or a rendezvous has to wait for a task that sleeps
/// here, as the one that will wake it is among those that go on.
pub(super) struct Side<M: Machine> {
    pub(super) queue: WaitQueue<M>,
    /// Before the wait.
    pub(super) blocked: &'static Site,
    /// After it.
    pub(super) woken: &'static Site,
}

/// The lock is held until this is dropped.
pub(super) type Held<'p, M> = MutexGuard<'p, State<M>, M, Observed>;

impl<M: Machine> Pipe<M> {
    /// scullpipe`index`, which takes the size of its buffer from `parameters` when it is opened.
    /// [`Errno::ENODEV`] when there is no pipe of that number.
    pub fn new(index: usize, parameters: &Arc<Parameters>, edition: Edition) -> Result<Arc<Self>, Errno> {
        let &(name, lock) = NAMES.get(index).ok_or(Errno::ENODEV)?;
        let lock = Observed::new(LockName::sleeps(lock, class!("scullpipe.lock", "No task sleeps with it.")));
        let state =
            State { buffer: None, size: 0, readers: 0, writers: 0, unread: 0, damage: Damage::default() };
        Ok(Arc::new(Pipe {
            name,
            edition,
            parameters: Arc::clone(parameters),
            state: Mutex::of(lock, state),
            rp: Shared::new(0),
            wp: Shared::new(0),
            gone: AtomicBool::new(false),
            readers: Side::new(&sites::EMPTY, &sites::READABLE),
            writers: Side::new(&sites::FULL, &sites::WRITABLE),
        }))
    }

    /// `scullpipe0` to `scullpipe3`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// As printed, or repaired.
    pub fn edition(&self) -> Edition {
        self.edition
    }

    /// The settings of its module.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What went wrong so far.
    pub fn damage(&self) -> Damage {
        self.state.lock().damage
    }

    /// The counters of its lock.
    pub fn lock_stats(&self) -> LockStats {
        self.state.stats()
    }

    /// Tasks that sleep in a read, and in a write, at this moment.
    pub fn sleepers(&self) -> (usize, usize) {
        (self.readers.queue.waiters(), self.writers.queue.waiters())
    }

    /// What it is like now. [`Errno::ERESTARTSYS`] when a signal came while the task slept for the lock.
    pub fn snapshot(&self) -> Result<Snapshot, Errno> {
        let state = self.state.lock_interruptible().map_err(|_| Errno::ERESTARTSYS)?;
        Ok(Snapshot {
            buffer: state.buffer.as_ref().map(Buffer::len),
            ring: Ring {
                size: state.size,
                rp: self.rp.look::<M>(&sites::RP),
                wp: self.wp.look::<M>(&sites::WP),
            },
            readers: state.readers,
            writers: state.writers,
        })
    }

    /// Takes the lock for a call from outside. [`Errno::ERESTARTSYS`] when a signal came while the task slept
    /// for it, [`Errno::ENODEV`] when the device is gone.
    #[track_caller]
    pub(super) fn enter(&self) -> Result<Held<'_, M>, Errno> {
        let state = self.state.lock_interruptible().map_err(|_| Errno::ERESTARTSYS)?;
        if self.is_gone() { Err(Errno::ENODEV) } else { Ok(state) }
    }

    /// The same, whatever signals come and whether the device is there or not.
    pub(super) fn enter_in_any_case(&self) -> Held<'_, M> {
        self.state.lock()
    }

    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Acquire)
    }

    /// Whether there is nothing to read. Exact under the lock.
    pub(super) fn is_empty(&self) -> bool {
        self.rp.load::<M>(&sites::RP) == self.wp.load::<M>(&sites::WP)
    }

    /// Whether there is no room to write, in a buffer of `size` bytes. Exact under the lock.
    pub(super) fn is_full(&self, size: usize) -> bool {
        self.ring(size).space() == 0
    }

    fn ring(&self, size: usize) -> Ring {
        Ring { size, rp: self.rp.load::<M>(&sites::RP), wp: self.wp.load::<M>(&sites::WP) }
    }

    /// Copies bytes out of the buffer: as many as one read takes. The lock is held, and the caller has looked
    /// whether there are any.
    pub(super) fn take(&self, state: &mut State<M>, into: &mut [u8]) -> usize {
        let ring = self.ring(state.size);
        let count = into.len().min(ring.readable_at_once());
        probe::<M>(&sites::TAKE);
        let beyond = state.buffer().read(ring.rp, &mut into[..count]);
        let fresh = count.min(state.unread);
        state.unread -= fresh;
        state.damage.stale += (count - fresh) as u64;
        state.damage.beyond += beyond as u64;
        self.rp.store::<M>(&sites::RP, ring.after(ring.rp, count));
        count
    }

    /// Copies bytes into the buffer: as many as one write puts. The lock is held, and the caller has looked
    /// whether there is room.
    pub(super) fn put(&self, state: &mut State<M>, from: &[u8]) -> usize {
        let ring = self.ring(state.size);
        let count = from.len().min(ring.writable_at_once());
        probe::<M>(&sites::PUT);
        let beyond = state.buffer().write(ring.wp, &from[..count]);
        state.unread += count;
        state.damage.beyond += beyond as u64;
        self.wp.store::<M>(&sites::WP, ring.after(ring.wp, count));
        count
    }

    /// One file more, and a buffer if there was none. [`Errno::EINVAL`] when the buffer's size is none for a
    /// pipe.
    fn add_file(&self, flags: OpenFlags) -> Result<(), Errno> {
        let mut state = self.enter()?;
        probe::<M>(&sites::OPEN);
        let size = self.parameters.pipe_buffer.look::<M>(&crate::scull::sites::SCULL_P_BUFFER);
        let is_first = state.buffer.is_none();
        if is_first || self.edition == Edition::Book {
            if size < SMALLEST {
                return Err(Errno::EINVAL);
            }
            if is_first {
                state.buffer = Some(Buffer::allocate(size)?);
            }
            // The book does this for each open, whether the buffer is a new one or not (R18).
            self.set_bounds(&mut state, size);
        }
        state.readers += u32::from(flags.contains(OpenFlags::READ));
        state.writers += u32::from(flags.contains(OpenFlags::WRITE));
        Ok(())
    }

    /// The buffer has `size` bytes, and there is nothing in it.
    fn set_bounds(&self, state: &mut State<M>, size: usize) {
        state.damage.forgotten += core::mem::take(&mut state.unread) as u64;
        state.size = size;
        self.rp.store::<M>(&sites::RP, 0);
        self.wp.store::<M>(&sites::WP, 0);
    }

    /// One file less; the last one takes the buffer along (LDD3's `scull_p_release`).
    pub(super) fn remove_file(&self, flags: OpenFlags) {
        let mut state = self.enter_in_any_case();
        state.readers -= u32::from(flags.contains(OpenFlags::READ));
        state.writers -= u32::from(flags.contains(OpenFlags::WRITE));
        if state.readers + state.writers == 0 {
            state.buffer = None;
            // What is in it now, no task will ever read: a pipe without files is empty.
            state.unread = 0;
        }
    }
}

impl<M: Machine> State<M> {
    pub(super) fn size(&self) -> usize {
        self.size
    }

    fn buffer(&self) -> &Buffer<M> {
        self.buffer.as_ref().expect("a pipe that is open has a buffer")
    }
}

impl<M: Machine> Side<M> {
    fn new(blocked: &'static Site, woken: &'static Site) -> Self {
        Side { queue: WaitQueue::from_flag(M::Flag::new(false), Class::EVENT), blocked, woken }
    }
}

impl<M: Machine> CharDevice<M> for Pipe<M> {
    /// Opens it (LDD3's `scull_p_open`). [`Errno::EINVAL`] when the module's size of buffers is less than two
    /// bytes, as one of them is never used, or the file is neither for reading nor for writing;
    /// [`Errno::ENOMEM`], [`Errno::ERESTARTSYS`], [`Errno::ENODEV`].
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<M>>, Errno> {
        if !flags.intersects(OpenFlags::READ_WRITE) {
            return Err(Errno::EINVAL);
        }
        self.add_file(flags)?;
        self.parameters.say::<M>(Said::Opened(self.name));
        Ok(Box::new(File::new(self, flags)))
    }

    fn unplugged(&self) {
        self.gone.store(true, Release);
        self.readers.queue.wake_up_all();
        self.writers.queue.wake_up_all();
    }
}

impl<M: Machine> fmt::Debug for Pipe<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe")
            .field("name", &self.name)
            .field("edition", &self.edition)
            .field("sleepers", &self.sleepers())
            .finish_non_exhaustive()
    }
}
