//! The points of an execution from which others part.

use alloc::vec::Vec;
use core::ops::Range;

use super::wakeup::{Move, WakeupTree, is_weak_initial};

/// What was begun from one point on, and what is still to be made.
#[derive(Debug)]
pub(super) struct Node {
    /// Where among what is asleep that of this point begins.
    asleep: usize,
    /// What is still to be made from here.
    pub(super) tree: WakeupTree,
    /// How many branches from here are made.
    pub(super) made: u32,
}

/// Points, each a step after the one before.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    nodes: Vec<Node>,
    /// What need not be made from each of them, one after the other: all executions that begin with it are
    /// made elsewhere.
    asleep: Vec<Move>,
}

impl Nodes {
    /// All of them.
    pub(super) fn all(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.asleep.clear();
    }

    /// What need not be made from a point.
    fn asleep_at(&self, at: usize) -> Range<usize> {
        let end = self.nodes.get(at + 1).map_or(self.asleep.len(), |next| next.asleep);
        self.nodes[at].asleep..end
    }

    /// Adds the point to which `made` leads from the last one, or where there is none, one with so much
    /// `asleep`; from there `tree` is to be made. Returns what need not be.
    pub(super) fn push(&mut self, made: Option<&Move>, asleep: &[Move], tree: WakeupTree) -> &[Move] {
        let start = self.asleep.len();
        match self.nodes.len().checked_sub(1).zip(made) {
            Some((last, made)) => {
                for at in self.asleep_at(last) {
                    if !self.asleep[at].depends(made) {
                        self.asleep.push(self.asleep[at]);
                    }
                }
            }
            None => self.asleep.extend_from_slice(asleep),
        }
        self.nodes.push(Node { asleep: start, tree, made: 0 });
        &self.asleep[start..]
    }

    /// The last of them.
    pub(super) fn last(&mut self) -> Option<&mut Node> {
        self.nodes.last_mut()
    }

    /// From the last point, what begins with `made` was made.
    pub(super) fn lull(&mut self, made: Move) {
        self.asleep.push(made);
    }

    /// The last point is left for good.
    pub(super) fn pop(&mut self) {
        if let Some(last) = self.nodes.pop() {
            self.asleep.truncate(last.asleep);
        }
    }

    /// From a point executions go on like `sequence`, unless something covers it. It is used up.
    pub(super) fn insert(&mut self, at: usize, sequence: &mut [Move]) {
        let asleep = &self.asleep[self.asleep_at(at)];
        if !asleep.iter().any(|asleep| is_weak_initial(asleep, sequence)) {
            self.nodes[at].tree.insert(sequence);
        }
    }

    /// Takes the first points out, up to number `last`: each with what need not be made from there.
    pub(super) fn take_first(&mut self, last: usize) -> Vec<(Node, Vec<Move>)> {
        let stretches: Vec<_> = (0..=last).map(|at| self.asleep[self.asleep_at(at)].to_vec()).collect();
        let taken: Vec<Node> = self.nodes.drain(..=last).collect();
        let before: usize = stretches.iter().map(Vec::len).sum();
        self.asleep.drain(..before);
        self.nodes.iter_mut().for_each(|node| node.asleep -= before);
        taken.into_iter().zip(stretches).collect()
    }
}
