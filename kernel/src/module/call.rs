//! What a task does in a driver: which one, as which user, and whose memory its addresses lead to.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::dev::{Credentials, UserMemory};
use kcore::machine::{Sched, TaskId};

use super::api::wait::Entry;
use super::driver::Driver;
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

/// `struct task_struct` of `linux/sched.h`.
#[repr(C)]
pub(super) struct Task {
    pid: i32,
    tgid: i32,
    comm: [u8; 16],
    pub(super) state: Cell<u32>,
    signals: *const Signals,
    cred: *const Cred,
}

/// A call under way, in a frame of the task that makes it. It begins with what C sees of it.
#[repr(C)]
pub(super) struct Call<'a> {
    pub(super) task: Task,
    cred: Cred,
    signals: Signals,
    terminal: Terminal,
    pub(super) credentials: Credentials,
    pub(super) driver: &'a Driver,
    pub(super) memory: Memory<'a>,
    /// The first of its places in wait queues.
    pub(super) places: Cell<*mut Entry>,
    /// Another task has woken it by name.
    pub(super) is_woken: AtomicBool,
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
    let mut comm = [0; 16];
    let name = crate::task::name_of(id);
    comm[..name.len()].copy_from_slice(name.as_bytes());
    let mut call = Call {
        task: Task {
            pid: id.0 as i32,
            tgid: id.0 as i32,
            comm,
            state: Cell::new(0),
            signals: ptr::null(),
            cred: ptr::null(),
        },
        cred: Cred { uid: credentials.uid, euid: credentials.euid, gid: 0, egid: 0 },
        signals: Signals { terminal: ptr::null() },
        terminal: Terminal { device: TERMINALS | credentials.terminal.unwrap_or_default() },
        credentials,
        driver,
        memory,
        places: Cell::new(ptr::null_mut()),
        is_woken: AtomicBool::new(false),
    };
    if credentials.terminal.is_some() {
        call.signals.terminal = &raw const call.terminal;
    }
    call.task.signals = &raw const call.signals;
    call.task.cred = &raw const call.cred;
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

impl Call<'_> {
    /// The task that makes it.
    pub(super) fn id(&self) -> TaskId {
        TaskId(self.task.pid as u32)
    }
}
