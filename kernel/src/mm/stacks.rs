//! Stacks, each with an unmapped guard below it.
//!
//! They come from regions that only grow; the stack of a task that has ended is kept for the next task.

use core::ops::Range;
use core::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::arch::paging::{self, OutOfFrames};
use crate::arch::percpu;
use crate::frames;
use crate::layout;
use crate::machine::SpinLock;
use crate::mm::heap;
use crate::param::{FAULT_STACK, MAX_CPUS, MAX_TASKS, TASK_STACK};
use kcore::class;

const PAGE: u64 = 4096;

/// A region of stacks of one size. Each lies above its guard, so an address alone says which of the two it is
/// in: no page table is read for that, by the panic writer least of all.
struct Region {
    /// Where it begins, with the first guard.
    start: u64,
    /// Bytes of each stack.
    stack: u64,
    /// Where it ends: below this, all but the guards is mapped, and stays mapped. Written under `grow`.
    end: AtomicU64,
    /// Held by the CPU that makes the region longer.
    grow: SpinLock<()>,
}

static TASKS: Region = Region::new(layout::STACKS, TASK_STACK);
static FAULTS: Region = Region::new(layout::FAULT_STACKS, FAULT_STACK);

/// Where the frames of the boot begin that do not count any more.
static BOOT_FRAME: AtomicU64 = AtomicU64::new(u64::MAX);

/// Tops of fault stacks that were mapped before their CPU was started.
static RESERVED: SpinLock<heapless::Vec<u64, { 2 * MAX_CPUS }>> = SpinLock::new(
    class!("reserved fault stacks", "The first CPU, and one that it starts."),
    heapless::Vec::new(),
);

/// Stacks that tasks have left. There are never more than there are tasks.
static KEPT: SpinLock<heapless::Vec<Stack, MAX_TASKS>> =
    SpinLock::new(class!("kept stacks", "Spawn before any other lock; join."), heapless::Vec::new());

/// A stack for a task, which no task uses.
#[derive(Debug)]
#[must_use = "a stack that is neither used nor kept is lost"]
pub struct Stack {
    /// INVARIANT: the top of a mapped stack of `TASKS`, of which there is no other `Stack`.
    top: u64,
}

impl Stack {
    /// Its top. The caller uses it from now on.
    pub fn into_top(self) -> u64 {
        self.top
    }

    /// The stack whose top was got by [`into_top`](Stack::into_top).
    ///
    /// # Safety
    /// No task uses it any more, and `top` is given back once.
    pub unsafe fn from_top(top: u64) -> Stack {
        Stack { top }
    }
}

/// A stack for a task: one that another has left, or else a new one. It is full of zeros: kmemleak would take
/// addresses that another task has left there for this one's.
pub fn task_stack() -> Result<Stack, OutOfFrames> {
    if heap::failing::strikes(&[]) {
        return Err(OutOfFrames);
    }
    let kept = KEPT.lock_irqsave().pop();
    let stack = kept.map_or_else(|| TASKS.grow().map(|top| Stack { top }), Ok)?;
    let bottom = core::ptr::with_exposed_provenance_mut::<u8>(stack.top as usize - TASK_STACK);
    // SAFETY: the stack is mapped, and no task uses it: it is new, or a task has left it.
    unsafe { bottom.write_bytes(0, TASK_STACK) };
    Ok(stack)
}

/// Keeps a stack for the next task.
pub fn keep(stack: Stack) {
    KEPT.lock_irqsave().push(stack).expect("no task has two stacks");
}

/// Gives the first CPU stacks of its own for double faults and NMIs.
pub fn init_first_cpu() -> Result<(), OutOfFrames> {
    let (double_fault, nmi) = (FAULTS.grow()?, FAULTS.grow()?);
    // SAFETY: both were just mapped, and no other CPU knows of them.
    unsafe { percpu::set_fault_stacks(double_fault, nmi) };
    Ok(())
}

/// Maps two fault stacks for a CPU that is about to start.
pub fn reserve_fault_stacks() -> Result<(), OutOfFrames> {
    for _ in 0..2 {
        let top = FAULTS.grow()?;
        RESERVED.lock_irqsave().push(top).map_err(|_| OutOfFrames)?;
    }
    Ok(())
}

/// One of the reserved fault stacks; returns its top.
pub fn fault_stack() -> Option<u64> {
    RESERVED.lock_irqsave().pop()
}

