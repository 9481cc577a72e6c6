//! The blocks of drivers: each access is held against them.
//!
//! While they are explored what is freed is kept until the execution is over, so that no other block has its
//! memory, and a use of it is known as one, also where it does no harm this time. For the rest see `lasting`.
//!
//! Of each block there is a map of the bytes that were written. Not every store is told of: the kernel's own
//! functions fill structures of a driver. So a byte counts as never written only if its map says so, and it has
//! still the value that a fresh block is filled with. A load is wrong when that is so of all its bytes: one of
//! a whole structure reads what lies between its members, too.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{Arguments, Write};
use core::ops::Range;
use core::ptr::{self, NonNull};
use core::slice;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use kcore::bytes::SharedBytes;
use kcore::class;
use kcore::event::{Block as Event, Events, Kinds, Op, What};
use kcore::leak::Hidden;
use kcore::machine::{BlockSize, POISON_FREED, POISON_FRESH};
use kcore::module::Wrong;
use kcore::place::Place;
use kcore::report::place;
use kcore::sort;
use kcore::written::{self, Written};

use super::access::{Use, name_of};
use super::again::Lost;
use super::finding::{ends, is_found, is_news, keep_from, wrong};
use super::{lasting, later, lock};
use crate::machine::{Kernel, SpinLock};
use crate::mm::heap;
use crate::symbols::sites;

/// A block, from its allocation to the end of the execution, or until its memory is another's.
#[derive(Clone)]
pub(super) struct Block {
    /// The how-manieth of the execution it is.
    number: usize,
    address: Hidden,
    pub(super) size: usize,
    allocated_at: Place,
    pub(super) freed_at: Option<Place>,
    /// Bytes before and behind it that are no other's.
    around: [usize; 2],
    /// Which of its bytes were written; none if that stands behind it.
    map: Option<Arc<Vec<AtomicU64>>>,
}

/// By address, while an execution is under way. What they take is kept for those of the next one.
static BLOCKS: SpinLock<Vec<Block>> = SpinLock::new(class!("blocks of drivers"), Vec::new());
/// Which of them was looked for last.
static NEAR: AtomicUsize = AtomicUsize::new(0);
/// An execution is under way.
static ARE_KEPT: AtomicBool = AtomicBool::new(false);

/// More than most executions have.
const MOST: usize = 64;

/// Bytes behind each block that none may touch, in front of its map.
const BEYOND: usize = 64;

/// What is allocated for a block of so many bytes.
pub(super) fn room_for(size: usize) -> usize {
    map_of(size) + written::words_for(size) * size_of::<AtomicU64>()
}

/// How far from the start of such a block its map is.
fn map_of(size: usize) -> usize {
    (size + BEYOND).next_multiple_of(size_of::<AtomicU64>())
}

impl Block {
    /// One of an execution, with its map behind it.
    fn explored(number: usize, address: usize, size: usize, allocated_at: Place) -> Self {
        let (address, around) = (Hidden::new(address), [BEYOND / 4, BEYOND]);
        Block { number, address, size, allocated_at, freed_at: None, around, map: None }
    }

    /// One beside which others lie: between two are the bytes of the heap's own.
    pub(super) fn lasting(
        address: usize,
        size: usize,
        allocated_at: Place,
        map: Arc<Vec<AtomicU64>>,
    ) -> Self {
        const OWN: usize = size_of::<BlockSize>();
        let around = [OWN, size.next_multiple_of(OWN) - size + OWN];
        let address = Hidden::new(address);
        Block { number: 0, address, size, allocated_at, freed_at: None, around, map: Some(map) }
    }

    /// Where it begins.
    pub(super) fn start(&self) -> usize {
        self.address.address()
    }

    /// Whether an address lies in it, or around it where no other's bytes are.
    pub(super) fn surrounds(&self, address: usize) -> bool {
        (self.start() - self.around[0]..self.start() + self.size + self.around[1]).contains(&address)
    }

