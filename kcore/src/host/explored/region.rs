//! Memory that is the same in each execution: what a task allocates lies where it lay before, if the task has
//! done the same.
//!
//! One stretch of addresses is reserved for the process, and divided among the threads that explore; each
//! divides its own among the tasks. A task's part holds its stack and what it allocates, in the order in
//! which it does. Nothing is used twice in an execution, and all of it again in the next.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::alloc::System;
use std::sync::Mutex;
use std::vec::Vec;

use corosensei::stack::{Stack, StackPointer};
use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect};

/// Parts of a thread: its tasks, and who sets them up and judges them.
pub(super) const PARTS: usize = 16;
/// Bytes of a part.
const PART: usize = 32 << 20;
/// Bytes of a thread.
const THREAD: usize = PARTS * PART;
/// Threads that explore at once.
const THREADS: usize = 64;
/// Bytes at the low end of a part that must not be touched: below the stack.
const GUARD: usize = 64 << 10;
/// Bytes of a stack.
const STACK: usize = 512 << 10;

/// In the name of a static.
const STATIC: u64 = 1 << 63;

/// Where the stretch begins; 0 before it was reserved.
static START: AtomicUsize = AtomicUsize::new(0);
/// Numbers of threads that have explored and are free, and how many numbers there are.
static FREE: Mutex<(Vec<usize>, usize)> = Mutex::new((Vec::new(), 0));

std::thread_local! {
    /// From where to where the running task may allocate; empty while none runs.
    static ROOM: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// A thread's memory.
#[derive(Debug)]
pub(super) struct Region {
    thread: usize,
    start: usize,
}

impl Region {
    /// For the calling thread; [`None`] when as many explore as can, or the host has no room.
    pub(super) fn reserve() -> Option<Self> {
        let mut free = FREE.lock().expect("nothing panics with it");
        let (free, threads) = &mut *free;
        let thread = free.pop().or_else(|| {
            Self::make_ready(*threads)?;
            *threads += 1;
            Some(*threads - 1)
        })?;
        Some(Region { thread, start: START.load(Relaxed) + thread * THREAD })
    }

    /// The memory of one more thread can be used from now on.
    fn make_ready(thread: usize) -> Option<()> {
        if thread == THREADS {
            return None;
        }
        if START.load(Relaxed) == 0 {
            // SAFETY: new addresses, which no other code knows.
            let start = unsafe {
                mmap_anonymous(
                    null_mut(),
                    THREADS * THREAD,
                    ProtFlags::empty(),
                    MapFlags::PRIVATE | MapFlags::NORESERVE,
                )
            };
            START.store(start.ok()?.expose_provenance(), Relaxed);
        }
        let start = START.load(Relaxed) + thread * THREAD;
        (0..PARTS).try_for_each(|part| {
            let low = core::ptr::with_exposed_provenance_mut(start + part * PART + GUARD);
            // SAFETY: the addresses are this thread's, and nothing lies there.
            unsafe { mprotect(low, PART - GUARD, MprotectFlags::READ | MprotectFlags::WRITE) }.ok()
        })
    }

    /// Where the allocations of a part begin, and where they end at the latest.
    pub(super) fn room(&self, part: usize) -> Room {
        assert!(part < PARTS, "there are more tasks than parts");
        let start = self.start + part * PART;
        Room { next: start + GUARD + STACK, end: start + PART }
    }

    /// The stack of a part.
    pub(super) fn stack(&self, part: usize) -> PartStack {
        let low = self.start + part * PART;
        PartStack { low, high: low + GUARD + STACK }
    }

    /// What an address is called in all executions, on all threads.
    pub(super) fn name(&self, address: usize) -> u64 {
        let offset = address.wrapping_sub(self.start);
        match offset < THREAD {
            true => offset as u64,
            // A static.
            false => STATIC | (address.wrapping_sub((&raw const START).addr()) as u64 & !STATIC),
        }
    }

    /// The address that is called so.
    pub(super) fn address(&self, name: u64) -> usize {
        match name & STATIC == 0 {
            true => self.start + name as usize,
            // So far away from a static, and the bit below its mark is the sign.
            false => (&raw const START).addr().wrapping_add(((name << 1) as i64 >> 1) as usize),
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if let Ok(mut free) = FREE.lock() {
            free.0.push(self.thread);
        }
    }
}

/// Where a task allocates.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Room {
    next: usize,
    end: usize,
}

impl Room {
    /// Whether it is that of no task yet.
    pub(super) fn is_empty(self) -> bool {
        self.end == 0
    }

    /// Allocations of this thread come from here from now on; returns where they came from before.
    #[inline]
    pub(super) fn enter(self) -> Room {
        let (next, end) = ROOM.replace((self.next, self.end));
        Room { next, end }
    }
}

/// Runs `work`, whose allocations are none of a task's.
#[inline]
pub(super) fn outside<R>(work: impl FnOnce() -> R) -> R {
    let room = Room::default().enter();
    let result = work();
    room.enter();
    result
}

/// Whether a task of this thread runs.
pub(super) fn is_inside() -> bool {
    ROOM.get().1 != 0
}

/// Whether the program's allocator is the [`Allocator`]: without it tasks find their memory elsewhere in each
/// execution.
pub(super) fn is_installed(room: Room) -> bool {
    let outside = room.enter();
    let block = std::boxed::Box::new(0_u8);
    let is_ours = core::ptr::from_ref(&*block).addr() == room.next;
    drop(block);
    outside.enter();
    is_ours
}

/// A block of the running task.
pub(super) fn allocate(layout: Layout) -> Option<NonNull<u8>> {
    let (next, end) = ROOM.get();
    let start = next.checked_next_multiple_of(layout.align())?;
    let after = start.checked_add(layout.size()).filter(|&after| after <= end)?;
    ROOM.set((after, end));
    NonNull::new(core::ptr::with_exposed_provenance_mut(start))
}

/// The allocator of a program that explores: tasks get what they allocate from their own part, all others
/// from the system.
#[derive(Debug)]
pub struct Allocator;

// SAFETY: blocks of tasks are disjoint, as long and as aligned as was asked for, and stay until their
// execution is over, when no task uses them any more; all others are the system's.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if ROOM.get().1 == 0 {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        }
        allocate(layout).map_or(null_mut(), NonNull::as_ptr)
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let start = START.load(Relaxed);
        if start == 0 || block.addr().wrapping_sub(start) >= THREADS * THREAD {
            // SAFETY: the caller's promise; the block is none of a task's.
            unsafe { System.dealloc(block, layout) };
        }
    }
}

/// The stack of a part.
pub(super) struct PartStack {
    low: usize,
    high: usize,
}

// SAFETY: the addresses are mapped but for the guard at the low end, aligned to pages, and one coroutine at a
// time runs there.
unsafe impl Stack for PartStack {
    fn base(&self) -> StackPointer {
        StackPointer::new(self.high).expect("no stack ends at 0")
    }

    fn limit(&self) -> StackPointer {
        StackPointer::new(self.low).expect("no stack begins at 0")
    }
}
