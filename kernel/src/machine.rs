//! This machine, as the ideas of `kcore` see it, and the locks of `kcore` made for it.
//!
//! The type stands below all rooms. Each trait of the seam is implemented in the room that does what it says:
//! [`Cpu`] in [`context`](crate::context), [`Sched`] in [`task`](crate::task), [`Memory`] in
//! [`mm`](crate::mm), [`Events`] in [`observe`](crate::observe).
//!
//! [`Cpu`]: kcore::machine::Cpu
//! [`Sched`]: kcore::machine::Sched
//! [`Memory`]: kcore::machine::Memory
//! [`Events`]: kcore::event::Events

use kcore::sync;

use crate::atomic_fn::AtomicFn;

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

/// Which classes of locks were held when a lock was taken.
#[cfg(feature = "lock-order")]
pub(crate) static ORDER: kcore::holds::Order<{ crate::param::MAX_CPUS }> = kcore::holds::Order::new();

/// Called at each step of a task: an allocation, or a mutex of the kernel's own that it has just taken. A
/// test has it (`mishap`).
pub(crate) static STEP: AtomicFn = AtomicFn::none();
