//! A point from which executions part.

use alloc::vec::Vec;

use super::wakeup::{Move, WakeupTree, is_weak_initial};

/// What was begun from one point on, and what is still to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    /// What need not be made from here: all executions that begin with it are made elsewhere.
    pub(super) sleep: Vec<Move>,
    /// What is still to be made from here.
    pub(super) tree: WakeupTree,
    /// How many branches from here are made.
    pub(super) made: u32,
}

impl Node {
    /// Adds `sequence`, unless something covers it. It is used up.
    pub(super) fn insert(&mut self, sequence: &mut Vec<Move>) {
        if !self.sleep.iter().any(|asleep| is_weak_initial(asleep, sequence)) {
            self.tree.insert(sequence);
        }
    }

    /// What need not be made after `made` was made from here.
    pub(super) fn asleep_after(&self, made: &Move) -> Vec<Move> {
        self.sleep.iter().filter(|asleep| !asleep.depends(made)).copied().collect()
    }
}
