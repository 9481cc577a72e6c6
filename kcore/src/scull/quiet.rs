//! A machine without a listener.

use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::errno::Errno;
use crate::event::Events;
use crate::machine::{BadFree, Kind, Memory};

/// The memory of `A` without its hooks: for taking a device down, which is not part of any experiment.
pub(super) struct Quiet<A>(PhantomData<A>);

// SAFETY: it is the memory of `A`, whose implementor has promised the same.
unsafe impl<A: Memory> Memory for Quiet<A> {
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        A::allocate(kind, size)
    }

    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree> {
        // SAFETY: the caller has promised what `A` asks for.
        unsafe { A::free(block) }
    }

    unsafe fn size(block: NonNull<u8>) -> usize {
        // SAFETY: as above.
        unsafe { A::size(block) }
    }

    type Keep = A::Keep;

    fn keep() -> A::Keep {
        A::keep()
    }
}

impl<A> Events for Quiet<A> {}
