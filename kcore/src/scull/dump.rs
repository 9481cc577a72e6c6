//! What `/proc/scullmem` and `/proc/scullseq` say of a device (LDD3 ch. 4, "Using the /proc Filesystem").
#![forbid(unsafe_code)]

use core::fmt::Write;

use crate::errno::Errno;
use crate::machine::Machine;
use crate::scull::device::Device;
use crate::scull::edition::Edition;
use crate::scull::list::{Array, Block, Node};
use crate::scull::sites;
use crate::scull::walk::Circle;
use crate::shared::probe;

impl<M: Machine> Device<M> {
    /// Appends to `out` what `/proc/scullmem` says of the device: its geometry and size, its items, and the
    /// quanta of the last one. The book's driver loads the head of the list before it takes the lock (R13).
    ///
    /// [`Errno::ERESTARTSYS`] as for a read, [`Errno::ENOSPC`] when `out` takes no more, and
    /// [`Errno::EFAULT`] when it came to something that cannot be followed.
    pub fn show_memory(&self, out: &mut dyn Write) -> Result<(), Errno> {
        self.show(self.edition == Edition::Book, out)
    }

    /// The same for `/proc/scullseq`, where both editions take the lock first.
    pub fn show_sequence(&self, out: &mut dyn Write) -> Result<(), Errno> {
        self.show(false, out)
    }

    fn show(&self, looks_first: bool, out: &mut dyn Write) -> Result<(), Errno> {
        let _keep = self.keep();
        let before = if looks_first { Some(self.head()?) } else { None };
        probe::<M>(&sites::ENTER);
        let _held = self.enter()?;
        let geometry = self.load_geometry();
        let (quantum, qset) = (geometry.quantum as isize, geometry.qset as isize);
        let size = self.size.load::<M>(&sites::SIZE);
        writeln!(out, "\nDevice {}: qset {qset}, q {quantum}, sz {size}", self.index()).map_err(full)?;
        let head = match before {
            Some(head) => head,
            None => self.head()?,
        };
        self.show_items(head, usize::try_from(qset).unwrap_or(0), out)
    }

    #[track_caller]
    fn head(&self) -> Result<Option<Block<Node>>, Errno> {
        self.load::<M, _>(&self.list.head, &sites::HEAD)
    }

    /// A line for each item from `next` on. A list that a race has bent into a circle is left after a few
    /// rounds.
    fn show_items(
        &self,
        mut next: Option<Block<Node>>,
        qset: usize,
        out: &mut dyn Write,
    ) -> Result<(), Errno> {
        let mut seen = Circle::default();
        while let Some(node) = next.filter(|node| !seen.closes_at(node.address())) {
            let links = node.node(&self.list);
            let array = self.load::<M, _>(&links.array, &sites::ARRAY)?;
            let address = array.map_or(0, Block::address);
            writeln!(out, "  item at {:016x}, qset at {address:016x}", node.address()).map_err(full)?;
            next = self.load::<M, _>(&links.next, &sites::NEXT)?;
            if let (Some(array), None) = (array, next) {
                self.show_slots(array, qset, out)?;
            }
        }
        Ok(())
    }

    /// A line for each quantum of an array.
    fn show_slots(&self, array: Block<Array>, qset: usize, out: &mut dyn Write) -> Result<(), Errno> {
        for index in 0..qset {
            let slot = self.slot_of(array, index)?;
            if let Some(quantum) = self.load::<M, _>(slot, &sites::SLOT)? {
                writeln!(out, "    {index:4}: {:016x}", quantum.address()).map_err(full)?;
            }
        }
        Ok(())
    }
}

fn full(_: core::fmt::Error) -> Errno {
    Errno::ENOSPC
}
