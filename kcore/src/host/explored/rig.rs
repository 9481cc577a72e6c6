//! The machine of coroutines, as the experiments see it.

use core::ptr::NonNull;
use std::collections::BTreeSet;

use super::machine::{Explored, here, step_named};
use super::region::outside;
use super::world::World;
use crate::errno::Errno;
use crate::event::might_sleep;
use crate::experiment::stage::{Account, HeapRound, Walk};
use crate::experiment::{Refusal, Rig, Stage};
use crate::explore::{Act, Of};
use crate::host::arena::Taken;
use crate::machine::TaskId;
use crate::place::Place;
use crate::settings::MAX_WRITERS;

impl Rig for Explored {
    type Heap = Round;
    type Books = ();

    /// A task that begins later is one that is not chosen yet.
    fn pauses() -> u8 {
        0
    }

    /// Each task has one of its own.
    fn cpus() -> u32 {
        MAX_WRITERS
    }

    fn cycles_of(microseconds: u64) -> u64 {
        microseconds
    }

    /// How long it takes decides nothing: other tasks may do as much meanwhile as they will.
    #[track_caller]
    fn sleep(_microseconds: u64) {
        might_sleep::<Self>();
    }

    /// Who asks does so until it is true.
    #[track_caller]
    fn has_ended(task: TaskId) -> bool {
        let object = here(|world| {
            if !world.ends {
                world.cannot("a wait for the end of a task");
            }
            world.end_of(task)
        });
        step_named(object, Act::Take { units: 1, initially: 0 }, Of::End, Place::caller());
        true
    }

    /// As large as the host allows.
    fn heap_size() -> usize {
        isize::MAX as usize
    }

    fn race(stage: &mut Stage<'_, Self>, body: &(dyn Fn(u32) + Sync)) -> Result<(), Refusal> {
        let found = outside(|| World::race(here(|world| NonNull::from(world)), body));
        match found {
            // What is half done is not to be judged.
            _ if here(|world| world.trouble.is_some()) => Err(Refusal::Stopped),
            None => Ok(()),
            Some(found) => {
                stage.run.stopped = Some(found);
                Err(Refusal::Stopped)
            }
        }
    }

    fn account(_stage: &mut Stage<'_, Self>, heap: &Round, _links: &[usize], walk: &mut Walk<'_>) -> Account {
        let mut reachable = BTreeSet::new();
        walk(&mut |address| {
            reachable.insert(address);
        });
        here(|world| {
            world.note_lost(&reachable);
            world.arena.account_since(&heap.since, &reachable)
        })
    }
}

/// A round, as the arena sees it.
pub struct Round {
    since: Taken,
}

impl HeapRound for Round {
    type Inside<'a> = ();

    unsafe fn begin() -> Result<Self, Errno> {
        Ok(Round { since: here(|world| world.arena.taken()) })
    }

    unsafe fn begin_recycling() -> Result<Self, Errno> {
        // SAFETY: the caller's promise.
        unsafe { Self::begin() }
    }

    fn inside(&self, _who: u32) {}

    fn recycled(&self) -> u64 {
        0
    }

    fn written_after_free(&self) -> u64 {
        here(|world| world.arena.account_since(&self.since, &BTreeSet::new())).written_after_free
    }
}
