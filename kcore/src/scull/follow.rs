//! Going to a node, an array and a quantum, and making those that are missing.
//!
//! Each of the three makers does the book's `if (!pointer) pointer = kmalloc(...)`: between the test and the
//! store another CPU may do the same.
#![forbid(unsafe_code)]

use crate::errno::Errno;
use crate::event::Site;
use crate::machine::Machine;
use crate::scull::device::Device;
use crate::scull::edition::Edition;
use crate::scull::list::{Array, Block, Link, Node, Quantum, Wild};
use crate::scull::sites;
use crate::shared::{clearing, probe};

impl<M: Machine> Device<M> {
    /// Node number `item`. It and those before it are made if they are missing, for readers too (LDD3's
    /// `scull_follow`).
    ///
    /// Panics unless the guard is held.
    pub(super) fn follow(&self, item: usize) -> Result<Block<Node>, Errno> {
        self.assert_held();
        let mut node = self.node_at(&self.list.head, &sites::HEAD)?;
        for _ in 0..item {
            node = self.node_at(&node.node(&self.list).next, &sites::NEXT)?;
        }
        Ok(node)
    }

    fn node_at(&self, link: &Link<Node>, site: &'static Site) -> Result<Block<Node>, Errno> {
        if let Some(node) = self.load::<M, _>(link, site)? {
            return Ok(node);
        }
        let node = Block::new_node::<M>()?;
        link.store::<M>(site, node);
        // Published, but still poison: a task that follows the link now finds two wild pointers (R4), and
        // what any task stores into the node before it is cleared is lost.
        probe::<M>(&sites::NODE_CLEAR);
        let fresh = node.node(&self.list);
        clearing::<M>(&sites::NODE_CLEAR, node.address(), size_of::<Node>(), || {
            fresh.array.clear();
            fresh.next.clear();
        });
        // The walk goes on from this node, whatever the link leads to by now (R3).
        Ok(node)
    }

    /// The array of a node, made with `qset` slots if it is missing.
    pub(super) fn array_of(&self, node: Block<Node>, qset: usize) -> Result<Block<Array>, Errno> {
        let link = &node.node(&self.list).array;
        if let Some(array) = self.load::<M, _>(link, &sites::ARRAY)? {
            return Ok(array);
        }
        let array = Block::new_array::<M>(qset)?;
        link.store::<M>(&sites::ARRAY, array);
        // The same window as for a node.
        probe::<M>(&sites::ARRAY_CLEAR);
        let slots = array.slots::<M>(&self.list);
        clearing::<M>(&sites::ARRAY_CLEAR, array.address(), size_of_val(slots), || {
            slots.iter().for_each(Link::clear);
        });
        // The write goes on with this array: if another was stored over it, all that is hung here is lost
        // (R2).
        Ok(array)
    }

    /// The quantum of a slot, made `size` bytes long if it is missing.
    pub(super) fn quantum_of(&self, slot: &Link<Quantum>, size: usize) -> Result<Block<Quantum>, Errno> {
        if self.load::<M, _>(slot, &sites::SLOT)?.is_none() {
            // The book does not clear it, and shows what was there before (R34).
            let quantum = Block::new_quantum::<M>(size, self.edition == Edition::Repaired)?;
            slot.store::<M>(&sites::SLOT, quantum);
        }
        self.quantum_in(slot)
    }

    /// Slot `index` of an array.
    #[inline]
    pub(super) fn slot_of(&self, array: Block<Array>, index: usize) -> Result<&Link<Quantum>, Errno> {
        array.slot::<M>(&self.list, index).map_err(|past| self.tally.overrun(past))
    }

    /// The quantum of a slot that was seen to have one. The slot is read once more, as the book reads it for
    /// the copy: by now it may lead to another CPU's quantum (R1), or be poison because its array was freed
    /// (R8).
    #[inline]
    pub(super) fn quantum_in(&self, slot: &Link<Quantum>) -> Result<Block<Quantum>, Errno> {
        self.load::<M, _>(slot, &sites::SLOT)?.ok_or_else(|| self.tally.wild(Wild))
    }
}
