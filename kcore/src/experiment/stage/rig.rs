//! What a machine must give besides, so that experiments run on it.

#![forbid(unsafe_code)]

use alloc::vec::Vec;
use core::sync::atomic::AtomicBool;

use super::heap::HeapRound;
use super::round::Stage;
use crate::errno::Errno;
use crate::machine::{Cpu, Machine, TaskId};
use crate::report::Counts;

/// A walk over blocks: it calls its argument with the address of each. It begins with the links that go with
/// it.
pub type Walk<'a> = dyn FnMut(&mut dyn FnMut(usize)) + 'a;

/// PAUSEs after which a task begins, at most, where each PAUSE of one gives all others a turn: that takes
/// long if they are busy.
pub const FEW_PAUSES: u8 = 3;

/// A machine on which experiments run.
pub trait Rig: Machine + Cpu<Flag = AtomicBool> {
    /// A round, as its heap sees it.
    type Heap: HeapRound;
    /// What the machine writes down in a run besides its sums: which blocks were lost, why it stopped the
    /// tasks.
    type Books: Default;

    /// PAUSEs after which a task begins, at most.
    fn pauses() -> u8;
    /// How many CPUs there are.
    fn cpus() -> u32;
    /// Whether one CPU runs at a time, so that no two ever access memory at the same moment.
    fn is_sequential() -> bool {
        false
    }
    /// So many microseconds in cycles.
    fn cycles_of(microseconds: u64) -> u64;
    /// The running task sleeps for so long at least.
    #[track_caller]
    fn sleep(microseconds: u64);
    /// Whether `task` has ended, and does not only come to its end.
    fn has_ended(task: TaskId) -> bool;
    /// Bytes of the heap.
    fn heap_size() -> usize;
    /// The caller's stack holds no leftovers of earlier calls from now on, where it is searched for
    /// addresses.
    fn clear_stack() {}
    /// The last round was made with memory that is for callers alone that cannot do without.
    fn was_short() -> bool {
        false
    }
    /// Runs `body(who)` in all tasks of the run at once, each on its CPU, and waits until all have ended.
    /// Adds the time to the sums. [`Refusal::Stopped`] when the watchdog has given them up.
    fn race(stage: &mut Stage<'_, Self>, body: &(dyn Fn(u32) + Sync)) -> Result<(), Refusal>;
    /// What has become of the blocks of the round. `walk` leads to those that are not lost; it begins with
    /// the links at the addresses `links`.
    fn account(
        stage: &mut Stage<'_, Self>,
        heap: &Self::Heap,
        links: &[usize],
        walk: &mut Walk<'_>,
    ) -> Account;
}

/// What has become of the blocks of a round.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    /// Allocated.
    pub allocated: Counts,
    /// Freed.
    pub freed: Counts,
    /// Alive.
    pub live: Counts,
    /// Of these, what the walk leads to.
    pub reachable: Counts,
    /// Of these, all others.
    pub leaked: Counts,
    /// Their bytes.
    pub leaked_bytes: u64,
    /// Attempts to free what was free.
    pub double_free: u64,
    /// Blocks that were written to after they were freed.
    pub written_after_free: u64,
}

/// Why a run could not be made at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The device refused its geometry, or there was no memory to set the round up.
    Device(Errno),
    /// There was no memory for the tasks' stacks.
    Stacks,
    /// Not enough tasks, for this reason.
    Tasks(&'static str),
    /// There was no memory for what it is made of, or a round was made with the last that there was.
    NoMemory,
    /// The task that wanted it was signalled, and wants it no more.
    Interrupted,
    /// The watchdog has given its tasks up: no refusal of the run, only of the rest of its rounds.
    Stopped,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Refusal::Device(errno)
    }
}

/// An empty vector with room for `count`. [`Errno::ENOMEM`] when there is no memory.
pub fn with_room_for<M: Machine, T>(count: usize) -> Result<Vec<T>, Errno> {
    let mut vector = Vec::new();
    M::refusable(|| vector.try_reserve_exact(count)).map_err(|_| Errno::ENOMEM)?;
    Ok(vector)
}
