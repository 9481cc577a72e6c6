//! What is switched off on this CPU while a spinlock is held (LDD3 ch. 5, "The Spinlock Functions"; LKD ch.
//! 10).
//!
//! | taken by | off | because the lock is also taken by |
//! |---|---|---|
//! | `lock` | preemption | tasks only |
//! | `lock_bh` | softirqs | softirqs, tasklets, timers |
//! | `lock_irqsave` | interrupts | interrupt handlers |
//!
//! Each is switched off before the lock is taken and on again after it was given back: the other order leaves
//! a moment in which the task or handler that is kept out finds the lock taken, by its own CPU.

use core::marker::PhantomData;

use crate::machine::Cpu;

/// Something that is off on this CPU while a value of the type lives.
pub trait Environment {
    /// Switches it off.
    fn enter() -> Self;
}

/// Nothing: no handler and no other task can take the CPU from the caller.
#[derive(Debug)]
pub struct Atomic;

impl Environment for Atomic {
    #[inline(always)]
    fn enter() -> Self {
        Atomic
    }
}

/// Preemption is off.
#[derive(Debug)]
pub struct PreemptOff<M: Cpu> {
    _this_cpu: PhantomData<*const M>,
}

impl<M: Cpu> Environment for PreemptOff<M> {
    #[inline(always)]
    fn enter() -> Self {
        M::preempt_disable();
        PreemptOff { _this_cpu: PhantomData }
    }
}

impl<M: Cpu> Drop for PreemptOff<M> {
    #[inline(always)]
    fn drop(&mut self) {
        M::preempt_enable();
    }
}

/// Softirqs are off, and preemption with them.
#[derive(Debug)]
pub struct BhOff<M: Cpu> {
    _this_cpu: PhantomData<*const M>,
}

impl<M: Cpu> Environment for BhOff<M> {
    #[inline(always)]
    fn enter() -> Self {
        M::bh_disable();
        BhOff { _this_cpu: PhantomData }
    }
}

impl<M: Cpu> Drop for BhOff<M> {
    #[inline(always)]
    fn drop(&mut self) {
        M::bh_enable();
    }
}

/// Interrupts are off; afterwards they are as they were before. A task with interrupts off is not preempted.
#[derive(Debug)]
pub struct IrqSaved<M: Cpu> {
    were_on: bool,
    _this_cpu: PhantomData<*const M>,
}

impl<M: Cpu> Environment for IrqSaved<M> {
    #[inline(always)]
    fn enter() -> Self {
        IrqSaved { were_on: M::irq_save(), _this_cpu: PhantomData }
    }
}

impl<M: Cpu> Drop for IrqSaved<M> {
    #[inline(always)]
    fn drop(&mut self) {
        M::irq_restore(self.were_on);
    }
}
