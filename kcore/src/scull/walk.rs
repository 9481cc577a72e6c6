//! What can be reached from the device.
#![forbid(unsafe_code)]

use crate::machine::{Kind, Machine};
use crate::scull::device::Device;
use crate::scull::list::{Array, Block, Link};

impl<M: Machine> Device<M> {
    /// Shows `visit` the kind and the address of every block that can be reached, and returns how many links
    /// were poison.
    ///
    /// No listener hears of it and nothing is changed. It survives whatever a race has left: poison is not
    /// followed, and a list that leads back into itself is left after at most a few rounds, so a block may be
    /// shown more than once. While tasks are inside the device it sees one of the states in between. An array
    /// is shown as far as it goes, whatever the geometry says by now.
    pub fn walk(&self, mut visit: impl FnMut(Kind, usize)) -> u64 {
        let mut wild = 0;
        let mut seen = Circle::default();
        let mut next = reach(&self.list.head, &mut wild);
        while let Some(node) = next {
            visit(Kind::Node, node.address());
            if seen.closes_at(node.address()) {
                break;
            }
            let links = node.node(&self.list);
            if let Some(array) = reach(&links.array, &mut wild) {
                self.walk_array(array, &mut wild, &mut visit);
            }
            next = reach(&links.next, &mut wild);
        }
        wild
    }

    /// The address of the word that leads to all of it: where a search begins that knows no device.
    pub fn root(&self) -> usize {
        core::ptr::from_ref(&self.list.head).expose_provenance()
    }

    fn walk_array(&self, array: Block<Array>, wild: &mut u64, visit: &mut impl FnMut(Kind, usize)) {
        visit(Kind::Array, array.address());
        for slot in array.slots::<M>(&self.list) {
            if let Some(quantum) = reach(slot, wild) {
                visit(Kind::Quantum, quantum.address());
            }
        }
    }
}

fn reach<T>(link: &Link<T>, wild: &mut u64) -> Option<Block<T>> {
    link.audit().unwrap_or_else(|_| {
        *wild += 1;
        None
    })
}

/// Finds out in constant memory that a list runs in a circle (Brent, 1980): it compares each node with one
/// seen before, and moves on to remember the current one whenever the number of steps since has doubled.
#[derive(Default)]
pub(super) struct Circle {
    remembered: usize,
    steps: usize,
    patience: usize,
}

impl Circle {
    /// Whether the list has come back; `address` is where it is now.
    pub(super) fn closes_at(&mut self, address: usize) -> bool {
        if address == self.remembered {
            return true;
        }
        if self.steps == self.patience {
            *self = Circle { remembered: address, steps: 0, patience: 2 * self.patience + 1 };
        }
        self.steps += 1;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Circle;

    #[test]
    fn every_circle_is_noticed_and_no_straight_list_is() {
        for tail in 0..20 {
            for around in 1..20 {
                let mut circle = Circle::default();
                let at = |step: usize| 1 + if step < tail { step } else { tail + (step - tail) % around };
                let steps = (0..).find(|&step| circle.closes_at(at(step))).unwrap();
                assert!(steps >= tail + around && steps <= 4 * (tail + around), "{tail} {around} {steps}");
            }
        }
        let mut circle = Circle::default();
        assert!((1..10_000).all(|address| !circle.closes_at(address)));
    }
}
