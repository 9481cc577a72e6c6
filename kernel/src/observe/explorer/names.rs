//! What addresses are called that are others in the next execution.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use kcore::explore::Object;
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

/// The names of one execution.
#[derive(Default)]
pub(super) struct Names {
    /// The blocks, by address.
    blocks: BTreeMap<usize, Block>,
    /// How many blocks of each size each part has allocated; part 0, those that set the parts up. By size, as
    /// what the kernel needs for itself at first, and then has, is no matter of the others.
    allocated: BTreeMap<u64, u64>,
    /// The top of each part's stack, and then of the task that sets them up.
    pub(super) stacks: Vec<u64>,
}

struct Block {
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
        let count = self.allocated.entry(kind).or_default();
        let name = kind + (*count << 24);
        *count += 1;
        // What has the memory of others that were freed.
        while let Some((&other, _)) = self.blocks.range(address..address + size.max(1)).next() {
            self.blocks.remove(&other);
        }
        self.blocks.insert(address, Block { size, name });
    }

    /// What is at `address`.
    pub(super) fn of(&self, address: usize) -> Object {
        let block = self.blocks.range(..=address).next_back();
        if let Some((start, block)) = block.filter(|(start, block)| address - **start < block.size) {
            return Object(block.name + (address - start) as u64);
        }
        let top = stacks::top_of(address as u64);
        let part = top.and_then(|top| self.stacks.iter().position(|stack| *stack == top));
        Object(match (top, part) {
            (Some(top), Some(part)) => STACKS + ((part as u64 + 1) << 40) - (top - address as u64),
            _ => address as u64 & ADDRESS,
        })
    }
}
