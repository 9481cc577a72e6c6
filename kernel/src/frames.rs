//! Physical memory in frames of 4 KiB.
//!
//! Frames are handed out from the ranges that the loader calls usable, in order, and never given back: what
//! comes and goes lives in the heap, and stacks are kept for the next task.

use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bootloader_api::info::{MemoryRegion, MemoryRegionKind};
use heapless::Vec;

use crate::machine::SpinLock;
use crate::param::MAX_MEMORY_RANGES;
use kcore::class;

const FRAME: u64 = 4096;
const MIB: u64 = 1 << 20;

/// Ranges of frames, as physical addresses.
type Ranges = Vec<Range<u64>, MAX_MEMORY_RANGES>;

/// What is free, and what is RAM at all.
struct Frames {
    /// Free ranges above 1 MiB; whole frames.
    free: Ranges,
    /// A free frame below 1 MiB, for the trampoline.
    low: Option<u64>,
    /// All RAM that the loader reported, used or not.
    memory: Ranges,
}

static FRAMES: SpinLock<Frames> =
    SpinLock::new(class!("frames"), Frames { free: Vec::new(), low: None, memory: Vec::new() });

/// Where physical memory is mapped: the loader's place, then ours.
static WINDOW: AtomicU64 = AtomicU64::new(0);

/// Takes over the loader's memory map. `window` is where the loader mapped physical memory.
///
/// # Safety
/// Both are what the loader says, and this is called once: what the map calls usable has no owner.
pub unsafe fn init(regions: &[MemoryRegion], window: u64) {
    WINDOW.store(window, Relaxed);
    let mut frames = FRAMES.lock();
    for region in regions {
        let usable = region.kind == MemoryRegionKind::Usable;
        let ram = region.start & !(FRAME - 1)..region.end.checked_next_multiple_of(FRAME).unwrap_or(0);
        if !usable && region.kind != MemoryRegionKind::Bootloader || !push(&mut frames.memory, ram) {
            continue;
        }
        let start = region.start.next_multiple_of(FRAME);
        let end = region.end & !(FRAME - 1);
        if !usable || start >= end {
            continue;
        }
        // Frame 0 holds the real-mode interrupt table; a null pointer must stay one.
        let low = start.max(FRAME);
        if low < end.min(640 << 10) {
            frames.low = Some(end.min(640 << 10) - FRAME);
        }
        push(&mut frames.free, start.max(MIB)..end);
    }
}

/// Adds a range. False for one that is empty, or when the map has more holes than MAX_MEMORY_RANGES: the rest
/// is not used.
fn push(ranges: &mut Ranges, range: Range<u64>) -> bool {
    if range.start >= range.end {
        return false;
    }
    if let Some(last) = ranges.last_mut()
        && last.end == range.start
    {
        last.end = range.end;
        return true;
    }
    ranges.push(range).is_ok()
}

/// The RAM of the machine as the loader reported it.
pub fn memory() -> Ranges {
    FRAMES.lock().memory.clone()
}

/// Bytes of free memory.
pub fn free_bytes() -> u64 {
    FRAMES.lock().free.iter().map(|range| range.end - range.start).sum()
}

/// Bytes of the longest free range: the most that [`allocate_contiguous`] can give.
pub fn longest_free() -> u64 {
    FRAMES.lock().free.iter().map(|range| range.end - range.start).max().unwrap_or(0)
}

/// A free frame below 1 MiB, where real mode reaches.
#[derive(Debug)]
pub struct LowFrame {
    /// INVARIANT: the start of a frame below 1 MiB, of which there is no other `LowFrame`.
    address: u64,
}

impl LowFrame {
    /// Where it is.
    pub fn address(&self) -> u64 {
        self.address
    }
}

/// The frame below 1 MiB that is free for a trampoline, if there is one; once.
pub fn low_frame() -> Option<LowFrame> {
    FRAMES.lock().low.take().map(|address| LowFrame { address })
}

/// One frame, or `None` when memory is used up. Its contents are whatever was there.
pub fn allocate() -> Option<u64> {
    allocate_contiguous(FRAME)
}

/// One frame of zeros.
pub fn allocate_zeroed() -> Option<u64> {
    let frame = allocate()?;
    // SAFETY: the frame is ours, and the window maps it.
    unsafe { pointer::<u8>(frame).write_bytes(0, FRAME as usize) };
    Some(frame)
}

/// `size` bytes in consecutive frames, from the first range that is long enough.
pub fn allocate_contiguous(size: u64) -> Option<u64> {
    let size = size.next_multiple_of(FRAME);
    let mut frames = FRAMES.lock();
    let range = frames.free.iter_mut().find(|range| range.end - range.start >= size)?;
    let start = range.start;
    range.start += size;
    Some(start)
}

/// Where physical memory is mapped.
pub fn window() -> u64 {
    WINDOW.load(Relaxed)
}

/// Says that physical memory is now mapped at `window`.
///
/// # Safety
/// It is, all RAM.
pub unsafe fn set_window(window: u64) {
    WINDOW.store(window, Relaxed);
}

/// A pointer to physical `address` through the window.
pub fn pointer<T>(address: u64) -> *mut T {
    core::ptr::with_exposed_provenance_mut((window() + address) as usize)
}