/// Whether `size` bytes at `address` lie in a stack of either region, and so in mapped pages.
pub fn contains(address: u64, size: u64) -> bool {
    [&TASKS, &FAULTS].into_iter().any(|region| region.contains(address, size))
}

/// Whether `address` lies in a CPU's stack for double faults or for NMIs.
pub fn is_for_faults(address: u64) -> bool {
    FAULTS.contains(address, 1)
}

/// Bytes of the stack below `address`. [`None`] outside of both regions: on the first CPU's first stack.
pub fn left(address: u64) -> Option<u64> {
    let offset = [&TASKS, &FAULTS].into_iter().find_map(|region| region.offset(address));
    offset.map(|offset| offset.saturating_sub(PAGE))
}

/// The top of the stack in which `address`, a stack pointer, lies: the first CPU's, a task's or a fault
/// stack.
pub fn top_of(address: u64) -> Option<u64> {
    let boot = layout::bsp_stack();
    if (boot.start + PAGE..=boot.end).contains(&address) {
        return Some(boot.end);
    }
    [&TASKS, &FAULTS].into_iter().find_map(|region| region.top_of(address))
}

/// The stack in which `address` lies: its mapped bytes.
pub fn around(address: u64) -> Option<Range<u64>> {
    let boot = layout::bsp_stack();
    let mapped = boot.start + PAGE..boot.end;
    let around = |region: &Region| region.around(address);
    if mapped.contains(&address) { Some(mapped) } else { [&TASKS, &FAULTS].into_iter().find_map(around) }
}

/// Where the frames end, from stack pointer `address` up, that may use the heap.
pub fn end_of_frames(address: u64) -> Option<u64> {
    let boot = layout::bsp_stack().end;
    top_of(address).map(|top| if top == boot { BOOT_FRAME.load(Relaxed).min(top) } else { top })
}

/// The functions of the boot, whose frames are above `frame`, use nothing of the heap any more.
pub fn boot_is_over(frame: u64) {
    BOOT_FRAME.store(frame, Relaxed);
}

/// Whether `address` lies in a guard: in one of the regions, or at the first CPU's stack.
pub fn is_guard(address: u64) -> bool {
    let boot = layout::bsp_stack();
    (boot.start..boot.start + PAGE).contains(&address)
        || [&TASKS, &FAULTS]
            .into_iter()
            .any(|region| region.offset(address).is_some_and(|offset| offset < PAGE))
}

impl Region {
    const fn new(start: u64, stack: usize) -> Self {
        Region {
            start,
            stack: stack as u64,
            end: AtomicU64::new(start),
            grow: SpinLock::new(class!("growth of stacks", "Before any other lock."), ()),
        }
    }

    /// How far above the bottom of its guard `address` is.
    fn offset(&self, address: u64) -> Option<u64> {
        // Pairs with the Release in `grow`: what lies below the end is mapped or a guard.
        let region = self.start..self.end.load(Acquire);
        region.contains(&address).then(|| (address - self.start) % (PAGE + self.stack))
    }

    fn contains(&self, address: u64, size: u64) -> bool {
        self.offset(address).is_some_and(|offset| offset >= PAGE && offset + size <= PAGE + self.stack)
    }

    fn around(&self, address: u64) -> Option<Range<u64>> {
        let bottom = address - self.offset(address).filter(|&offset| offset >= PAGE)? + PAGE;
        Some(bottom..bottom + self.stack)
    }

    /// The top of the stack in which `address` lies. An empty stack's pointer is its top, where the next
    /// guard begins.
    fn top_of(&self, address: u64) -> Option<u64> {
        let below = address.checked_sub(1)?;
        let offset = self.offset(below).filter(|&offset| offset >= PAGE)?;
        Some(below - offset + PAGE + self.stack)
    }

    /// Maps one more stack above one more guard; returns its top.
    fn grow(&self) -> Result<u64, OutOfFrames> {
        let _grow = self.grow.lock_irqsave();
        let bottom = self.end.load(Acquire) + PAGE;
        let top = bottom + self.stack;
        for page in (bottom..top).step_by(PAGE as usize) {
            let frame = frames::allocate().ok_or(OutOfFrames)?;
            // SAFETY: the frame is ours; the pages from the end of the region on belong to no stack, and this
            // lock is held.
            unsafe { paging::map_data(page, frame) }?;
        }
        self.end.store(top, Release);
        Ok(top)
    }
}
