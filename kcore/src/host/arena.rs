//! Memory that is accounted for and never handed out twice.

use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{Ordering, fence};
use std::alloc::{alloc, dealloc};
use std::collections::{BTreeMap, BTreeSet};
use std::vec::Vec;

use crate::bytes::SharedBytes;
use crate::errno::Errno;
use crate::experiment::stage;
use crate::machine::{BadFree, BlockSize, Kind, POISON_FREED, POISON_FRESH};
use crate::place::Place;
use crate::report::Counts;

/// What a machine's memory was used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Blocks allocated, of the kinds that make up a scull device.
    pub allocated: Counts,
    /// Blocks freed, of the same kinds.
    pub freed: Counts,
    /// Bytes of the blocks that live, of all kinds.
    pub live_bytes: usize,
    /// Attempts to free a block that was free.
    pub double_frees: u64,
    /// Attempts to free what is no block.
    pub unknown_frees: u64,
}

/// A block that was not freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveBlock {
    /// Where it starts.
    pub address: usize,
    /// Its size in bytes, as asked for.
    pub size: usize,
    /// What it is used for.
    pub kind: Kind,
    /// The task that allocated it.
    pub location: Place,
}

/// How far an arena has come.
pub(super) struct Taken {
    /// The number of the next block.
    serial: u64,
    double_frees: u64,
}

/// All blocks there ever were. Freed ones stay mapped until the arena goes.
#[derive(Default)]
pub(super) struct Arena {
    blocks: BTreeMap<usize, Block>,
    /// How many there were.
    serial: u64,
    account: Account,
    /// How many allocations still succeed; `None` for all.
    allowed: Option<u64>,
    /// Bytes of the largest block that there is room for; `None` for whatever the host has.
    largest: Option<usize>,
    /// Their memory goes back to where it came from.
    borrows: bool,
}

struct Block {
    /// Which it was, from 0.
    serial: u64,
    /// Where its memory begins: with its size.
    base: NonNull<u8>,
    /// Where it begins.
    start: NonNull<u8>,
    layout: Layout,
    size: usize,
    kind: Kind,
    location: Place,
    freed: bool,
}

// SAFETY: the pointers own their blocks, and no thread is special to them.
unsafe impl Send for Arena {}

impl Arena {
    pub(super) fn allocate(
        &mut self,
        kind: Kind,
        size: usize,
        location: Place,
    ) -> Result<NonNull<u8>, Errno> {
        if self.largest.is_some_and(|largest| size > largest) {
            return Err(Errno::ENOMEM);
        }
        let (layout, offset) = Self::layout_of(size)?;
        self.spend()?;
        // SAFETY: the layout has a size of 32 at least.
        let base = NonNull::new(unsafe { alloc(layout) }).ok_or(Errno::ENOMEM)?;
        // SAFETY: the memory is new, and was made for a block of this size.
        Ok(unsafe { self.take_in(base, layout, offset, kind, size, location) })
    }

    /// What a block of `size` bytes takes, and how far behind its start the block begins.
    pub(super) fn layout_of(size: usize) -> Result<(Layout, usize), Errno> {
        // One byte at least, so that addresses differ.
        let whole = size.max(1).checked_next_multiple_of(16).ok_or(Errno::ENOMEM)?;
        let layout = Layout::from_size_align(whole, 16).map_err(|_| Errno::ENOMEM)?;
        Layout::new::<BlockSize>().extend(layout).map_err(|_| Errno::ENOMEM)
    }

    /// Makes a block of the memory at `base`, and keeps account of it.
    ///
    /// # Safety
    /// The memory is the caller's, new, and has the layout and the offset of a block of `size` bytes. It
    /// stays mapped as long as the arena; an arena that [owns](Arena::borrowing) it gives it back to the
    /// host's heap.
    pub(super) unsafe fn take_in(
        &mut self,
        base: NonNull<u8>,
        layout: Layout,
        offset: usize,
        kind: Kind,
        size: usize,
        location: Place,
    ) -> NonNull<u8> {
        // SAFETY: the layout begins with a `BlockSize`, and no other task knows of it yet.
        unsafe { base.cast().write(BlockSize::new(size, offset)) };
        // SAFETY: after that come `whole` bytes.
        let start = unsafe { base.add(offset) };
        // SAFETY: these, which no other task knows either.
        unsafe { start.write_bytes(POISON_FRESH, layout.size() - offset) };
        // A task that loads the address from somewhere finds all of this written.
        fence(Ordering::Release);
        let block = Block { serial: self.serial, base, start, layout, size, kind, location, freed: false };
        self.serial += 1;
        self.blocks.insert(start.addr().get(), block);
        count(&mut self.account.allocated, kind);
        self.account.live_bytes += size;
        start
    }

