//! What is said when there is no memory.

use core::fmt::Write;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::machine::Kind;

use crate::atomic_fn::AtomicFn;

use super::{Room, room};

/// Where a line of it goes: into the kernel's log, which is in a room above.
pub(crate) static TELL: AtomicFn<fn(&[u8]) -> bool> = AtomicFn::none();

/// How often it was refused.
static TIMES: AtomicU64 = AtomicU64::new(0);

/// A block was refused. Of many in a row a line is written for the first, the second, the fourth, and so on:
/// they would push all else out of the log.
#[cold]
pub(super) fn tell(size: usize, kind: Kind) {
    let times = TIMES.fetch_add(1, Relaxed) + 1;
    let Some(tell) = TELL.get().filter(|_| times.is_power_of_two()) else { return };
    let Room { used, free, records } = room();
    let (used, free) = (used >> 10, free >> 10);
    let mut line = heapless::String::<160>::new();
    // A line that is too long would be cut; none is.
    let _ = writeln!(
        line,
        "heap: no memory for {size} bytes ({kind}): {used} kB are used, {free} kB free, the ledger has room for {records} \
         blocks; refused so far: {times}"
    );
    tell(line.as_bytes());
}
