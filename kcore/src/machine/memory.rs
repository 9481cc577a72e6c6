//! Memory: kmalloc and kfree with an account.

use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering, fence};

use serde::{Deserialize, Serialize};

use crate::bytes::SharedBytes;
use crate::errno::Errno;

/// What a block of memory is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Kind {
    /// A list item of a scull device (LDD3's `struct scull_qset`).
    Node,
    /// The array of quantum pointers of a list item.
    Array,
    /// A quantum: the bytes of the device.
    Quantum,
    /// Whatever else the kernel allocates.
    Other,
}

impl Kind {
    /// The kinds that make up a scull device, in the order of the reports.
    pub const SCULL: [Kind; 3] = [Kind::Node, Kind::Array, Kind::Quantum];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Node => "node",
            Kind::Array => "array",
            Kind::Quantum => "quantum",
            Kind::Other => "other",
        })
    }
}

/// Every byte of a block that was allocated and not yet written.
pub const POISON_FRESH: u8 = 0x5a;
/// Every byte of a block that was freed (the value of Linux's `POISON_FREE`).
pub const POISON_FREED: u8 = 0x6b;

/// What [`Memory::free`] found wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFree {
    /// The block was freed before.
    Double,
    /// No block starts at this address.
    Unknown,
}

/// kmalloc and kfree with an account of every block.
///
/// # Safety
/// An implementor promises that a block is `size` bytes long, aligned to 16, disjoint from every other live
/// block, and that a freed block stays mapped and is not handed out again while an experiment runs or a task
/// [keeps](Memory::keep) freed blocks (quarantine): the racy device really does touch memory after it was
/// freed, and must find poison there, not another owner's data.
pub unsafe trait Memory {
    /// A block of `size` bytes, each [`POISON_FRESH`]. [`Errno::ENOMEM`] when there is none; nothing changed
    /// then.
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno>;
    /// [`allocate`](Memory::allocate), but each byte is 0 (Linux: `kzalloc`).
    #[track_caller]
    fn allocate_zeroed(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        let block = Self::allocate(kind, size)?;
        // SAFETY: the block is so long and aligned to 16, and its address is known to the caller alone.
        unsafe { SharedBytes::new(block, size) }.fill(0);
        Ok(block)
    }
    /// Gives a block back; its bytes become [`POISON_FREED`]. A wrong address is reported, counted and
    /// survived.
    ///
    /// # Safety
    /// No task keeps a Rust reference into the block. (Raw pointers may dangle: see the trait's promise.)
    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree>;

    /// How many bytes long a block is, as it was asked for (Linux: `ksize`). Takes no lock.
    ///
    /// # Safety
    /// [`allocate`](Memory::allocate) gave the block, and it is still mapped: it lives, or it was freed and
    /// is kept. A caller that did not allocate it has its address from an atomic load.
    unsafe fn size(block: NonNull<u8>) -> usize;

    /// Does some `work` that takes memory which it can be refused, by a vector that is asked whether it
    /// [may](alloc::vec::Vec::try_reserve) grow: where some memory is kept for callers that cannot do
    /// without, this has none of it.
    fn refusable<R>(work: impl FnOnce() -> R) -> R {
        work()
    }

    /// While one of these exists, no freed block of the kinds that make up a scull device is handed out
    /// again.
    type Keep: Send + Sync + 'static;

    /// Keeps freed blocks. A task that may meet one in a device that does not keep others out has one of
    /// these from before it enters until after it has left, and so has every task that frees blocks of that
    /// device.
    fn keep() -> Self::Keep;
}

/// The size of a block, in front of it, as implementors of [`Memory`] may keep it: it is written before the
/// block is known and never changes.
#[derive(Debug)]
#[repr(C, align(16))]
pub struct BlockSize {
    bytes: AtomicUsize,
    /// For the allocator: how far behind the start of its memory the block begins.
    offset: usize,
}

impl BlockSize {
    /// For a block of `bytes` bytes that begins `offset` bytes behind the start of its memory. The caller
    /// writes it before it tells other code where the block is.
    pub fn new(bytes: usize, offset: usize) -> Self {
        BlockSize { bytes: AtomicUsize::new(bytes), offset }
    }

    /// The offset of the block that begins where this ends.
    ///
    /// # Safety
    /// As for [`of`](BlockSize::of); and the caller is the allocator, which has got the block back.
    pub unsafe fn offset_of(block: NonNull<u8>) -> usize {
        // SAFETY: the caller's promise.
        let prefix = unsafe { block.cast::<BlockSize>().sub(1) };
        // SAFETY: as above.
        unsafe { prefix.as_ref() }.offset
    }

    /// The size of the block that begins where this ends.
    ///
    /// # Safety
    /// There is a `BlockSize` directly in front of `block`, and after it was written a release fence came
    /// before the block's address was stored for others.
    pub unsafe fn of(block: NonNull<u8>) -> usize {
        // Together with the release fence: a CPU that loaded the address sees what was written before it was
        // stored, although neither of the two accesses orders anything. On x86-64 neither fence is an
        // instruction.
        fence(Ordering::Acquire);
        // SAFETY: the caller's promise.
        let prefix = unsafe { block.cast::<BlockSize>().sub(1) };
        // SAFETY: as above; it stays as long as its block, and it is never written again.
        unsafe { prefix.as_ref() }.bytes.load(Ordering::Relaxed)
    }
}