    /// An arena of memory that is not its own.
    pub(super) fn borrowing() -> Self {
        let mut arena = Arena::default();
        arena.borrows = true;
        arena
    }

    /// Forgets all blocks: an arena that [borrows](Arena::borrowing) begins anew.
    pub(super) fn forget_all(&mut self) {
        debug_assert!(self.borrows);
        (self.serial, self.account) = (0, Account::default());
        self.blocks.clear();
    }

    /// How many bytes the block at `start` has, 0 if there never was one; and whether it is of a kind that
    /// makes up a scull device.
    pub(super) fn size(&self, start: NonNull<u8>) -> (usize, bool) {
        let block = self.blocks.get(&start.addr().get());
        block.map_or((0, false), |block| (block.size, block.kind != Kind::Other))
    }

    /// Whether a block at `address` was not freed.
    pub(super) fn is_live(&self, address: usize) -> bool {
        self.blocks.get(&address).is_some_and(|block| !block.freed)
    }

    pub(super) fn free(&mut self, start: NonNull<u8>) -> Result<(), BadFree> {
        let Some(block) = self.blocks.get_mut(&start.addr().get()) else {
            self.account.unknown_frees += 1;
            return Err(BadFree::Unknown);
        };
        if block.freed {
            self.account.double_frees += 1;
            return Err(BadFree::Double);
        }
        block.freed = true;
        block.poison();
        count(&mut self.account.freed, block.kind);
        self.account.live_bytes -= block.size;
        Ok(())
    }

    pub(super) fn account(&self) -> Account {
        self.account
    }

    pub(super) fn taken(&self) -> Taken {
        Taken { serial: self.serial, double_frees: self.account.double_frees }
    }

    /// What has become of the blocks since then, of the kinds that make up a scull device, if those at
    /// `reachable` are not lost.
    pub(super) fn account_since(&self, since: &Taken, reachable: &BTreeSet<usize>) -> stage::Account {
        let double_free = self.account.double_frees - since.double_frees;
        let mut account = stage::Account { double_free, ..stage::Account::default() };
        let ours = |block: &Block| block.serial >= since.serial && block.kind != Kind::Other;
        for (address, block) in self.blocks.iter().filter(|(_, block)| ours(block)) {
            account.allocated[block.kind] += 1;
            if block.freed {
                account.freed[block.kind] += 1;
                account.written_after_free += u64::from(block.is_spoilt());
                continue;
            }
            account.live[block.kind] += 1;
            if reachable.contains(address) {
                account.reachable[block.kind] += 1;
            } else {
                account.leaked[block.kind] += 1;
                account.leaked_bytes += block.size as u64;
            }
        }
        account
    }

    pub(super) fn live(&self) -> Vec<LiveBlock> {
        let live = self.blocks.iter().filter(|(_, block)| !block.freed);
        live.map(|(&address, &Block { size, kind, location, .. })| LiveBlock {
            address,
            size,
            kind,
            location,
        })
        .collect()
    }

    pub(super) fn allow(&mut self, count: Option<u64>) {
        self.allowed = count;
    }

    pub(super) fn set_largest(&mut self, bytes: Option<usize>) {
        self.largest = bytes;
    }

    fn spend(&mut self) -> Result<(), Errno> {
        match &mut self.allowed {
            None => Ok(()),
            Some(0) => Err(Errno::ENOMEM),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

fn count(counts: &mut Counts, kind: Kind) {
    if kind != Kind::Other {
        counts[kind] += 1;
    }
}

impl Block {
    /// Overwrites the block with relaxed atomic stores: a racy device may be using it at this moment.
    fn poison(&self) {
        self.bytes().fill(POISON_FREED);
    }

    /// Whether it was written to after it was freed.
    fn is_spoilt(&self) -> bool {
        self.bytes().first_other_than(POISON_FREED).is_some()
    }

    fn bytes(&self) -> SharedBytes<'_> {
        // SAFETY: the block is mapped and aligned to 16, and all tasks that may still touch it do so by such
        // views or by words.
        unsafe { SharedBytes::new(self.start, self.size) }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        if self.borrows {
            return;
        }
        for block in self.blocks.values() {
            // SAFETY: it was allocated with this layout and is given back once. The machine is gone, and its
            // tasks with it.
            unsafe { dealloc(block.base.as_ptr(), block.layout) };
        }
    }
}
