//! The blocks of drivers while nothing is explored: from their allocation until their memory is another's.
//!
//! A block that is freed is no different from memory that another caller has now. So a use of one counts only
//! where it is still full of what the heap fills freed blocks with; and what is around a block, only while the
//! heap says that the block is there.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::AtomicU64;

use kcore::class;
use kcore::leak::Hidden;
use kcore::machine::{POISON_FREED, Sched, TaskId};
use kcore::place::Place;
use kcore::written;

use super::blocks::Block;
use super::finding::show;
use crate::machine::{Kernel, SpinLock};
use crate::mm::{backtrace, heap};
use crate::println;
use crate::task::name_of;

/// Blocks that are known at most: each takes some hundred bytes.
const MOST: usize = 16384;
/// Freed blocks that are known at most.
const FREED: usize = 1024;
/// Bytes at the start of a block by which it is known that it is still free.
const SHOWN: usize = 64;
/// Calls on the way to an allocation that are kept.
const DEPTH: usize = 12;

/// Who did something, and the way there.
#[derive(Clone, Copy)]
struct Way {
    task: TaskId,
    trace: [usize; DEPTH],
}

/// A block that was allocated.
struct Seen {
    block: Block,
    allocated: Way,
    freed: Option<Way>,
}

/// What is known.
struct Known {
    /// By the complement of their addresses, so that nothing here holds a block for kmemleak.
    seen: BTreeMap<usize, Box<Seen>>,
    /// Those that are freed, the first of them first.
    freed: VecDeque<usize>,
}

static KNOWN: SpinLock<Known> = SpinLock::new(
    class!("blocks of drivers at the prompt", "Before the heap's."),
    Known { seen: BTreeMap::new(), freed: VecDeque::new() },
);

impl Way {
    fn here() -> Self {
        let mut trace = [0; DEPTH];
        backtrace::capture(&mut trace);
        Way { task: Kernel::task(), trace }
    }

    fn show(&self, what: &str) {
        println!("  {what} by {} (task {}):", name_of(self.task), self.task.0);
        show(&self.trace);
    }
}

/// A block is a driver's from now on. Without room or memory for what is to be known of it nothing is.
pub(super) fn allocated(address: usize, size: usize, at: Place) {
    let mut map = Vec::new();
    let has_room = KNOWN.lock_irqsave().seen.len() < MOST;
    if !has_room || map.try_reserve_exact(written::words_for(size)).is_err() {
        return forget(address..address + size);
    }
    map.resize_with(written::words_for(size), || AtomicU64::new(0));
    let block = Block::lasting(address, size, at, Arc::new(map));
    let seen = Box::new(Seen { block, allocated: Way::here(), freed: None });
    forget(address..address + size);
    let before = KNOWN.lock_irqsave().seen.insert(Hidden::new(address).word(), seen);
    drop(before);
}

/// What was known of blocks in `bytes` is true no more: that memory is another's.
fn forget(bytes: Range<usize>) {
    let mut known = KNOWN.lock_irqsave();
    while let Some(key) = known.over(&bytes) {
        known.seen.remove(&key);
    }
}

/// The block that begins at `address` is about to be freed; the block, if it was before.
pub(super) fn freed(address: usize, at: Place) -> Option<Block> {
    let way = Way::here();
    let mut known = KNOWN.lock_irqsave();
    let key = Hidden::new(address).word();
    let seen = known.seen.get_mut(&key)?;
    if seen.freed.is_some() {
        return Some(seen.block.clone());
    }
    (seen.block.freed_at, seen.freed) = (Some(at), Some(way));
    known.freed.push_back(key);
    if known.freed.len() > FREED
        && let Some(oldest) = known.freed.pop_front()
        && known.seen.get(&oldest).is_some_and(|seen| seen.freed.is_some())
    {
        known.seen.remove(&oldest);
    }
    None
}

/// The block that has something of `bytes` in it or near it.
pub(super) fn near(bytes: &Range<usize>) -> Option<Block> {
    let known = KNOWN.lock_irqsave();
    let block = |seen: &Seen| seen.block.clone();
    let before = known.seen.range(Hidden::new(bytes.start).word()..).next().map(|(_, seen)| block(seen));
    let before = before.filter(|block| block.surrounds(bytes.start));
    let after =
        || known.seen.range(..Hidden::new(bytes.start).word()).next_back().map(|(_, seen)| block(seen));
    before.or_else(|| after().filter(|block| block.surrounds(bytes.end - 1)))
}

impl Known {
    /// The key of a block that has memory of `bytes`.
    fn over(&self, bytes: &Range<usize>) -> Option<usize> {
        let (key, seen) = self.seen.range(Hidden::new(bytes.end - 1).word()..).next()?;
        (seen.block.start() + seen.block.size > bytes.start).then_some(*key)
    }
}

/// Whether what is wrong with a use of `bytes` is so for sure.
pub(super) fn is_so(block: &Block, bytes: &Range<usize>) -> bool {
    let record = heap::lookup(block.start()).filter(|record| record.is_live());
    if block.freed_at.is_none() {
        return record.is_some_and(|record| record.allocation.size == block.size);
    }
    // What is used, and some of the block besides. At its start the heap has a link.
    let first = block.start() + size_of::<usize>();
    let is_poison = |bytes: &Range<usize>| block.bytes_at(bytes).all(|byte| byte == POISON_FREED);
    let some = first..block.start() + block.size.min(SHOWN);
    record.is_none()
        && !some.is_empty()
        && is_poison(&some)
        && is_poison(&(bytes.start.max(first)..bytes.end))
}

/// Says how a block was allocated and freed.
pub(super) fn show_ways(block: &Block) {
    let ways = {
        let known = KNOWN.lock_irqsave();
        known.seen.get(&Hidden::new(block.start()).word()).map(|seen| (seen.allocated, seen.freed))
    };
    let Some((allocated, freed)) = ways else { return };
    allocated.show("allocated");
    if let Some(freed) = freed {
        freed.show("freed");
    }
}
