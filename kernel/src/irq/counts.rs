//! How many interrupts each CPU took, by vector.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::arch::percpu;
use crate::arch::traps::vector;
use crate::param::MAX_CPUS;

/// Vectors from [`vector::FIRST`] on: no interrupt comes by a lower one.
const VECTORS: usize = 256 - vector::FIRST as usize;

/// Each CPU writes its own row, in interrupt handlers.
static COUNTS: [[AtomicU64; VECTORS]; MAX_CPUS] =
    [const { [const { AtomicU64::new(0) }; VECTORS] }; MAX_CPUS];

/// This CPU has taken an interrupt. Interrupts are off, so no other handler of this CPU counts in between.
#[inline]
pub(crate) fn taken(vector: u8) {
    if let Some(index) = vector.checked_sub(vector::FIRST) {
        let count = &COUNTS[percpu::this_cpu() as usize][usize::from(index)];
        count.store(count.load(Relaxed) + 1, Relaxed);
    }
}

/// How often `cpu` was interrupted by `vector`.
pub fn of(cpu: u32, vector: u8) -> u64 {
    let index = vector.checked_sub(vector::FIRST);
    index.map_or(0, |index| COUNTS[cpu as usize][usize::from(index)].load(Relaxed))
}