    /// What the part of `bytes` that lies in it has in it.
    pub(super) fn bytes_at(&self, bytes: &Range<usize>) -> impl Iterator<Item = u8> {
        let inside = bytes.start.max(self.start())..bytes.end.min(self.start() + self.size);
        let byte = |at: usize| ptr::with_exposed_provenance::<u8>(at);
        // SAFETY: the byte lies in the block; the memory of the heap is mapped for ever.
        inside.map(move |at| unsafe { byte(at).read_volatile() })
    }

    /// Which of its bytes these are, if it is live and has all of them.
    fn inside(&self, bytes: &Range<usize>) -> Option<Range<usize>> {
        let at = bytes.start.checked_sub(self.start())?..bytes.end - self.start();
        (self.freed_at.is_none() && at.end <= self.size).then_some(at)
    }

    /// The map of its bytes.
    fn map(&self) -> Written<'_> {
        if let Some(map) = &self.map {
            return Written::new(map);
        }
        let start = ptr::with_exposed_provenance::<AtomicU64>(self.start() + map_of(self.size));
        // SAFETY: it lies in the memory that `room_for` is for, which was filled when the block was allocated, stays
        // until the execution is over, and is used by no other code.
        Written::new(unsafe { slice::from_raw_parts(start, written::words_for(self.size)) })
    }

    /// Those of its bytes at `bytes` that were never written.
    fn unwritten(&self, bytes: Range<usize>) -> impl Iterator<Item = usize> {
        self.map().gaps(bytes).filter(|at| self.is_fresh(*at))
    }

    /// Whether byte `at` of it has the value that a fresh block is filled with.
    fn is_fresh(&self, at: usize) -> bool {
        let byte = ptr::with_exposed_provenance::<u8>(self.start() + at);
        // SAFETY: it lies in the block; the memory of the heap is mapped for ever.
        unsafe { byte.read_volatile() == POISON_FRESH }
    }

    fn told(&self) -> String {
        let freed = self.freed_at.map_or_else(String::new, |at| format!(" and freed at {}", place(at)));
        format!("a block of {} bytes that was allocated at {}{freed}", self.size, place(self.allocated_at))
    }
}

/// Whether they are kept account of.
pub(super) fn are_kept() -> bool {
    ARE_KEPT.load(Relaxed)
}

/// An execution begins.
pub(super) fn begin() {
    // None is allocated under the lock.
    let mut blocks = core::mem::take(&mut *BLOCKS.lock_irqsave());
    blocks.reserve(MOST);
    *BLOCKS.lock_irqsave() = blocks;
    ARE_KEPT.store(true, Relaxed);
    later::begin();
}

/// It is over: all is freed, and what was not is lost; what was allocated first comes first, wherever it lies.
pub(super) fn end() -> Vec<Lost> {
    ARE_KEPT.store(false, Relaxed);
    let mut blocks = core::mem::take(&mut *BLOCKS.lock_irqsave());
    sort::any(&mut blocks, |a, b| a.number < b.number);
    for block in &blocks {
        let start = NonNull::new(ptr::with_exposed_provenance_mut(block.start())).expect("no block is at 0");
        let at = block.freed_at.unwrap_or(block.allocated_at);
        // SAFETY: it is a driver's, which has ended, and none of whose code runs; and was kept until now.
        let freed = unsafe { heap::free(start, at) };
        debug_assert!(freed.is_ok(), "it was live");
    }
    let lost = |block: &Block| Lost { address: block.start(), size: block.size, at: block.allocated_at };
    let lost = blocks.iter().filter(|block| block.freed_at.is_none()).map(lost).collect();
    blocks.clear();
    *BLOCKS.lock_irqsave() = blocks;
    lost
}

/// A block is a driver's from now on, with nothing in it.
pub(super) fn allocated(address: usize, size: usize, allocated_at: Place) {
    if !are_kept() {
        lasting::allocated(address, size, allocated_at);
    } else {
        let mut blocks = BLOCKS.lock_irqsave();
        let index = blocks.partition_point(|block| block.start() < address);
        let block = Block::explored(blocks.len(), address, size, allocated_at);
        // A text that no zero ends is as long each time.
        let last = ptr::with_exposed_provenance_mut::<u8>(address + size + BEYOND - 1);
        // SAFETY: it lies in the memory that `room_for` is for, in front of the map, and no task knows of it yet.
        unsafe { last.write(0) };
        block.map().set(0..size, false);
        blocks.insert(index, block);
    }
}

