//! Who waits.

use crate::machine::CpuId;

/// How an actor sits on its CPU while it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The CPU.
    pub cpu: CpuId,
    /// Whether it keeps the CPU from other tasks for as long as it spins: preemption is off, or the kernel
    /// has none, or the actor is a handler. To be asked in the actor's own name: what the hook itself
    /// switches off does not count. Without meaning for an actor that sleeps.
    pub keeps_cpu: bool,
}
