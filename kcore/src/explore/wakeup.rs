//! Wakeup trees: the beginnings of executions that are still to be made from one point on.
//!
//! After Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order
//! Reduction", J. ACM 64(4), 2017, section 6.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::step::Step;

/// A step and the task that makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Move {
    /// The task, from 0.
    pub task: u8,
    /// The task to which it belongs: itself, or the one whose stores leave their buffer by it. Of these two,
    /// no step is in conflict with one of the other: a task sees its own stores, in the buffer or out of it.
    pub of: u8,
    /// Which of its steps it is, from 1.
    pub number: u32,
    /// What it does.
    pub step: Step,
    /// What must have been made before, besides the task's own steps.
    pub after: After,
}

/// A step of another task, and which of its steps it is; [`None`] where there is none such: a store that
/// leaves a buffer comes after the step with which it went in, and one that needs the buffer to be empty
/// after the last that has left it.
pub type After = Option<(u8, u32)>;

impl Move {
    /// Whether the order of the two matters to what they do.
    #[inline]
    pub fn conflicts(&self, other: &Move) -> bool {
        self.of != other.of && self.step.conflicts(&other.step)
    }

    /// Whether the two must not change places: they are steps of one task, or in conflict.
    #[inline]
    pub fn depends(&self, other: &Move) -> bool {
        self.task == other.task
            || self.conflicts(other)
            || self.after == Some((other.task, other.number))
            || other.after == Some((self.task, self.number))
    }
}

/// What is to be executed from one point on: each branch from the root to a leaf is the beginning of an
/// execution, and no two of them of equivalent ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WakeupTree {
    /// The last is to be explored first.
    branches: Vec<Branch>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Branch {
    first: Move,
    rest: WakeupTree,
}

/// How the first step of `task` stands to a sequence of moves.
enum Weak {
    /// It is made at this place of the sequence, and could be made before all of it.
    At(usize),
    /// It is not part of the sequence, and could be made before or after any of it.
    Apart,
}

/// Whether `first` could be made before `sequence` without making an execution that is not equivalent to one
/// which begins with the sequence.
fn weak_initial(first: &Move, sequence: &[Move]) -> Option<Weak> {
    match sequence.iter().position(|step| step.task == first.task) {
        Some(at) => {
            sequence[..at].iter().all(|before| !before.depends(&sequence[at])).then_some(Weak::At(at))
        }
        None => sequence.iter().all(|step| !step.depends(first)).then_some(Weak::Apart),
    }
}

/// Whether an execution that begins with `first` covers all that begin with `sequence`, in which case it is
/// struck out there.
pub(super) fn strike(first: &Move, sequence: &mut &mut [Move]) -> bool {
    match weak_initial(first, sequence) {
        Some(Weak::At(at)) => {
            // Most often it is the first of many.
            let all = core::mem::take(sequence);
            all[..=at].rotate_right(1);
            *sequence = &mut all[1..];
            true
        }
        Some(Weak::Apart) => true,
        None => false,
    }
}

/// Whether an execution that begins with `first` covers all that begin with `sequence`.
pub(super) fn is_weak_initial(first: &Move, sequence: &[Move]) -> bool {
    weak_initial(first, sequence).is_some()
}

impl Drop for WakeupTree {
    /// Without a frame of the stack for each step of an execution, as which it is deep.
    fn drop(&mut self) {
        let mut left = core::mem::take(&mut self.branches);
        while let Some(Branch { mut rest, .. }) = left.pop() {
            left.append(&mut rest.branches);
        }
    }
}

impl WakeupTree {
    /// Takes the first branch out: its first move, and what is to come after it.
    #[inline]
    pub fn take_first(&mut self) -> Option<(Move, WakeupTree)> {
        self.branches.pop().map(|Branch { first, rest }| (first, rest))
    }

    /// Whether there is nothing to be executed.
    pub fn is_empty(&self) -> bool {
        self.branches.is_empty()
    }

    /// How many branches leave from here.
    pub fn len(&self) -> usize {
        self.branches.len()
    }

    /// All branches: the first step of each, and what comes after it.
    pub(super) fn into_branches(mut self) -> impl Iterator<Item = (Move, WakeupTree)> {
        core::mem::take(&mut self.branches).into_iter().rev().map(|Branch { first, rest }| (first, rest))
    }

    /// Adds `sequence`, unless an execution that begins with one of the leaves covers it. It is used up.
    pub fn insert(&mut self, mut sequence: &mut [Move]) {
        let mut tree = self;
        while let Some(index) = tree.branches.iter().rposition(|branch| strike(&branch.first, &mut sequence))
        {
            tree = &mut tree.branches[index].rest;
            if tree.is_empty() {
                return;
            }
        }
        for step in &*sequence {
            // There are seldom more.
            tree.branches.reserve_exact(1);
            tree.branches.insert(0, Branch { first: *step, rest: WakeupTree::default() });
            tree = &mut tree.branches[0].rest;
        }
    }
}
