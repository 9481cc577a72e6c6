//! Blocks of Rust's own that wait for the next of the same size, while much is allocated and freed over and
//! over: with their records, as if they were live, so that neither the ledger nor the holes are asked.
//!
//! They are poisoned as all that is freed. A block whose bytes are not searched by kmemleak does not come here:
//! its record says so, and its next owner's are.

use alloc::vec::Vec;
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::class;
use kcore::machine::{POISON_FREED, POISON_FRESH};
use kcore::place::Place;

use super::{ALIGN, HEAP, account, bytes, failing, free, pointer, tell};
use crate::machine::SpinLock;
use crate::mm::shortage;

/// The most bytes of a block in it.
const MOST: usize = 1536;
/// So many blocks of each size.
const DEPTH: usize = 4;
/// Bytes of all of them.
const ROOM: usize = 64 << 10;

struct Pocket {
    /// The blocks, by size.
    blocks: Vec<heapless::Vec<usize, DEPTH>>,
    /// Bytes that there is room for.
    room: usize,
}

static POCKET: SpinLock<Option<Pocket>> =
    SpinLock::new(class!("blocks that wait to be used again", "Before the heap's."), None);
/// There is one. Written before and after it comes and goes: it is asked again with the lock in hand.
static IS_OPEN: AtomicBool = AtomicBool::new(false);

/// Does some `work` while there is one. One task at a time does such.
pub(super) fn open<R>(work: impl FnOnce() -> R) -> R {
    let mut blocks = Vec::new();
    if blocks.try_reserve_exact(MOST + 1).is_ok() {
        blocks.resize(MOST + 1, heapless::Vec::new());
        *POCKET.lock_irqsave() = Some(Pocket { blocks, room: ROOM });
        IS_OPEN.store(true, Relaxed);
    }
    let result = work();
    IS_OPEN.store(false, Relaxed);
    let pocket = POCKET.lock_irqsave().take();
    for address in pocket.iter().flat_map(|pocket| pocket.blocks.iter().flatten()) {
        // SAFETY: its owner gave it up, and no other has it.
        let freed = unsafe { free(pointer(*address), Place::caller()) };
        assert!(freed.is_ok(), "a block that waited was freed");
    }
    result
}

/// A block of `layout` that waited for that.
#[inline]
pub(super) fn take(layout: Layout, at: Place) -> Option<NonNull<u8>> {
    if IS_OPEN.load(Relaxed) { take_one(layout, at) } else { None }
}

fn take_one(layout: Layout, at: Place) -> Option<NonNull<u8>> {
    if layout.align() > ALIGN || layout.size() > MOST || failing::is_armed() || shortage::keeps() {
        return None;
    }
    let block = {
        let mut pocket = POCKET.lock_irqsave();
        let pocket = pocket.as_mut()?;
        let address = pocket.blocks[layout.size()].pop()?;
        pocket.room += layout.size();
        pointer(address)
    };
    bytes(block.addr().get(), layout.size()).fill(POISON_FRESH);
    tell(block, layout.size(), at);
    Some(block)
}

/// Has `block` wait, which its owner gives up, if it can; whether it does.
#[inline]
pub(super) fn put(block: NonNull<u8>, layout: Layout) -> bool {
    IS_OPEN.load(Relaxed) && put_in(block, layout)
}

fn put_in(block: NonNull<u8>, layout: Layout) -> bool {
    let address = block.addr().get();
    // What lies in the reserve goes back there.
    if layout.size() > MOST || address >= HEAP.end.load(Relaxed) {
        return false;
    }
    let may_wait = account::ask(address, |record| record.is_live() && !record.allocation.kept);
    if may_wait != Some(true) {
        return false;
    }
    bytes(address, layout.size()).fill(POISON_FREED);
    let mut pocket = POCKET.lock_irqsave();
    pocket.as_mut().is_some_and(|pocket| {
        let has_room = pocket.room >= layout.size() && pocket.blocks[layout.size()].push(address).is_ok();
        pocket.room -= if has_room { layout.size() } else { 0 };
        has_room
    })
}
