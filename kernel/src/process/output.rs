//! Where the kernel's own lines go that a program has it print: `run` is the kernel's, its report is the program's.

use alloc::sync::Arc;

use kcore::machine::TaskId;

use crate::arch::cpu;
use crate::fs::File;
use crate::machine::SpinLock;
use crate::{context, task};

/// The task whose lines go elsewhere, and where to. There is one at a time.
static DIVERTED: SpinLock<Option<(TaskId, Arc<File>)>> = SpinLock::new(None);

/// While this lives, the lines of the running task go to a file.
#[must_use = "dropping it ends the diversion"]
pub struct Diverted(());

/// The running task's lines go to `file`. [`None`] when another task's lines are diverted.
pub fn divert(file: Arc<File>) -> Option<Diverted> {
    let mut diverted = DIVERTED.lock_irqsave();
    if diverted.is_some() {
        return None;
    }
    *diverted = Some((task::current(), file));
    Some(Diverted(()))
}

impl Drop for Diverted {
    fn drop(&mut self) {
        let before = DIVERTED.lock_irqsave().take();
        drop(before);
    }
}

/// Takes a line, if the running task's lines are diverted, and it can wait for whoever reads them.
pub(crate) fn take(line: &[u8]) -> bool {
    if !cpu::irq_are_on() {
        return false;
    }
    let file = match &*DIVERTED.lock_irqsave() {
        Some((task, file)) if *task == task::current() => Arc::clone(file),
        _ => return false,
    };
    if context::is_atomic() {
        return false;
    }
    let mut rest = line;
    while !rest.is_empty() {
        match file.write(rest) {
            Ok(count) if count > 0 => rest = &rest[count..],
            // Nobody reads it: then it is nobody's.
            _ => break,
        }
    }
    true
}
