//! A block in memory: its size in front of it, then its bytes.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, fence};

use kcore::bytes::SharedBytes;
use kcore::errno::Errno;
use kcore::ledger::Record;
use kcore::machine::{BlockSize, POISON_FREED};

use super::ALIGN;

/// What is taken out of the holes for a block of `layout`, and how far behind its start the block begins.
pub(super) fn whole(layout: Layout) -> Result<(Layout, usize), Errno> {
    let (whole, offset) = Layout::new::<BlockSize>().extend(layout).map_err(|_| Errno::ENOMEM)?;
    let whole = room_for(whole.size(), whole.align()).ok_or(Errno::ENOMEM)?;
    Ok((whole, offset))
}

/// The block of `size` bytes that begins `offset` bytes behind `base`, with its size in front of it.
///
/// # Safety
/// `base` and `offset` are those of a hole that was taken for [`whole`], and no other CPU knows of it.
pub(super) unsafe fn begin_block(base: NonNull<u8>, offset: usize, size: usize) -> NonNull<u8> {
    // SAFETY: the hole has room for `offset` bytes and the block.
    let block = unsafe { base.add(offset) };
    // SAFETY: `offset` is a `BlockSize` at least, and both addresses are aligned to 16.
    let prefix = unsafe { block.cast::<BlockSize>().sub(1) };
    // SAFETY: no other CPU knows of these bytes yet.
    unsafe { prefix.write(BlockSize::new(size, offset)) };
    // A CPU that loads the block's address from somewhere finds its size written.
    fence(Ordering::Release);
    block
}

/// What is taken out of the holes for `size` bytes. A hole begins where a block ends; if that were not
/// aligned, the next block would leave a splinter in front of it, too small for anything, and every
/// allocation would walk past all of them. Besides, every block has room for a link.
pub(super) fn room_for(size: usize, align: usize) -> Option<Layout> {
    Layout::from_size_align(room_of(size), align).ok()
}

/// The bytes of [`room_for`] `size` bytes.
#[inline]
pub(super) fn room_of(size: usize) -> usize {
    const LEAST: usize = size_of::<BlockSize>() + size_of::<usize>();
    size.max(LEAST).next_multiple_of(ALIGN)
}

/// Gives the memory of the block at `address` back, which is `size` bytes long.
///
/// # Safety
/// The block was made in memory out of these holes, as [`whole`] says; it is given back once, and no task
/// uses it any more.
pub(super) unsafe fn give_back(holes: &mut linked_list_allocator::Heap, address: usize, size: usize) {
    let block = pointer(address);
    // SAFETY: it is a block of ours, and we have got it back.
    let offset = unsafe { BlockSize::offset_of(block) };
    // SAFETY: there its memory begins.
    let base = unsafe { block.sub(offset) };
    // The alignment does not matter any more: holes are measured by size alone.
    let whole = room_for(offset + size, ALIGN).expect("it was allocated with this size");
    // SAFETY: the memory came from these holes with this size, and the caller gives it up.
    unsafe { holes.deallocate(base, whole) };
}

/// The bytes of a block that the ledger knows, or that is on its way from or to the holes. Racy tasks publish
/// fresh blocks and keep using freed ones without any ordering, so every access to a block's bytes by the
/// heap is atomic too.
pub(super) fn bytes<'a>(address: usize, size: usize) -> SharedBytes<'a> {
    // SAFETY: a block is aligned to 16, mapped for ever, and its users either own it or access it through
    // this view too.
    unsafe { SharedBytes::new(pointer(address), size) }
}

/// The block at an address that the ledger knows.
pub(super) fn pointer(address: usize) -> NonNull<u8> {
    NonNull::new(core::ptr::with_exposed_provenance_mut(address)).expect("no block is at 0")
}

/// Whether every byte of a quarantined block is still [`POISON_FREED`].
pub(super) fn is_poisoned(record: &Record) -> bool {
    bytes(record.allocation.address, record.allocation.size).first_other_than(POISON_FREED).is_none()
}
