//! Signals, as little of them as a sleep needs: a task can be interrupted, or killed (LDD3 ch. 6, "Blocking
//! I/O").
//!
//! A signal stays until its task [takes](take) it. It wakes the task; a sleep that no signal may end goes on.

use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;
use kcore::machine::{Sleep, TaskId};

use super::{schedule, table};

/// What can be sent to a task, the weaker first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Signal {
    /// Ends an interruptible sleep (as SIGINT does).
    Interrupt = 1,
    /// Ends a killable sleep, too (as SIGKILL does).
    Kill = 2,
}

impl Signal {
    /// What the shell's `$?` has of a program that it ends: 128 and its number (SIGINT, SIGKILL).
    pub fn status(self) -> i32 {
        match self {
            Signal::Interrupt => 130,
            Signal::Kill => 137,
        }
    }
}

/// Sends `signal` to `task`. Nothing happens if the task has ended.
pub fn send(task: TaskId, signal: Signal) {
    if let Some(found) = table::find(task) {
        found.signal.fetch_max(signal as u8, Relaxed);
        schedule::wake(task);
    }
}

/// The running task has got `signal`.
pub fn raise(signal: Signal) {
    schedule::this_task().signal.fetch_max(signal as u8, Relaxed);
}

/// Whether the running task has a signal that ends a sleep of this kind.
pub fn interrupted(sleep: Sleep) -> bool {
    let ends = match sleep {
        Sleep::Uninterruptible => return false,
        Sleep::Killable => Signal::Kill,
        Sleep::Interruptible => Signal::Interrupt,
    };
    schedule::this_task().signal.load(Relaxed) >= ends as u8
}

/// A system call, as its caller sees it: `call` that ends with [`Errno::ERESTARTSYS`] was interrupted, and
/// the signal is taken. If the task `restarts` its calls (as with `SA_RESTART`) it is made again, unless the
/// signal kills; else the caller gets [`Errno::EINTR`] (LDD3 ch. 5, "down_interruptible").
pub fn system_call<T>(restarts: bool, mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::ERESTARTSYS) => {
                let killed = take() == Some(Signal::Kill);
                if !restarts || killed {
                    return Err(Errno::EINTR);
                }
            }
            result => return result,
        }
    }
}

/// Takes the running task's signal: it is handled.
pub fn take() -> Option<Signal> {
    match schedule::this_task().signal.swap(0, Relaxed) {
        0 => None,
        1 => Some(Signal::Interrupt),
        _ => Some(Signal::Kill),
    }
}
