//! The raw structure: links and the blocks that they lead to.
//!
//! All unsafe code of the device is here. It rests on four invariants, which hold in every interleaving:
//!
//! - **S1** A link that can be loaded holds null, poison (its block is not cleared yet, or freed), or the
//!   address of a block that [`Memory::allocate`] gave for the link's type. Poison comes from the allocator,
//!   null from [`Link::clear`], and [`Link::store`] takes nothing but a [`Block`], which only an allocation
//!   or another link can have produced. Each of these is the store of a whole word, so a load never sees a
//!   mixture.
//! - **S2** A block stays mapped and is not handed out for another use while tasks are inside the device: the
//!   promise of [`Memory`]. So a task that loaded an address before the block was freed still finds memory of
//!   the same type there.
//! - **S3** A block knows how long it is, and that never changes ([`Memory::size`]). What is made of its
//!   address is as long as the block, whatever the geometry of the device was when it was allocated, or is by
//!   now; an index past the end is [`Past`], and is counted. Blocks do not move between lists.
//! - **S4** References into blocks are references to atomics and live for one operation. They may overlap
//!   with [`Memory::free`], which writes its poison into the block and leaves it mapped (S2).
//!
//! The two poison words are no addresses of anything: they are not canonical on x86-64 (Intel SDM vol. 1,
//! 3.3.7.1).

use core::ptr::{self, NonNull};
use core::slice;

use crate::bytes::SharedBytes;
use crate::errno::Errno;
use crate::event::{Events, Site};
use crate::machine::{BadFree, Kind, Memory, POISON_FREED, POISON_FRESH};
use crate::shared::Shared;

/// A pointer that leads to no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wild;

/// A place past the end of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Past;

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
    pub(super) fn load<H: Events>(&self, site: &'static Site) -> Result<Option<Block<T>>, Wild> {
        Block::at(self.word.load::<H>(site))
    }

    /// Where it leads. No listener hears of it.
    pub(super) fn audit(&self) -> Result<Option<Block<T>>, Wild> {
        Block::at(self.word.audit())
    }

    /// Publishes a block. An access.
    #[inline]
    #[track_caller]
    pub(super) fn store<H: Events>(&self, site: &'static Site, block: Block<T>) {
        self.word.store::<H>(site, block.start.as_ptr());
    }

    /// Lets go of what it led to. An access.
    #[inline]
    #[track_caller]
    pub(super) fn drop_link<H: Events>(&self, site: &'static Site) {
        self.word.store::<H>(site, ptr::null_mut());
    }

    /// Sets a fresh link to null. A caller that clears a whole block tells the log.
    pub(super) fn clear(&self) {
        self.word.set_up(ptr::null_mut());
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
        // SAFETY: S4; no task keeps a reference except to atomics, for the length of an operation.
        unsafe { A::free(self.start.cast()) }
    }

    /// How many bytes it is long.
    #[inline]
    fn size<A: Memory>(self) -> usize {
        // SAFETY: S1 and S2: the allocator gave it, it is mapped, and every link is an atomic.
        unsafe { A::size(self.start.cast()) }
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

/// The start of an array of links to quanta; how many, its block knows.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Array([Link<Quantum>; 0]);

/// The start of a quantum; how many bytes, its block knows.
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

impl Block<Array> {
    /// Room for an array of `qset` links, not yet cleared. [`Errno::ENOMEM`] also when no array can be so
    /// long.
    #[track_caller]
    pub(super) fn new_array<A: Memory>(qset: usize) -> Result<Self, Errno> {
        let size = qset.checked_mul(size_of::<Link<Quantum>>()).ok_or(Errno::ENOMEM)?;
        Self::allocate::<A>(Kind::Array, size)
    }

    /// Its slots.
    #[inline]
    pub(super) fn slots<A: Memory>(self, _list: &List) -> &[Link<Quantum>] {
        let count = self.size::<A>() / size_of::<Link<Quantum>>();
        // SAFETY: S1, S2 and S3: a mapped block of so many links; any bits are valid links.
        unsafe { slice::from_raw_parts(self.start.as_ptr().cast(), count) }
    }

    /// Slot number `index`.
    #[inline]
    pub(super) fn slot<A: Memory>(self, list: &List, index: usize) -> Result<&Link<Quantum>, Past> {
        self.slots::<A>(list).get(index).ok_or(Past)
    }
}

impl Block<Quantum> {
    /// Room for a quantum of `size` bytes, cleared if it `is_cleared`.
    #[track_caller]
    pub(super) fn new_quantum<A: Memory>(size: usize, is_cleared: bool) -> Result<Self, Errno> {
        match is_cleared {
            true => Ok(Block { start: A::allocate_zeroed(Kind::Quantum, size)?.cast() }),
            false => Self::allocate::<A>(Kind::Quantum, size),
        }
    }

    /// Its bytes.
    #[inline]
    pub(super) fn bytes<A: Memory>(self, _list: &List) -> SharedBytes<'_> {
        // SAFETY: S1, S2 and S3: a mapped block of so many bytes, aligned to 16, which the device touches in
        // no other way.
        unsafe { SharedBytes::new(self.start.cast(), self.size::<A>()) }
    }

    /// Its bytes, if `count` of them from `offset` on are there.
    #[inline]
    pub(super) fn bytes_for<A: Memory>(
        self,
        list: &List,
        offset: usize,
        count: usize,
    ) -> Result<SharedBytes<'_>, Past> {
        let bytes = self.bytes::<A>(list);
        match offset.checked_add(count) {
            Some(end) if end <= bytes.len() => Ok(bytes),
            _ => Err(Past),
        }
    }
}

/// A list: its head.
#[derive(Debug)]
pub(super) struct List {
    pub(super) head: Link<Node>,
}

impl List {
    /// An empty list.
    pub(super) fn new() -> Self {
        List { head: Link::null() }
    }
}
