//! What a task does in a driver: which one, as which user, and whose memory its addresses lead to.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::dev::{Credentials, UserMemory};
use kcore::machine::{Sched, TaskId};
use kcore::place::Place;

use super::api::kthread;
use super::api::wait::Entry;
use super::driver::Driver;
use super::taken::Taken;
use crate::machine::Kernel;
use crate::task::schedule;

/// Where the buffer of a read or write seems to lie: at an address of a process, which is mapped nowhere.
pub(super) const BUFFER: usize = 0x7f00_0000_0000;

/// The memory of the process that makes the call.
#[derive(Clone, Copy)]
pub(super) enum Memory<'a> {
    /// It passes none.
    None,
    /// A buffer that is filled.
    Read(*mut u8, usize),
    /// A buffer that is read.
    Write(*const u8, usize),
    /// By its own addresses.
    Own(&'a dyn UserMemory),
}

/// `struct cred` of `linux/cred.h`.
#[repr(C)]
struct Cred {
    uid: u32,
    euid: u32,
    gid: u32,
    egid: u32,
}

#[repr(C)]
struct Terminal {
    device: u32,
}

#[repr(C)]
struct Signals {
    terminal: *const Terminal,
}

/// `struct task_struct` of `linux/sched.h`, and what C does not see of it.
#[repr(C)]
pub(super) struct Task {
    pid: Cell<i32>,
    tgid: Cell<i32>,
    comm: [u8; 16],
    pub(super) state: Cell<u32>,
    signals: Cell<*const Signals>,
    cred: Cell<*const Cred>,
    /// The signals that wait for it, as bits, and those that are kept off: none.
    pub(super) pending: Cell<u64>,
    blocked: u64,
    /// Another task has woken it by name.
    pub(super) is_woken: AtomicBool,
    /// It is one of a driver's own that a part of the execution is to do, and has not begun.
    pub(super) is_to_begin: AtomicBool,
}

// SAFETY: but for `is_woken`, it is changed by the task that it is of, and by its maker before that runs.
unsafe impl Send for Task {}
// SAFETY: as above.
unsafe impl Sync for Task {}

impl Task {
    /// One called `name`, of which it is not known yet which it is.
    pub(super) fn new(name: &str) -> Self {
        let mut comm = [0; 16];
        let length = name.len().min(comm.len() - 1);
        comm[..length].copy_from_slice(&name.as_bytes()[..length]);
        Task {
            pid: Cell::new(0),
            tgid: Cell::new(0),
            comm,
            state: Cell::new(0),
            signals: Cell::new(ptr::null()),
            cred: Cell::new(ptr::null()),
            pending: Cell::new(0),
            blocked: 0,
            is_woken: AtomicBool::new(false),
            is_to_begin: AtomicBool::new(false),
        }
    }

    /// It is the task `id`.
    pub(super) fn is_of(&self, id: TaskId) {
        self.pid.set(id.0 as i32);
        self.tgid.set(id.0 as i32);
    }

    /// Its number.
    pub(super) fn number(&self) -> u32 {
        self.pid.get() as u32
    }

    /// Wakes it, also from a sleep that it is about to begin.
    pub(super) fn wakes(&self) {
        if self.is_to_begin.swap(false, Relaxed) {
            return kthread::begins((&raw const *self).addr());
        }
        self.is_woken.store(true, Relaxed);
        Kernel::wake(TaskId(self.number()));
    }
}

/// A call under way, in a frame of the task that makes it.
pub(super) struct Call<'a> {
    /// What C sees of the task: one of a driver's own has it for longer than a call.
    pub(super) task: &'a Task,
    pub(super) credentials: Credentials,
    pub(super) driver: &'a Driver,
    pub(super) memory: Memory<'a>,
    /// The first of its places in wait queues.
    pub(super) places: Cell<*mut Entry>,
    pub(super) copies: Cell<Copies>,
    taken: Cell<Taken>,
}

impl Call<'_> {
    /// Notes what it takes of semaphores, and gives back.
    pub(super) fn note<R>(&self, note: impl FnOnce(&mut Taken) -> R) -> R {
        let mut taken = self.taken.get();
        let noted = note(&mut taken);
        self.taken.set(taken);
        noted
    }
}

/// What a call has copied from and to its process.
#[derive(Clone, Copy, Default)]
pub(super) struct Copies {
    pub(super) bytes: usize,
    /// Where a copy has failed.
    pub(super) failed: Option<Place>,
}

/// The major of terminals (Linux: `TTY_MAJOR`).
const TERMINALS: u32 = 4 << 20;

/// Calls `f`, which is in `driver`, for a process.
pub(super) fn enter<R>(
    driver: &Driver,
    credentials: Credentials,
    memory: Memory<'_>,
    f: impl FnOnce() -> R,
) -> R {
    let id = Kernel::task();
    let task = Task::new(&crate::task::name_of(id));
    task.is_of(id);
    enter_as(&task, driver, credentials, memory, f)
}

/// [`enter`] for the running task, which is `task`.
pub(super) fn enter_as<R>(
    task: &Task,
    driver: &Driver,
    credentials: Credentials,
    memory: Memory<'_>,
    f: impl FnOnce() -> R,
) -> R {
    let cred = Cred { uid: credentials.uid, euid: credentials.euid, gid: 0, egid: 0 };
    let terminal = Terminal { device: TERMINALS | credentials.terminal.unwrap_or_default() };
    let has_terminal = credentials.terminal.is_some();
    let signals = Signals { terminal: if has_terminal { &raw const terminal } else { ptr::null() } };
    task.signals.set(&raw const signals);
    task.cred.set(&raw const cred);
    let (places, copies, taken) = (Cell::new(ptr::null_mut()), Cell::default(), Cell::default());
    let call = Call { task, credentials, driver, memory, places, copies, taken };
    let slot = &schedule::this_task().call;
    let before = slot.swap((&raw const call).expose_provenance(), Relaxed);
    let result = f();
    slot.store(before, Relaxed);
    result
}

/// The call under way in the running task, or beneath the handler that has interrupted it.
pub(super) fn current<'a>() -> Option<&'a Call<'a>> {
    let call = ptr::with_exposed_provenance::<Call<'a>>(schedule::this_task().call.load(Relaxed));
    // SAFETY: `enter` has stored the address of its own frame, and takes it back before it returns; the
    // result is used by what runs on top of that.
    unsafe { call.as_ref() }
}

/// The same, for what makes sense in a call only.
///
/// # Panics
/// When there is none.
pub(super) fn here<'a>() -> &'a Call<'a> {
    current().expect("only a task that is in a call of a driver can do this")
}