/// The block that begins at `address`.
fn find(address: usize) -> Option<Block> {
    let blocks = BLOCKS.lock_irqsave();
    blocks.binary_search_by_key(&address, Block::start).ok().map(|index| blocks[index].clone())
}

/// The size of the block that begins at `address`.
pub(super) fn size(address: usize) -> Option<usize> {
    find(address).map(|block| block.size)
}

/// A driver frees what is at `address`, by the function `name`.
pub(super) fn free(address: usize, name: &str, at: Place) {
    if let Some(Block { size, .. }) = find(address)
        && Kernel::wanted().contains(Kinds::BLOCKS)
    {
        Kernel::tell(What::Block(Event::Freed { address, size }), at);
    }
    match find(address) {
        None => wrong(Wrong::Free, |text| write!(text, "{name} at {}: no block begins there", place(at))),
        Some(block @ Block { freed_at: Some(_), .. }) => freed_twice(&block, name, at),
        Some(Block { size, .. }) => {
            let of = |block: &&mut Block| block.start() == address;
            BLOCKS.lock_irqsave().iter_mut().find(of).into_iter().for_each(|block| block.freed_at = Some(at));
            for Range { start, end } in lock::between(address..address + size) {
                let first = ptr::with_exposed_provenance_mut::<u8>(start);
                let first = NonNull::new(first).expect("no block is at 0");
                // SAFETY: it is of the block, which is the driver's until the execution is over.
                unsafe { SharedBytes::new(first, end - start) }.fill(POISON_FREED);
            }
        }
    }
}

/// A driver frees a block by the function `name` that is freed.
pub(super) fn freed_twice(block: &Block, name: &str, at: Place) {
    tell(Wrong::Twice, block, format_args!("{name} at {} of {}", place(at), block.told()));
}

/// The block that has something of `bytes` in it or near it.
fn near(bytes: &Range<usize>) -> Option<Block> {
    if !are_kept() {
        return lasting::near(bytes);
    }
    let blocks = BLOCKS.lock_irqsave();
    let is_here = |block: &&Block| block.start() <= bytes.start && block.surrounds(bytes.start);
    // Most likely that of the last time: what surrounds one surrounds no other.
    if let Some(block) = blocks.get(NEAR.load(Relaxed)).filter(is_here) {
        return Some(block.clone());
    }
    let after = blocks.partition_point(|block| block.start() <= bytes.start);
    NEAR.store(after.wrapping_sub(1), Relaxed);
    let near = blocks[..after].last().filter(is_here);
    near.or_else(|| blocks.get(after).filter(|block| block.surrounds(bytes.end - 1))).cloned()
}

/// The same, if it is live and has all of them; and which of its bytes they are.
fn around(bytes: &Range<usize>) -> Option<(Block, Range<usize>)> {
    let block = near(bytes)?;
    let inside = block.inside(bytes)?;
    Some((block, inside))
}

/// Where a driver does something wrong with a block; nothing if that is not for sure, or is known.
fn is_to_be_told(block: &Block, used: &Use<'_>) -> Option<Place> {
    let is_so = are_kept() || lasting::is_so(block, &used.bytes());
    Some(used.place()).filter(|at| is_so && is_news(*at))
}

fn tell(kind: Wrong, block: &Block, what: Arguments<'_>) {
    wrong(kind, |text| text.write_fmt(what));
    if !are_kept() {
        lasting::show_ways(block);
    }
}

/// What a driver is about to do is held against the blocks; whether there is one.
pub(super) fn check(used: &Use<'_>) -> bool {
    let bytes = used.bytes();
    let Some(block) = near(&bytes) else { return false };
    match block.inside(&bytes) {
        Some(inside) => check_inside(&block, inside, used),
        None => outside(&block, used),
    }
    true
}

fn check_inside(block: &Block, inside: Range<usize>, used: &Use<'_>) {
    let reads = match used.op {
        Op::Load => used.size <= size_of::<usize>(),
        Op::Look | Op::Update => true,
        _ => false,
    };
    if reads && block.is_fresh(inside.start) && block.unwritten(inside.clone()).count() == used.size {
        never_written(block, inside.clone(), used.size, used);
    }
    if !used.is_read() {
        block.map().set(inside, true);
    }
}

