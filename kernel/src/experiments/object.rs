//! A device in a block of the heap, which may be freed while its users have its address: the raw structure of `unplug`.
//!
//! All unsafe code of the exhibit is here. It rests on three invariants, which hold in every interleaving:
//!
//! - **U1** An [`Object`] is the address of a block that was allocated for [`Fields`] during the running
//!   [`heap::Experiment`]; a [`Slot`] holds null or such an address, for it takes nothing but an [`Object`].
//! - **U2** While the experiment lasts such a block stays mapped and is used for nothing else, freed or not (quarantine).
//! - **U3** References into blocks are references to atomics, each of the size that the heap's own poisoning has there
//!   ([`SharedBytes`](kcore::bytes::SharedBytes)), so they may overlap with it. Any bits are valid fields.

use core::ptr::{self, NonNull};

use kcore::errno::Errno;
use kcore::machine::{BadFree, Kind, Memory};
use kcore::shared::Shared;

use crate::machine::Kernel;
use crate::mm::heap;

/// What a device consists of.
#[repr(C)]
pub(super) struct Fields {
    /// [`WORKS`] when it does.
    pub(super) works: Shared<u64>,
    /// The word of the spinlock in it: [`FREE`] or [`TAKEN`].
    pub(super) lock: Shared<u64>,
    /// References to it. Guarded by the registry's lock.
    pub(super) references: Shared<u64>,
    /// How often it was used. Guarded by the lock in it, where that is taken.
    pub(super) uses: Shared<u64>,
}

/// A device that has been set up. Poison is neither this nor a state of the lock.
pub(super) const WORKS: u64 = 1;
/// Nobody has the lock.
pub(super) const FREE: u64 = 0;
/// Somebody has it.
pub(super) const TAKEN: u64 = 1;

/// The address of a device that lives, or has lived.
#[derive(Clone, Copy)]
pub(super) struct Object {
    /// INVARIANT: U1.
    start: NonNull<Fields>,
}

impl Object {
    /// Room for a device, full of poison. [`Errno::ENOMEM`] when there is none. It counts as a node.
    pub(super) fn allocate(_experiment: &heap::Experiment) -> Result<Self, Errno> {
        Ok(Object { start: Kernel::allocate(Kind::Node, size_of::<Fields>())?.cast() })
    }

    /// Its fields, or what has become of them.
    pub(super) fn fields<'a>(&self, _experiment: &'a heap::Experiment) -> &'a Fields {
        // SAFETY: U1, U2 and U3: a mapped block of this size, aligned to 16, for as long as the experiment lasts.
        unsafe { self.start.as_ref() }
    }

    /// Gives the block back.
    #[track_caller]
    pub(super) fn free(self) -> Result<(), BadFree> {
        // SAFETY: U3; nobody has a reference except to atomics, and pointers may dangle because of U2.
        unsafe { Kernel::free(self.start.cast()) }
    }

    /// Where the block starts.
    pub(super) fn address(self) -> usize {
        self.start.addr().get()
    }
}

/// The place in the registry where a device is found, or none.
pub(super) struct Slot {
    /// INVARIANT: U1.
    word: Shared<*mut Fields>,
}

impl Slot {
    /// An empty one.
    pub(super) fn empty() -> Self {
        Slot { word: Shared::new(ptr::null_mut()) }
    }

    /// What is in it. An access.
    #[track_caller]
    pub(super) fn load(&self) -> Option<Object> {
        let start = self.word.load::<Kernel>(&kcore::experiment::SLOT);
        NonNull::new(start).map(|start| Object { start })
    }

    /// What is in it. Nobody hears of it.
    pub(super) fn peek(&self) -> Option<Object> {
        NonNull::new(self.word.peek()).map(|start| Object { start })
    }

    /// Where it is.
    pub(super) fn address(&self) -> usize {
        ptr::from_ref(self).expose_provenance()
    }

    /// Puts a device in, or takes it out. An access.
    #[track_caller]
    pub(super) fn store(&self, object: Option<Object>) {
        let pointer = object.map_or(ptr::null_mut(), |object| object.start.as_ptr());
        self.word.store::<Kernel>(&kcore::experiment::SLOT, pointer);
    }
}
