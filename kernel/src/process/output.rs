//! Where the kernel's own lines go that a program has it print: `run` is the kernel's, its report is the
//! program's.

use alloc::string::String;
use alloc::sync::Arc;

use kcore::class;
use kcore::errno::Errno;
use kcore::experiment::page::fit;
use kcore::machine::TaskId;

use crate::arch::cpu;
use crate::console::line::DIVERSION;
use crate::fs::File;
use crate::machine::SpinLock;
use crate::observe::explorer;
use crate::task::mortal;
use crate::{context, task};

/// The task whose lines go elsewhere. There is one at a time.
static DIVERTED: SpinLock<Option<Diverted>> =
    SpinLock::new(class!("diverted output", "The file is written to without it."), None);

struct Diverted {
    task: TaskId,
    /// Where its lines go.
    file: Arc<File>,
    /// How wide that is, if it is a terminal.
    columns: Option<usize>,
    /// Why the first line was lost that could not be written.
    lost: Option<Errno>,
}

/// Does some `work`, while the running task's lines go to `file`, which may be a terminal of so many columns;
/// no other task's do meanwhile. Also tells why lines were lost, if some were.
pub fn divert<R>(
    file: Arc<File>,
    columns: Option<usize>,
    work: impl FnOnce() -> R,
) -> (R, Result<(), Errno>) {
    let diverted = Diverted { task: task::current(), file, columns, lost: None };
    // Dropped when the lock is given back, as it may be the last reference to a file: of a task that has died
    // in its work.
    let before = DIVERTED.lock_irqsave().replace(diverted);
    drop(before);
    DIVERSION.set(take);
    let result = work();
    DIVERSION.clear();
    let diverted = DIVERTED.lock_irqsave().take();
    (result, diverted.and_then(|diverted| diverted.lost).map_or(Ok(()), Err))
}

/// Does some `work`, while what tasks say goes nowhere; but for what is said of a dead one, if that
/// `is_told`.
pub fn silent<R>(is_told: bool, work: impl FnOnce() -> R) -> R {
    explorer::hush(!is_told);
    DIVERSION.set(if is_told { |_| !mortal::is_dead() } else { |_| true });
    let result = work();
    DIVERSION.clear();
    explorer::hush(false);
    result
}

/// The running task dies where it is: what is to be said of that goes to the screen, and not into the driver
/// that it may have died of.
pub(crate) fn died() {
    let mine = |diverted: &mut Diverted| diverted.task == task::current();
    let diverted = DIVERTED.lock_irqsave().take_if(mine);
    // Not the last reference: the process has the file open.
    drop(diverted);
}

/// Takes a line, if the running task's lines are diverted, and it can wait for their reader.
fn take(line: &[u8]) -> bool {
    if !cpu::irq_are_on() || mortal::is_dead() {
        return false;
    }
    let (file, columns) = match &*DIVERTED.lock_irqsave() {
        Some(diverted) if diverted.task == task::current() => (Arc::clone(&diverted.file), diverted.columns),
        _ => return false,
    };
    if context::is_atomic() {
        return false;
    }
    let fitting = columns.map(|columns| fit(&String::from_utf8_lossy(line), columns));
    if let Err(errno) = write_all(&file, fitting.as_ref().map_or(line, String::as_bytes))
        && let Some(diverted) = &mut *DIVERTED.lock_irqsave()
    {
        diverted.lost.get_or_insert(errno);
    }
    true
}

fn write_all(file: &File, mut line: &[u8]) -> Result<(), Errno> {
    while !line.is_empty() {
        match file.write(line)? {
            0 => return Err(Errno::ENOSPC),
            count => line = &line[count..],
        }
    }
    Ok(())
}