/// A driver uses what is called so and begins at `address`: a lock, a timer. The task ends for it where that is
/// freed.
#[track_caller]
pub(super) fn uses(what: Arguments<'_>, address: usize, at: Place) {
    let bytes = address..address + 1;
    let Some(block) = near(&bytes).filter(|block| block.freed_at.is_some()) else { return };
    let place_of = || sites::of_driver(at);
    let used = Use::of(Op::Update, &bytes, &place_of);
    if let Some(offset) = address.checked_sub(block.start()).filter(|offset| *offset < block.size)
        && let Some(at) = is_to_be_told(&block, &used)
    {
        let (told, file) = (block.told(), place(at));
        let what = format_args!("at {file} {what} is used, {offset} bytes from the start of {told}");
        tell(Wrong::Use, &block, what);
        ends("a use of what is freed");
    }
}

/// Not all that is used lies in the block, or it is freed.
fn outside(block: &Block, used: &Use<'_>) {
    let Some(at) = is_to_be_told(block, used) else { return };
    tell_outside(block, used, at);
    if block.freed_at.is_none() {
        keep_from(used);
    }
}

fn tell_outside(block: &Block, used: &Use<'_>, at: Place) {
    let (bytes, start) = (used.bytes(), block.start());
    let kind = match block.freed_at {
        Some(_) if bytes.start >= start && bytes.end <= start + block.size => Wrong::Use,
        _ => Wrong::Beyond,
    };
    let (size, what, site, told, file) = (used.size, used.word(), name_of(at), block.told(), place(at));
    match bytes.start.checked_sub(start) {
        Some(offset) => tell(
            kind,
            block,
            format_args!(
                "{size} bytes are {what} for {site} at {file}, {offset} bytes from the start of {told}"
            ),
        ),
        None => {
            let before = start - bytes.start;
            tell(
                kind,
                block,
                format_args!("{size} bytes are {what} for {site} at {file}, {before} bytes before {told}"),
            );
        }
    }
}

/// Of the `inside` bytes of a block `count` are read that were never written.
fn never_written(block: &Block, inside: Range<usize>, count: usize, used: &Use<'_>) {
    let Some(at) = (!is_found()).then(|| is_to_be_told(block, used)).flatten() else { return };
    let (offset, site, told, file) = (inside.start, name_of(at), block.told(), place(at));
    let what = format_args!(
        "{count} bytes are read for {site} at {file} that were not, {offset} bytes from the start of {told}"
    );
    tell(Wrong::Unwritten, block, what);
}

/// What is read decides what a driver does, byte by byte.
pub(super) fn decides(used: &Use<'_>) {
    let Some((block, inside)) = around(&used.bytes()) else { return };
    if let Some(first) = block.unwritten(inside.clone()).next() {
        let count = block.unwritten(inside.clone()).count();
        never_written(&block, first..inside.end, count, used);
    }
}

/// What is read goes to a process.
pub(super) fn leaves(used: &Use<'_>) {
    let Some((block, inside)) = around(&used.bytes()) else { return };
    let count = block.unwritten(inside.clone()).count();
    let Some(first) = block.unwritten(inside).next() else { return };
    let Some(at) = is_to_be_told(&block, used) else { return };
    let (site, told, file) = (name_of(at), block.told(), place(at));
    let what = format_args!(
        "{count} bytes that were never written go to the process by {site} at {file}, from {first} bytes from the \
         start of {told} on"
    );
    tell(Wrong::Leaks, &block, what);
}

/// So many bytes are about to be copied from one place to the other: what was never written is that there, too.
pub(super) fn copied(to: usize, from: usize, size: usize) {
    let Some((target, into)) = around(&(to..to + size)) else { return };
    let map = target.map();
    let Some((source, of)) = around(&(from..from + size)) else { return map.set(into, true) };
    let unwritten: Vec<usize> = source.unwritten(of.clone()).map(|at| at - of.start).collect();
    map.set(into.clone(), true);
    unwritten.into_iter().for_each(|at| map.set(into.start + at..into.start + at + 1, false));
}
