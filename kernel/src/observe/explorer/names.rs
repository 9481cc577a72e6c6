//! What addresses are called that are others in the next execution.

use alloc::vec::Vec;

use kcore::explore::Object;
use kcore::machine::TaskId;

use crate::mm::stacks;
use crate::task::table;

/// What a block is called: behind all addresses, by who has allocated it and how many it had before.
const BLOCKS: u64 = 1 << 61;
/// What a place on a task's stack is called.
const STACKS: u64 = 1 << 60;
/// Bits of an address that tell two apart.
const ADDRESS: u64 = (1 << 48) - 1;

/// The names of one execution.
#[derive(Default)]
pub(super) struct Names {
    blocks: Vec<Block>,
    /// How many blocks each part has allocated; the first, those that set the parts up.
    allocated: Vec<u32>,
    /// The top of each part's stack, and then of the task that sets them up.
    pub(super) stacks: Vec<u64>,
}

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
        self.allocated.fill(0);
    }

    /// A part has allocated this; none has, if who sets them up did.
    pub(super) fn allocated(&mut self, part: Option<u8>, address: usize, size: usize) {
        let owner = part.map_or(0, |part| usize::from(part) + 1);
        if self.allocated.len() <= owner {
            self.allocated.resize(owner + 1, 0);
        }
        let number = u64::from(self.allocated[owner]);
        self.allocated[owner] += 1;
        // One that has the memory of another that was freed.
        self.blocks.retain(|block| block.address != address);
        self.blocks.push(Block { address, size, name: BLOCKS + ((owner as u64) << 52) + (number << 32) });
    }

    /// What is at `address`.
    pub(super) fn of(&self, address: usize) -> Object {
        let is_in = |block: &&Block| (block.address..block.address + block.size).contains(&address);
        if let Some(block) = self.blocks.iter().rev().find(is_in) {
            return Object(block.name + (address - block.address) as u64);
        }
        let top = stacks::top_of(address as u64);
        let part = top.and_then(|top| self.stacks.iter().position(|stack| *stack == top));
        Object(match (top, part) {
            (Some(top), Some(part)) => STACKS + ((part as u64 + 1) << 40) - (top - address as u64),
            _ => address as u64 & ADDRESS,
        })
    }
}
