//! The search.

use core::mem::MaybeUninit;
use core::ops::Range;

use kcore::leak::{Block, Blocks, Entry, Held, Marking, Memory, groups_for};
use kcore::machine::{Cpu, Kind};

use crate::arch::registers;
use crate::frames;
use crate::machine::Kernel;
use crate::mm::heap;

use super::roots::{self, Roots, Words};
use super::world::{self, Silent, Still};

/// What is searched for, and what with.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The roots.
    pub roots: Roots,
    /// The addresses of words that count besides.
    pub named: &'a [usize],
    /// The serial numbers, in their order, of blocks that are none whatever the search says: those that were
    /// cleared.
    pub told: &'a [u64],
    /// Where blocks start of which the contents do not count: books about blocks.
    pub ignored: &'a [usize],
}

/// Why there was no search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The machine has no memory for the tables.
    NoMemory,
    /// A CPU did not stop.
    Silent(Silent),
}

/// What a search found, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Live blocks.
    pub blocks: u64,
    /// Those that nothing leads to.
    pub unreferenced: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those that only a stack or a register leads to.
    pub by_stack: u64,
    /// Live blocks that were searched conservatively.
    pub untyped: u64,
    /// Words that were read.
    pub words: u64,
    /// How long the world stood still, in cycles.
    pub cycles: u64,
    /// When that was.
    pub at: u64,
}

/// All of memory that is mapped, while no CPU writes to it.
struct Mapped;

impl Memory for Mapped {
    type Words = Words;

    #[inline(always)]
    fn word(&self, address: usize) -> usize {
        let word = core::ptr::with_exposed_provenance::<usize>(address);
        // SAFETY: a search reads `Words`, and live blocks of the heap, which `gather` has from the ledger;
        // all aligned. No CPU writes meanwhile: the other CPUs stand still.
        unsafe { word.read_volatile() }
    }
}

/// Searches. Afterwards `blocks` says of each live block what holds it.
///
/// What the caller's frames and registers hold counts; what is below them does not.
#[inline(never)]
pub fn scan(blocks: &mut Blocks<'static>, order: &Order<'_>) -> Result<Found, Failure> {
    let mut result = Err(Failure::NoMemory);
    let heap = heap::extent();
    registers::with_saved(|sp| {
        result = heap::with_ledger(|ledger| {
            gather(blocks, heap.start, ledger, order)?;
            world::stop(|still| mark(blocks, &heap, still, sp, order)).map_err(Failure::Silent)
        });
    });
    let mut found = result?;
    for entry in blocks.entries() {
        found.blocks += 1;
        found.untyped += u64::from(entry.block.kind == Kind::Other);
        found.by_stack += u64::from(entry.held == Held::Stack);
        if entry.held == Held::Nowhere {
            found.unreferenced += 1;
            found.bytes += entry.block.size as u64;
        }
    }
    Ok(found)
}

/// Takes in all live blocks.
fn gather(
    blocks: &mut Blocks<'_>,
    bottom: usize,
    ledger: &heap::Ledgers<'_>,
    order: &Order<'_>,
) -> Result<(), Failure> {
    let each = |visit: &mut dyn FnMut(Block)| {
        for record in ledger.all().filter(|record| record.is_live()) {
            let start = record.allocation.address;
            visit(Block {
                start,
                size: record.allocation.size,
                kind: record.allocation.kind,
                serial: record.serial,
                ignored: record.allocation.kept || order.ignored.contains(&start),
                kept: record.allocation.kept,
            });
        }
    };
    blocks.gather(bottom, &each).map_err(|_| Failure::NoMemory)
}

/// Finds what can be reached: first from variables, then from stacks and registers, so that the two are told
/// apart.
fn mark(blocks: &mut Blocks<'_>, heap: &Range<usize>, still: &Still, sp: u64, order: &Order<'_>) -> Found {
    let at = Kernel::cycles();
    let mut marking = Marking::new(blocks, &Mapped);
    for &word in order.named {
        let word = Words::one(word, heap)
            .expect("a word that is named is a variable, or lies in a stack or the heap");
        marking.root(word, Held::Data);
    }
    if order.roots.variables {
        roots::data(&mut marking);
    }
    marking.finish();
    roots::running(&mut marking, still, sp, &order.roots);
    marking.finish();
    told(&mut marking, order.told);
    marking.finish();
    let words = marking.words();
    Found { words, cycles: Kernel::cycles() - at, at, ..Found::default() }
}

fn told(marking: &mut Marking<'_, '_, Mapped>, serials: &[u64]) {
    for place in 0..marking.blocks().entries().len() {
        let block = marking.blocks().entries()[place].block;
        if block.kept || serials.binary_search(&block.serial).is_ok() {
            marking.found(place, Held::Told);
        }
    }
}

/// How many blocks the ledger has room for.
pub(super) fn records() -> usize {
    heap::with_ledger(|ledger| ledger.capacity())
}

/// Room for `entries` blocks, in a heap of its size. `None` when the machine has no memory for it. Frames are
/// never given back, so this is called when the ledger has room for more than the last time, and seldom.
pub(super) fn tables(entries: usize) -> Option<Blocks<'static>> {
    let heap = heap::extent();
    let groups = groups_for(heap.end - heap.start);
    Some(Blocks::new(slice(groups, 0)?, slice(groups, 0)?, slice(groups, 0)?, slice(entries, Entry::EMPTY)?))
}

fn slice<T: Copy>(length: usize, value: T) -> Option<&'static mut [T]> {
    let start = frames::allocate_contiguous((length * size_of::<T>()) as u64)?;
    let start = frames::pointer::<MaybeUninit<T>>(start);
    // SAFETY: these frames are ours from now on, mapped by the window, aligned to a page, and `MaybeUninit`
    // needs no initialising.
    let slice = unsafe { core::slice::from_raw_parts_mut(start, length) };
    for place in slice.iter_mut() {
        place.write(value);
    }
    // SAFETY: all of it was written just now.
    Some(unsafe { slice.assume_init_mut() })
}
