//! A device in a block of the heap, which may be freed while its users have its address: the raw structure of
//! `unplug`.
//!
//! All unsafe code of the experiment is here. It rests on three invariants, which hold in every interleaving:
//!
//! - **U1** An [`Object`] is the address of a block that was allocated for [`Fields`] during the round of its
//!   [`Objects`], from which it borrows; a [`Slot`] holds null or such an address, for it takes nothing but
//!   an [`Object`].
//! - **U2** While the round lasts such a block stays mapped and is used for nothing else, freed or not
//!   (quarantine).
//! - **U3** References into blocks are references to atomics, each of the size that the heap's own poisoning
//!   has there ([`SharedBytes`](crate::bytes::SharedBytes)), so they may overlap with it. Any bits are valid
//!   fields.

use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::heap::HeapRound;
use super::rig::{Refusal, Rig};
use super::round::Stage;
use crate::errno::Errno;
use crate::event::Site;
use crate::machine::{BadFree, Kind};
use crate::shared::Shared;

/// What a device consists of.
#[repr(C)]
pub(in crate::experiment) struct Fields {
    /// [`WORKS`] when it does.
    pub(in crate::experiment) works: Shared<u64>,
    /// The word of the spinlock in it: [`FREE`] or [`TAKEN`].
    pub(in crate::experiment) lock: Shared<u64>,
    /// References to it. Guarded by the registry's lock.
    pub(in crate::experiment) references: Shared<u64>,
    /// How often it was used. Guarded by the lock in it, where that is taken.
    pub(in crate::experiment) uses: Shared<u64>,
}

/// A device that has been set up. Poison is neither this nor a state of the lock.
pub(in crate::experiment) const WORKS: u64 = 1;
/// No task has the lock.
pub(in crate::experiment) const FREE: u64 = 0;
/// A task has it.
pub(in crate::experiment) const TAKEN: u64 = 1;

/// The round in which devices live and die.
pub(in crate::experiment) struct Objects<M: Rig> {
    heap: M::Heap,
}

impl<M: Rig> Objects<M> {
    /// Room for a device, full of poison. [`Errno::ENOMEM`] when there is none. It counts as a node.
    pub(in crate::experiment) fn allocate(&self) -> Result<Object<'_, M>, Errno> {
        Ok(Object { start: M::allocate(Kind::Node, size_of::<Fields>())?.cast(), _round: PhantomData })
    }

    /// An empty place in the registry.
    pub(in crate::experiment) fn slot(&self) -> Slot<'_, M> {
        Slot { word: Shared::new(ptr::null_mut()), _round: PhantomData }
    }

    /// Adds what has become of them; `slot` leads to the one that is plugged in.
    pub(in crate::experiment) fn account(&self, stage: &mut Stage<'_, M>, slot: &Slot<'_, M>) {
        stage.account(&self.heap, &[ptr::from_ref(slot).expose_provenance()], &mut |mark| {
            Slot::<M>::object(slot.word.audit()).iter().for_each(|object| mark(object.address()));
        });
    }
}

impl<M: Rig> Stage<'_, M> {
    /// One round of devices that disappear: `body` runs it, and has the devices from its second argument.
    pub(in crate::experiment) fn object_round(
        &mut self,
        body: impl FnOnce(&mut Self, &Objects<M>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        // SAFETY: objects borrow from it, so there are none when it is dropped.
        let heap = unsafe { M::Heap::begin() }?;
        body(self, &Objects { heap })
    }
}

/// The address of a device that lives, or has lived.
pub(in crate::experiment) struct Object<'a, M: Rig> {
    /// INVARIANT: U1.
    start: NonNull<Fields>,
    _round: PhantomData<&'a Objects<M>>,
}

impl<M: Rig> Clone for Object<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Rig> Copy for Object<'_, M> {}

impl<'a, M: Rig> Object<'a, M> {
    /// Its fields, or what has become of them.
    pub(in crate::experiment) fn fields(self) -> &'a Fields {
        // SAFETY: U1, U2 and U3: a mapped block of this size, aligned to 16, for as long as the round lasts.
        unsafe { self.start.as_ref() }
    }

    /// Gives the block back.
    #[track_caller]
    pub(in crate::experiment) fn free(self) -> Result<(), BadFree> {
        // SAFETY: U3; there are no references except to atomics, and pointers may dangle because of U2.
        unsafe { M::free(self.start.cast()) }
    }

    /// Where the block starts.
    pub(in crate::experiment) fn address(self) -> usize {
        self.start.addr().get()
    }
}

/// The place in the registry where a device is found, or none.
pub(in crate::experiment) struct Slot<'a, M: Rig> {
    /// INVARIANT: U1.
    word: Shared<*mut Fields>,
    _round: PhantomData<&'a Objects<M>>,
}

impl<'a, M: Rig> Slot<'a, M> {
    /// What is in it. An access.
    #[track_caller]
    pub(in crate::experiment) fn load(&self, site: &'static Site) -> Option<Object<'a, M>> {
        Self::object(self.word.load::<M>(site))
    }

    /// What is in it. No probe point.
    #[track_caller]
    pub(in crate::experiment) fn look(&self, site: &'static Site) -> Option<Object<'a, M>> {
        Self::object(self.word.look::<M>(site))
    }

    fn object(start: *mut Fields) -> Option<Object<'a, M>> {
        NonNull::new(start).map(|start| Object { start, _round: PhantomData })
    }

    /// Puts a device in, or takes it out. An access.
    #[track_caller]
    pub(in crate::experiment) fn store(&self, site: &'static Site, object: Option<Object<'a, M>>) {
        let pointer = object.map_or(ptr::null_mut(), |object| object.start.as_ptr());
        self.word.store::<M>(site, pointer);
    }
}
