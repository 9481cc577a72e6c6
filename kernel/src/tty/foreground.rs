//! Which group is in the foreground: Ctrl-C is for it, and so is all else that is typed (POSIX, XBD 11.1.2,
//! "Process Groups").

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::console::screen;
use crate::machine::SpinLock;
use crate::process::{Group, table};
use crate::task::{self, Signal};
use kcore::class;

const INTERRUPT: u8 = 0x03;

/// The group that runs in the foreground. Lock order: this -> nothing; the group is signalled after it was
/// given back.
static FOREGROUND: SpinLock<Option<Arc<Group>>> =
    SpinLock::new(class!("foreground", "The group is signalled without it."), None);
/// Ctrl-C is a byte like any other: the user edits a line.
static RAW: AtomicBool = AtomicBool::new(true);
/// Ctrl-C came since the last line.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether `byte`, which was just received, is a signal and none that a task reads: then [`interrupt`] is to
/// follow. Called by the interrupt handler.
pub(crate) fn interrupts(byte: u8) -> bool {
    if byte != INTERRUPT || RAW.load(SeqCst) {
        return false;
    }
    screen::write(b"^C\n");
    INTERRUPTED.store(true, SeqCst);
    true
}

/// Signals those in the foreground. Called by the interrupt handler, with no lock held: to signal is to wake.
pub(crate) fn interrupt() {
    let group = FOREGROUND.lock_irqsave().clone();
    if let Some(group) = group {
        group.send(Signal::Interrupt);
    }
}

/// From now on every byte is read by a task.
pub fn raw() {
    RAW.store(true, SeqCst);
}

/// From now on Ctrl-C is a signal. None has come.
pub fn signals() {
    INTERRUPTED.store(false, SeqCst);
    RAW.store(false, SeqCst);
}

/// Whether Ctrl-C came since [`signals`].
pub fn was_interrupted() -> bool {
    INTERRUPTED.load(SeqCst)
}

/// Whether the running task is in the foreground: what is typed is for it then. A task of the kernel's never
/// is.
pub fn is_caller() -> bool {
    let caller = table::known(task::current());
    let foreground = FOREGROUND.lock_irqsave();
    caller.as_ref().zip(foreground.as_ref()).is_some_and(|(caller, group)| Arc::ptr_eq(&caller.group, group))
}

/// `group` is in the foreground from now on; returns the one before. A Ctrl-C that has come already is its,
/// too.
pub fn set(group: Option<Arc<Group>>) -> Option<Arc<Group>> {
    let before = core::mem::replace(&mut *FOREGROUND.lock_irqsave(), group.clone());
    if let Some(group) = group.filter(|_| was_interrupted()) {
        group.send(Signal::Interrupt);
    }
    before
}
