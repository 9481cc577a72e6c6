//! Emptying the device.
#![forbid(unsafe_code)]

use crate::machine::{Hooks, Machine, Memory};
use crate::scull::device::Device;
use crate::scull::list::{Array, Block, Node};
use crate::scull::sites;
use crate::shared::probe;

impl<M: Machine> Device<M> {
    /// Frees everything and makes the device empty (LDD3's `scull_trim`).
    ///
    /// The list stays reachable from the device until all of it is freed: without the guard, others walk what is being freed
    /// (R8), or free it as well (R9). Where a pointer turns out to be poison, the book's driver would oops; this one counts
    /// it and goes on with the rest.
    ///
    /// Panics unless the guard is held.
    #[track_caller]
    pub fn trim(&self) {
        self.assert_held();
        self.trim_list::<M>();
    }

    /// The same, without a look at the guard, telling the hooks of `A`.
    pub(super) fn trim_list<A: Memory + Hooks>(&self) {
        let mut next = self.load::<A, _>(&self.list.head, &sites::HEAD);
        probe::<A>(&sites::TRIM_WALK);
        while let Ok(Some(node)) = next {
            self.trim_node::<A>(node);
            next = self.load::<A, _>(&node.node(&self.list).next, &sites::NEXT);
            self.give_back::<A, _>(node);
        }
        self.size.store::<A>(&sites::SIZE, 0);
        self.list.head.drop_link::<A>(&sites::HEAD);
        probe::<A>(&sites::TRIM_DONE);
    }

    fn trim_node<A: Memory + Hooks>(&self, node: Block<Node>) {
        let link = &node.node(&self.list).array;
        if let Ok(Some(array)) = self.load::<A, _>(link, &sites::ARRAY) {
            self.trim_array::<A>(array);
            self.give_back::<A, _>(array);
            link.drop_link::<A>(&sites::ARRAY);
        }
    }

    fn trim_array<A: Memory + Hooks>(&self, array: Block<Array>) {
        for slot in self.list.slots(array) {
            if let Ok(Some(quantum)) = self.load::<A, _>(slot, &sites::SLOT) {
                self.give_back::<A, _>(quantum);
            }
        }
    }

    #[track_caller]
    fn give_back<A: Memory + Hooks, T>(&self, block: Block<T>) {
        probe::<A>(&sites::TRIM_FREE);
        if let Err(bad) = block.free::<A>() {
            self.tally.bad_free(bad);
        }
    }
}
