//! The raw structure: links and the blocks that they lead to.
//!
//! All unsafe code of the device is here. It rests on four invariants, which hold in every interleaving:
//!
//! - **S1** A link that can be loaded holds null, poison (its block is not cleared yet, or freed), or the address of a block
//!   that [`Memory::allocate`] gave for the link's type. Poison comes from the allocator, null from [`Link::clear`], and
//!   [`Link::store`] takes nothing but a [`Block`], which only an allocation or another link can have produced. Each of
//!   these is the store of a whole word, so a load never sees a mixture.
//! - **S2** A block stays mapped and is not handed out for another use while tasks are inside the device: the promise of
//!   [`Memory`]. So whoever loaded an address before the block was freed still finds memory of the same type there.
//! - **S3** All blocks of a list have its geometry, which never changes, and blocks do not move between lists.
//! - **S4** References into blocks are references to atomics and live for one operation. They may overlap with
//!   [`Memory::free`], which writes its poison into the block and leaves it mapped (S2).
//!
//! The two poison words are no addresses of anything: they are not canonical on x86-64 (Intel SDM vol. 1, 3.3.7.1).

use core::ptr::{self, NonNull};
use core::slice;

use crate::bytes::SharedBytes;
use crate::errno::Errno;
use crate::machine::{BadFree, Hooks, Kind, Memory, POISON_FREED, POISON_FRESH, Site};
use crate::scull::geometry::Geometry;
use crate::shared::Shared;

/// A pointer that leads to no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wild;

/// A word of shared memory that leads to a block, or nowhere.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Link<T> {
    /// INVARIANT: S1.
    word: Shared<*mut T>,
}

impl<T> Link<T> {
    /// A link to nothing.
    pub(super) fn null() -> Self {
        Link { word: Shared::new(ptr::null_mut()) }
    }

    /// Where it leads. An access.
    #[inline]
    #[track_caller]
    pub(super) fn load<H: Hooks>(&self, site: &'static Site) -> Result<Option<Block<T>>, Wild> {
        Block::at(self.word.load::<H>(site))
    }

    /// Where it leads. Nobody hears of it.
    pub(super) fn peek(&self) -> Result<Option<Block<T>>, Wild> {
        Block::at(self.word.peek())
    }

    /// Publishes a block. An access.
    #[inline]
    #[track_caller]
    pub(super) fn store<H: Hooks>(&self, site: &'static Site, block: Block<T>) {
        self.word.store::<H>(site, block.start.as_ptr());
    }

    /// Lets go of what it led to. An access.
    #[inline]
    #[track_caller]
    pub(super) fn drop_link<H: Hooks>(&self, site: &'static Site) {
        self.word.store::<H>(site, ptr::null_mut());
    }

    /// Sets a fresh link to null. Nobody hears of it.
    pub(super) fn clear(&self) {
        self.word.poke(ptr::null_mut());
    }
}

/// The address of a block of the device: live, or freed and still mapped.
#[derive(Debug)]
pub(super) struct Block<T> {
    /// INVARIANT: it came from an allocation for a `T` of this list, and is neither null nor poison.
    start: NonNull<T>,
}

impl<T> Clone for Block<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Block<T> {}

impl<T> Block<T> {
    /// The block that the loaded word `pointer` leads to.
    #[inline]
    fn at(pointer: *mut T) -> Result<Option<Self>, Wild> {
        const FRESH: usize = usize::from_ne_bytes([POISON_FRESH; size_of::<usize>()]);
        const FREED: usize = usize::from_ne_bytes([POISON_FREED; size_of::<usize>()]);
        if matches!(pointer.addr(), FRESH | FREED) {
            return Err(Wild);
        }
        Ok(NonNull::new(pointer).map(|start| Block { start }))
    }

    /// Where the block starts.
    pub(super) fn address(self) -> usize {
        self.start.addr().get()
    }

    /// Gives the block back.
    #[track_caller]
    pub(super) fn free<A: Memory>(self) -> Result<(), BadFree> {
        // SAFETY: S4; nobody keeps a reference except to atomics, for the length of an operation.
        unsafe { A::free(self.start.cast()) }
    }

    #[track_caller]
    fn allocate<A: Memory>(kind: Kind, size: usize) -> Result<Self, Errno> {
        Ok(Block { start: A::allocate(kind, size)?.cast() })
    }
}

/// A list item (LDD3's `struct scull_qset`).
#[derive(Debug)]
#[repr(C)]
pub(super) struct Node {
    pub(super) array: Link<Array>,
    pub(super) next: Link<Node>,
}

/// The start of an array of links to quanta; how many is in the geometry.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Array([Link<Quantum>; 0]);

/// The start of a quantum; how many bytes is in the geometry.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Quantum([u64; 0]);

impl Block<Node> {
    /// Room for a node, not yet cleared.
    #[track_caller]
    pub(super) fn new_node<A: Memory>() -> Result<Self, Errno> {
        Self::allocate::<A>(Kind::Node, size_of::<Node>())
    }

    /// The node, for as long as its list lives.
    pub(super) fn node(self, _list: &List) -> &Node {
        // SAFETY: S1 and S2: a mapped block of a node's size and alignment; any bits are valid links.
        unsafe { self.start.as_ref() }
    }
}

/// The head of a list, and what its blocks look like.
#[derive(Debug)]
pub(super) struct List {
    pub(super) head: Link<Node>,
    /// INVARIANT: S3; it passed [`Geometry::check`].
    geometry: Geometry,
}

impl List {
    /// An empty list. [`Errno::EINVAL`] for an impossible geometry.
    pub(super) fn new(geometry: Geometry) -> Result<Self, Errno> {
        Ok(List { head: Link::null(), geometry: geometry.check()? })
    }

    /// What its blocks look like.
    pub(super) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Room for an array, not yet cleared.
    #[track_caller]
    pub(super) fn new_array<A: Memory>(&self) -> Result<Block<Array>, Errno> {
        Block::allocate::<A>(Kind::Array, self.geometry.qset * size_of::<Link<Quantum>>())
    }

    /// A quantum of zeros.
    #[track_caller]
    pub(super) fn new_quantum<A: Memory>(&self) -> Result<Block<Quantum>, Errno> {
        let quantum = Block::allocate::<A>(Kind::Quantum, self.geometry.quantum)?;
        self.bytes(quantum).fill(0);
        Ok(quantum)
    }

    /// The slots of an array.
    pub(super) fn slots(&self, array: Block<Array>) -> &[Link<Quantum>] {
        // SAFETY: S1, S2 and S3: a mapped block of `qset` links; any bits are valid links.
        unsafe { slice::from_raw_parts(array.start.as_ptr().cast(), self.geometry.qset) }
    }

    /// The bytes of a quantum.
    pub(super) fn bytes(&self, quantum: Block<Quantum>) -> SharedBytes<'_> {
        // SAFETY: S1, S2 and S3: a mapped block of `quantum` bytes, aligned to 16, which the device touches in no other way.
        unsafe { SharedBytes::new(quantum.start.cast(), self.geometry.quantum) }
    }
}
