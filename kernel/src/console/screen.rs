//! What people see: lines of the kernel, the output of programs, and the row that is being edited, which
//! stays whole and last whatever else is written.

use alloc::string::String;

use kcore::class;
use kcore::shell::edit::editor::ERASE_ROW;

use super::com1;
use crate::machine::SpinLock;

/// Lock order: this -> com1.lock.
static SCREEN: SpinLock<Screen> =
    SpinLock::new(class!("screen"), Screen { row: String::new(), is_fresh: true });

struct Screen {
    /// What draws the row that is being edited; empty when none is.
    row: String,
    /// The cursor is in the first column of an empty row.
    is_fresh: bool,
}

/// Writes `bytes` in one piece. A row that is being edited makes room and comes back below.
pub fn write(bytes: &[u8]) {
    let Some(&last) = bytes.last() else { return };
    let mut screen = SCREEN.lock_irqsave();
    if screen.row.is_empty() {
        com1::send(bytes);
        screen.is_fresh = last == b'\n';
        return;
    }
    com1::send(ERASE_ROW.as_bytes());
    com1::send(bytes);
    if last != b'\n' {
        com1::send(b"\n");
    }
    com1::send(screen.row.as_bytes());
}

/// Writes what an editor says; its row is drawn by `row` from now on.
pub fn edit(bytes: &str, row: String) {
    let mut screen = SCREEN.lock_irqsave();
    com1::send(bytes.as_bytes());
    screen.is_fresh = bytes.ends_with('\n');
    let before = core::mem::replace(&mut screen.row, row);
    drop(screen);
    drop(before);
}

/// Goes to the first column, in a new row unless it is there already.
pub fn fresh_line() {
    let is_fresh = SCREEN.lock_irqsave().is_fresh;
    if !is_fresh {
        write(b"\n");
    }
}
