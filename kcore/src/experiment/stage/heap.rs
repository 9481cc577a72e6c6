//! A round on blocks of the scull kinds, and a block.

use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use alloc::vec::Vec;

use super::rig::{Refusal, Rig};
use super::round::Stage;
use super::stamps;
use crate::errno::Errno;
use crate::machine::{Kind, Machine};

/// The stretch of time of one round, as a heap sees it: blocks of the scull kinds that are freed meanwhile
/// stay in quarantine. It ends when this is dropped. One at a time.
pub trait HeapRound: Sized + Sync {
    /// What a task has while it is inside.
    type Inside<'a>
    where
        Self: 'a;

    /// Starts it. [`Errno::EBUSY`] while there are devices that live on.
    ///
    /// # Safety
    /// When it is dropped, no task uses a block of a scull kind any more that was allocated meanwhile.
    unsafe fn begin() -> Result<Self, Errno>;
    /// Starts one in which memory that was freed can be had again before it ends.
    ///
    /// # Safety
    /// As for [`begin`](HeapRound::begin). Besides, while blocks of a scull kind are freed, a task that uses
    /// such blocks is [inside](HeapRound::inside), and keeps no address of one from one time inside to the
    /// next; and when one that frees a block leaves, the device does not lead to that block any more.
    unsafe fn begin_recycling() -> Result<Self, Errno>;
    /// Task `who` is inside the device until the result is dropped.
    fn inside(&self, who: u32) -> Self::Inside<'_>;
    /// Blocks that were freed and used again while it ran.
    fn recycled(&self) -> u64;
    /// Freed blocks that were written to after they were freed.
    fn written_after_free(&self) -> u64;
}

/// What the tasks of a round tell.
#[derive(Default)]
pub struct Told {
    pub(super) bytes_written: AtomicU64,
    pub(super) out_of_memory: AtomicU64,
    pub(super) lost_updates: AtomicU64,
    pub(super) stale: AtomicU64,
}

impl Told {
    /// Takes note of how a read or write ended; true when it went well.
    pub(in crate::experiment) fn result(&self, result: Result<usize, Errno>, written: bool) -> bool {
        match result {
            Ok(count) if written => drop(self.bytes_written.fetch_add(count as u64, Relaxed)),
            Err(Errno::ENOMEM) => self.refused(),
            _ => {}
        }
        result.is_ok()
    }

    /// There was no memory for a part of the work.
    pub fn refused(&self) {
        self.out_of_memory.fetch_add(1, Relaxed);
    }

    /// A buffer of `size` bytes of the stamp of task `who`, like [`stamps::buffer`]. `None`, and taken note
    /// of, when there is no memory: then the task never comes to call the device.
    pub(in crate::experiment) fn stamp<M: Machine>(&self, size: usize, who: u32) -> Option<Vec<u8>> {
        let buffer = stamps::buffer::<M>(size, stamps::of(who)).ok();
        if buffer.is_none() {
            self.refused();
        }
        buffer
    }

    /// Bytes that no task has written were read, and were not 0.
    pub(in crate::experiment) fn stale(&self) {
        self.stale.fetch_add(1, Relaxed);
    }

    /// An acknowledged update is gone.
    pub(in crate::experiment) fn lost_update(&self) {
        self.lost_updates.fetch_add(1, Relaxed);
    }
}

impl<M: Rig> Stage<'_, M> {
    /// One round without a device, on blocks of the scull kinds: `body(who, told)` in every task at once;
    /// then the account. Nothing leads to a block that is alive afterwards.
    pub fn heap_round(&mut self, body: &(dyn Fn(u32, &Told) + Sync)) -> Result<(), Refusal> {
        // SAFETY: the crew's tasks are joined before it is dropped, and no others use such blocks but
        // handlers whose end one of these tasks waits for.
        let heap = unsafe { M::Heap::begin() }?;
        let told = Told::default();
        self.race(&|who| body(who, &told))?;
        self.out_of_memory += told.out_of_memory.into_inner();
        self.account(&heap, &[], &mut |_| {});
        Ok(())
    }
}

/// A block that its owner alone knows. It is freed when it is dropped.
pub struct Block<M: Machine> {
    start: NonNull<u8>,
    _machine: PhantomData<M>,
}

impl<M: Machine> Block<M> {
    /// A block of `size` bytes that counts as a quantum. [`Errno::ENOMEM`] when there is no memory.
    #[track_caller]
    pub fn allocate(size: usize) -> Result<Self, Errno> {
        Ok(Block { start: M::allocate(Kind::Quantum, size)?, _machine: PhantomData })
    }
}

impl<M: Machine> Drop for Block<M> {
    fn drop(&mut self) {
        // SAFETY: the block is this owner's, and this is the end of it.
        let freed = unsafe { M::free(self.start) };
        debug_assert!(freed.is_ok(), "a live block was refused");
    }
}
