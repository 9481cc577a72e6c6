//! What addresses are called that are others in the next execution.

use alloc::vec::Vec;

use kcore::explore::{Chains, Object};
use kcore::machine::TaskId;

use crate::mm::stacks;
use crate::task::table;

/// What a block is called: behind all addresses, by who has allocated it, its size, and how many of that it
/// had before.
const BLOCKS: u64 = 1 << 61;
/// What a place on a task's stack is called.
const STACKS: u64 = 1 << 60;
/// Bits of an address that tell two apart.
const ADDRESS: u64 = (1 << 48) - 1;

/// Blocks are looked for by the piece of so many bytes that an address is in.
const PIECE: usize = 512;

/// The names of one execution. What they take is kept for those of the next one.
#[derive(Default)]
pub(super) struct Names {
    /// The blocks, by each piece that they are in. The latest is the one that is there: others were freed.
    blocks: Chains<Block>,
    /// How many blocks of each size each part has allocated; part 0, those that set the parts up. By size, as
    /// what the kernel needs for itself at first, and then has, is no matter of the others.
    allocated: Chains<(u64, u64)>,
    /// The top of each part's stack, and then of the task that sets them up.
    pub(super) stacks: Vec<u64>,
}

#[derive(Clone, Copy)]
struct Block {
    address: usize,
    size: usize,
    name: u64,
}

impl Names {
    pub(super) fn of_tasks(tasks: usize, runner: TaskId) -> Self {
        let mut stacks = alloc::vec![0; tasks];
        stacks.extend(table::find(runner).map(table::Task::stack_top));
        Names { stacks, ..Names::default() }
    }

    /// An execution begins.
    pub(super) fn forget(&mut self) {
        self.blocks.clear();
        self.allocated.clear();
    }

    /// A part has allocated this; none has, if who sets them up did.
    pub(super) fn allocated(&mut self, part: Option<u8>, address: usize, size: usize) {
        let owner = part.map_or(0, |part| u64::from(part) + 1);
        let kind = BLOCKS + (owner << 52) + ((size.div_ceil(16) as u64 & 0xffff) << 36);
        // Else those of one size are in one chain, whichever it is.
        let key = kind >> 36;
        let count = match self.allocated.find_mut(key, |(other, _)| *other == kind) {
            Some((_, count)) => core::mem::replace(count, *count + 1),
            None => {
                self.allocated.add(key, (kind, 1));
                0
            }
        };
        let block = Block { address, size, name: kind + (count << 24) };
        for piece in address / PIECE..=(address + size.max(1) - 1) / PIECE {
            self.blocks.add(piece as u64, block);
        }
    }

    /// What is at `address`.
    pub(super) fn of(&self, address: usize) -> Object {
        if let Some(block) = self.block(address) {
            return Object(block.name + (address - block.address) as u64);
        }
        let top = stacks::top_of(address as u64);
        let part = top.and_then(|top| self.stacks.iter().position(|stack| *stack == top));
        Object(match (top, part) {
            (Some(top), Some(part)) => STACKS + ((part as u64 + 1) << 40) - (top - address as u64),
            _ => address as u64 & ADDRESS,
        })
    }

    fn block(&self, address: usize) -> Option<&Block> {
        let is_in = |block: &&Block| address.wrapping_sub(block.address) < block.size;
        self.blocks.of((address / PIECE) as u64).find(is_in)
    }
}
