//! Emptying the device.
#![forbid(unsafe_code)]

use crate::event::Events;
use crate::machine::{Machine, Memory};
use crate::scull::device::Device;
use crate::scull::edition::Edition;
use crate::scull::geometry::Geometry;
use crate::scull::list::{Array, Block, Node};
use crate::scull::sites;
use crate::shared::probe;

impl<M: Machine> Device<M> {
    /// Frees everything and makes the device empty (LDD3's `scull_trim`).
    ///
    /// The list stays reachable from the device until all of it is freed: without the guard, others walk what
    /// is being freed (R8), or free it as well (R9). Where a pointer turns out to be poison, the book's
    /// driver would oops; this one counts it and goes on with the rest.
    ///
    /// Panics unless the guard is held.
    #[track_caller]
    pub fn trim(&self) {
        self.assert_held();
        self.trim_list::<M>();
    }

    /// The same, without a look at the guard, telling the hooks of `A`.
    pub(super) fn trim_list<A: Memory + Events>(&self) {
        // A negative number of slots is none.
        let qset = usize::try_from(self.qset.load::<A>(&sites::QSET) as isize).unwrap_or(0);
        let mut next = self.load::<A, _>(&self.list.head, &sites::HEAD);
        probe::<A>(&sites::TRIM_WALK);
        while let Ok(Some(node)) = next {
            self.trim_node::<A>(node, qset);
            next = self.load::<A, _>(&node.node(&self.list).next, &sites::NEXT);
            self.give_back::<A, _>(node);
        }
        self.size.store::<A>(&sites::SIZE, 0);
        self.adopt_geometry::<A>();
        self.list.head.drop_link::<A>(&sites::HEAD);
        probe::<A>(&sites::TRIM_DONE);
    }

    /// The module's quantum and qset become the device's. A device of the repaired driver never gets an
    /// impossible one.
    fn adopt_geometry<A: Memory + Events>(&self) {
        let quantum = self.parameters.quantum.load::<A>(&sites::SCULL_QUANTUM);
        let qset = self.parameters.qset.load::<A>(&sites::SCULL_QSET);
        if self.edition == Edition::Book || (Geometry { quantum, qset }).check().is_ok() {
            self.quantum.store::<A>(&sites::QUANTUM, quantum);
            self.qset.store::<A>(&sites::QSET, qset);
        }
    }

    fn trim_node<A: Memory + Events>(&self, node: Block<Node>, qset: usize) {
        let link = &node.node(&self.list).array;
        if let Ok(Some(array)) = self.load::<A, _>(link, &sites::ARRAY) {
            self.trim_array::<A>(array, qset);
            self.give_back::<A, _>(array);
            link.drop_link::<A>(&sites::ARRAY);
        }
    }

    fn trim_array<A: Memory + Events>(&self, array: Block<Array>, qset: usize) {
        // As many slots as the device says, which need not be as many as the array has (R11): those behind
        // are forgotten, and where there are fewer the book's driver frees whatever lies there.
        for index in 0..qset {
            let Ok(slot) = array.slot::<A>(&self.list, index).map_err(|past| self.tally.overrun(past)) else {
                return;
            };
            if let Ok(Some(quantum)) = self.load::<A, _>(slot, &sites::SLOT) {
                self.give_back::<A, _>(quantum);
            }
        }
    }

    #[track_caller]
    fn give_back<A: Memory + Events, T>(&self, block: Block<T>) {
        probe::<A>(&sites::TRIM_FREE);
        if let Err(bad) = block.free::<A>() {
            self.tally.bad_free(bad);
        }
    }
}
