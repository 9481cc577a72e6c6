//! This machine, as the ideas of `kcore` see it, and the locks of `kcore` made for it.

use alloc::sync::Arc;
use core::alloc::Layout;
use core::panic::Location;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::dev::Cdev;
use kcore::errno::Errno;
use kcore::event::{Events, Kinds, Outcome, Ticket, What};
use kcore::holds::Held;
use kcore::machine::{BadFree, BlockSize, Context, Cpu, CpuId, Kind, Memory, Sched, Sleep, TaskId};
use kcore::sync;

use crate::arch::{cpu, percpu};
use crate::mm::heap;
use crate::{context, estate, hooks, mishap, stores, task};

/// Real CPUs, real tasks, the kernel's heap.
#[derive(Debug)]
pub struct Kernel;

/// A spinlock that counts nothing.
pub type SpinLock<T> = sync::SpinLock<T, Kernel>;
/// A spinlock with counters.
pub type CountedSpinLock<T> = sync::SpinLock<T, Kernel, sync::Counted>;
/// The guard of [`SpinLock::lock_irqsave`](sync::SpinLock::lock_irqsave).
pub type SpinIrqGuard<'a, T> = sync::SpinIrqGuard<'a, T, Kernel>;
/// The guard of an experiment.
pub type Guard = sync::Guard<Kernel>;

impl Cpu for Kernel {
    type Flag = AtomicBool;

    #[inline]
    fn cpu() -> CpuId {
        CpuId(percpu::this_cpu())
    }

    #[inline]
    fn irq_save() -> bool {
        cpu::irq_save()
    }

    #[inline]
    fn irq_restore(were_on: bool) {
        cpu::irq_restore(were_on);
    }

    #[inline]
    fn relax() {
        cpu::pause();
    }

    #[inline]
    fn cycles() -> u64 {
        cpu::cycles()
    }

    #[inline(always)]
    fn preempt_disable() {
        context::preempt_disable();
    }

    #[inline(always)]
    fn preempt_enable() {
        context::preempt_enable();
    }

    #[inline]
    fn bh_disable() {
        context::bh_disable();
    }

    #[inline]
    fn bh_enable() {
        context::bh_enable();
    }

    #[inline]
    fn context() -> Context {
        context::current()
    }
}

impl Sched for Kernel {
    #[inline]
    fn task() -> TaskId {
        task::current()
    }

    fn block() {
        task::block();
    }

    fn block_until(deadline: u64) {
        task::block_until(deadline);
    }

    fn interrupted(sleep: Sleep) -> bool {
        task::signal::interrupted(sleep)
    }

    fn wake(task: TaskId) {
        task::wake(task);
    }

    fn yield_now() {
        task::yield_now();
    }

    #[inline]
    fn is_running(task: TaskId) -> bool {
        task::listing::is_running(task)
    }

    #[inline]
    fn held() -> Option<&'static Held> {
        task::table::find(task::current()).map(|task| &task.held)
    }

    #[inline]
    fn took_own() {
        mishap::step();
    }

    fn inside(device: Option<Arc<Cdev<Kernel>>>) -> Option<Arc<Cdev<Kernel>>> {
        estate::inside(device)
    }

    #[inline]
    fn stands(in_a_queue: bool) {
        let standing = &task::schedule::this_task().standing;
        let change = if in_a_queue { 1 } else { u32::MAX };
        standing.store(standing.load(Relaxed).wrapping_add(change), Relaxed);
    }

    fn gives_up(owner: TaskId) -> bool {
        estate::gives_up(owner)
    }

    fn give_up() -> ! {
        estate::give_up()
    }
}

// SAFETY: blocks come from the heap, whose allocator gives disjoint blocks aligned to 16; scull blocks of a running
// experiment stay in quarantine after they were freed (`heap::Experiment`), and so do those that are freed while somebody
// keeps them (`heap::Quarantine`).
unsafe impl Memory for Kernel {
    #[track_caller]
    fn allocate(kind: Kind, size: usize) -> Result<NonNull<u8>, Errno> {
        let layout = Layout::from_size_align(size, 16).map_err(|_| Errno::ENOMEM)?;
        heap::allocate(kind, layout, Location::caller())
    }

    #[track_caller]
    unsafe fn free(block: NonNull<u8>) -> Result<(), BadFree> {
        // SAFETY: the caller's promise is the same.
        unsafe { heap::free(block, Location::caller()) }
    }

    #[inline]
    unsafe fn size(block: NonNull<u8>) -> usize {
        // SAFETY: the heap writes the size in front of each block, and a fence behind it.
        unsafe { BlockSize::of(block) }
    }

    fn refusable<R>(work: impl FnOnce() -> R) -> R {
        task::shortage::without(work)
    }

    type Keep = heap::Quarantine;

    fn keep() -> heap::Quarantine {
        heap::Quarantine::hold()
    }
}

impl Events for Kernel {
    #[inline]
    fn wanted() -> Kinds {
        hooks::wanted()
    }

    fn tell(what: What, at: &'static Location<'static>) -> Ticket {
        hooks::tell(what, at)
    }

    fn told(ticket: Ticket, outcome: Outcome) {
        stores::finish(ticket, outcome);
    }

    #[inline]
    fn spinning() {
        task::doom::check();
    }
}
