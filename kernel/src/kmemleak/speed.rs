//! How fast a search is where it is slowest: every word is the address of a block.

use core::alloc::Layout;
use core::ptr::NonNull;

use kcore::machine::{Cpu, Kind};
use kcore::place::Place;

use crate::machine::Kernel;
use crate::mm::heap;

use super::roots::Roots;
use super::scan::{Failure, Found};
use super::search;
use kcore::sort;

/// The most that is searched.
const MOST: usize = 64 << 20;
/// Bytes of each block.
const BLOCK: usize = 64 << 10;

/// The blocks, each of which leads to the next.
struct Chain {
    first: *mut usize,
}

/// How many bytes are searched: 64 MiB, or three quarters of a smaller heap.
pub fn bytes() -> usize {
    (heap::extent().len() / 4 * 3).min(MOST) / BLOCK * BLOCK
}

/// How often it is searched.
const TIMES: usize = 7;

/// How long it took.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// The search that took neither the shortest nor the longest time.
    pub found: Found,
    /// Cycles of the longest search.
    pub longest: u64,
    /// Cycles that it takes to copy the same bytes: what the machine can do on this host at this time.
    pub copy: u64,
}

/// Fills so many bytes with addresses all over them, and searches from everywhere.
pub fn measure() -> Result<Speed, Failure> {
    let mut chain = Chain { first: core::ptr::null_mut() };
    (0..bytes() / BLOCK).for_each(|_| chain.lengthen());
    let mut all = heapless::Vec::<Found, TIMES>::new();
    for _ in 0..TIMES {
        // There is room for so many.
        let _ = all.push(search(Roots::ALL)?);
    }
    let copy = chain.copy();
    sort::any(&mut all, |a, b| a.cycles < b.cycles);
    Ok(Speed { found: all[TIMES / 2], longest: all[TIMES - 1].cycles, copy })
}

impl Chain {
    /// Adds a block in front; does nothing when there is no memory for one.
    fn lengthen(&mut self) {
        let Ok(layout) = Layout::from_size_align(BLOCK, 16) else { return };
        let Ok(block) = heap::allocate(Kind::Other, layout, Place::caller()) else { return };
        let words = block.cast::<usize>();
        let bottom = heap::extent().start;
        for index in 0..BLOCK / size_of::<usize>() {
            let value = match index {
                0 => self.first.expose_provenance(),
                // Knuth's multiplicative hash: no two neighbours lead to one block.
                _ => bottom + index * 0x9e37_79b1 % (words.addr().get() - bottom).max(1),
            };
            // SAFETY: a word of a fresh block that no other task knows.
            let word = unsafe { words.add(index) };
            // SAFETY: as above.
            unsafe { word.write(value) };
        }
        self.first = words.as_ptr();
    }
}

impl Chain {
    /// Copies each block onto the next; returns how long that takes. The chain stays what it is: its links
    /// are not copied.
    fn copy(&self) -> u64 {
        let began = Kernel::cycles();
        let mut to = self.first;
        while let Some(block) = NonNull::new(to) {
            // SAFETY: a block of the chain, whose first word leads to the next one.
            let from = unsafe { block.read() };
            let from = core::ptr::with_exposed_provenance::<usize>(from);
            if !from.is_null() {
                let words = BLOCK / size_of::<usize>() - 1;
                // SAFETY: behind the first word of a block of the chain there are so many more.
                let source = unsafe { from.add(1) };
                // SAFETY: as above.
                let target = unsafe { to.add(1) };
                // SAFETY: as above; two blocks of the heap do not overlap.
                unsafe { source.copy_to_nonoverlapping(target, words) };
            }
            to = from.cast_mut();
        }
        Kernel::cycles() - began
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        while let Some(block) = NonNull::new(self.first) {
            // SAFETY: a block of the chain, whose first word leads to the next one.
            let next = unsafe { block.read() };
            self.first = core::ptr::with_exposed_provenance_mut(next);
            // SAFETY: no other task knows the block, and it has just left the chain.
            let freed = unsafe { heap::free(block.cast(), Place::caller()) };
            assert!(freed.is_ok(), "the chain's blocks are live");
        }
    }
}
