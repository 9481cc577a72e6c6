//! How the bytes of a device are divided.
#![forbid(unsafe_code)]

use core::fmt;

use crate::dev::{Printk, Said};
use crate::errno::Errno;
use crate::machine::Machine;
use crate::shared::Shared;

/// The sizes of a device's parts (LDD3's `scull_quantum` and `scull_qset`). A device gets those of its module
/// whenever it is trimmed.
///
/// The book's are `int`s, and its driver checks none of them. So the numbers here may be any, a negative one
/// as its two's complement, unless the geometry passed [`check`](Geometry::check).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of a quantum.
    pub quantum: usize,
    /// Pointers of an array, that is quanta of a node.
    pub qset: usize,
}

impl Default for Geometry {
    /// The book's: 4000 bytes, 1000 quanta.
    fn default() -> Self {
        Geometry { quantum: 4000, qset: 1000 }
    }
}

/// Where a byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The node, from 0 (the book's `item`).
    pub item: usize,
    /// The slot of its array (`s_pos`).
    pub slot: usize,
    /// The byte of the quantum (`q_pos`).
    pub offset: usize,
}

impl Geometry {
    /// The same, if a device can have it. [`Errno::EINVAL`] when a size is 0, or when an array or the bytes
    /// of a node would be larger than an object can be (`isize::MAX` bytes). An array that is merely too
    /// large for the heap is allowed: the write that needs it fails.
    pub fn check(self) -> Result<Self, Errno> {
        let possible =
            |bytes: Option<usize>| bytes.is_some_and(|bytes| (1..=isize::MAX as usize).contains(&bytes));
        let node = self.quantum.checked_mul(self.qset);
        let array = self.qset.checked_mul(size_of::<usize>());
        if possible(node) && possible(array) { Ok(self) } else { Err(Errno::EINVAL) }
    }

    /// Bytes of a node: a quantum for each slot (the book's `itemsize`). Only for a geometry that passed
    /// [`check`](Geometry::check).
    pub fn item_size(&self) -> usize {
        self.quantum * self.qset
    }

    /// Where the byte at `position` is. Only for a geometry that passed [`check`](Geometry::check).
    pub fn place(&self, position: usize) -> Place {
        let rest = position % self.item_size();
        Place { item: position / self.item_size(), slot: rest / self.quantum, offset: rest % self.quantum }
    }

    /// Where the byte at `position` is, by the book's arithmetic, for any geometry.
    pub(super) fn locate(&self, position: usize) -> Result<Place, Impossible> {
        let (quantum, qset) = (self.quantum as isize, self.qset as isize);
        let item_size = quantum.wrapping_mul(qset);
        if quantum > 0 && qset > 0 && item_size > 0 {
            return Ok(self.place(position));
        }
        if quantum == 0 || item_size == 0 {
            return Err(Impossible::Division);
        }
        let rest = (position as isize).wrapping_rem(item_size);
        let parts = [
            (position as isize).wrapping_div(item_size),
            rest.wrapping_div(quantum),
            rest.wrapping_rem(quantum),
        ];
        let [item, slot, offset] = parts.map(usize::try_from);
        match (item, slot, offset) {
            (Ok(item), Ok(slot), Ok(offset)) => Ok(Place { item, slot, offset }),
            _ => Err(Impossible::Negative),
        }
    }
}

/// Why a byte is nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Impossible {
    /// The book's driver divides by zero.
    Division,
    /// The book's driver uses a negative index.
    Negative,
}

/// The module's settings. A device takes quantum and qset over when it is trimmed, a pipe its buffer's size
/// when it is first opened. They are `int`s, as in the book: a negative one is kept as it is.
pub struct Parameters {
    /// Bytes of a quantum (`scull_quantum`).
    pub quantum: Shared<usize>,
    /// Pointers of an array (`scull_qset`).
    pub qset: Shared<usize>,
    /// Bytes of a pipe's buffer (`scull_p_buffer`).
    pub pipe_buffer: Shared<usize>,
    /// Where the drivers say what they do, if they say it.
    pub printk: Option<Printk>,
}

impl Parameters {
    /// Bytes of a pipe's buffer unless the user says otherwise (`SCULL_P_BUFFER`).
    pub const PIPE_BUFFER: usize = 4000;

    /// Devices are divided as `geometry` says; pipes have the book's buffer.
    pub fn new(geometry: Geometry) -> Self {
        Parameters {
            quantum: Shared::new(geometry.quantum),
            qset: Shared::new(geometry.qset),
            pipe_buffer: Shared::new(Self::PIPE_BUFFER),
            printk: None,
        }
    }

    /// A driver has done this for the running task.
    pub(crate) fn say<M: Machine>(&self, said: Said) {
        if let Some(printk) = &self.printk {
            printk(said, M::task());
        }
    }

    /// What a device takes over when it is trimmed. Neither guarded nor a probe point.
    pub fn geometry(&self) -> Geometry {
        Geometry { quantum: self.quantum.audit(), qset: self.qset.audit() }
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Geometry { quantum, qset } = self.geometry();
        f.debug_struct("Parameters").field("quantum", &quantum).field("qset", &qset).finish_non_exhaustive()
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters::new(Geometry::default())
    }
}
