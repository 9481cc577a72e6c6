//! All rings.

use core::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use super::ring::Ring;
use super::stored::Stored;
use crate::event::{Outcome, Ticket};
use crate::machine::CpuId;

/// The rings of `CPUS` CPUs. What they have is of an era: what was recorded before it [began](Log::begin_era)
/// is forgotten.
#[derive(Debug)]
pub struct Log<const CPUS: usize> {
    rings: [Ring; CPUS],
    era: AtomicU32,
    /// When it began; [`u64::MAX`] while nothing is recorded.
    began: AtomicU64,
    /// A full ring forgets its oldest entry, and not the newest.
    wraps: AtomicBool,
}

impl<const CPUS: usize> Log<CPUS> {
    /// Without room, and nothing is recorded.
    pub const fn new() -> Self {
        Log {
            rings: [const { Ring::new() }; CPUS],
            era: AtomicU32::new(0),
            began: AtomicU64::new(u64::MAX),
            wraps: AtomicBool::new(false),
        }
    }

    /// Gives the rings of the first `cpus` CPUs room for `each` entries, as far as there is memory, if they
    /// have none yet; returns the room of the smallest. It is never given back: a CPU may be in the middle of
    /// an entry. One caller at a time.
    pub fn make_room(&self, cpus: usize, each: usize) -> usize {
        let rings = &self.rings[..cpus];
        rings.iter().for_each(|ring| ring.make_room(each));
        rings.iter().map(Ring::room).min().unwrap_or(0)
    }

    /// How many rings have room.
    pub fn rings(&self) -> usize {
        self.rings.iter().filter(|ring| ring.room() > 0).count()
    }

    /// Begins an era at the moment `now`.
    pub fn begin_era(&self, now: u64, wraps: bool) {
        self.wraps.store(wraps, Relaxed);
        self.began.store(now, Relaxed);
        self.era.store(self.era.load(Relaxed).wrapping_add(1), Release);
    }

    /// Ends the era: nothing is recorded any more.
    pub fn end_era(&self) {
        self.began.store(u64::MAX, Relaxed);
    }

    /// Records what is about to be stored. The entry's CPU alone calls this, and [`finish`](Log::finish),
    /// with interrupts off.
    pub fn begin(&self, stored: &Stored) -> Ticket {
        let (era, wraps) = (self.era.load(Acquire), self.wraps.load(Relaxed));
        self.rings[stored.cpu.0 as usize].begin(stored, era, wraps)
    }

    /// What was recorded with `ticket`, on the same CPU, is over since the moment `over`.
    pub fn finish(&self, cpu: CpuId, ticket: Ticket, over: u64, outcome: Outcome) {
        self.rings[cpu.0 as usize].finish(ticket, over, outcome);
    }

    /// Visits all entries of the era, those of each CPU in their order. `relax` passes time while one of them
    /// is written.
    pub fn each(&self, relax: &dyn Fn(), visit: &mut dyn FnMut(&Stored)) {
        let era = self.era.load(Acquire);
        for (cpu, ring) in (0..).zip(&self.rings) {
            ring.each(CpuId(cpu), era, relax, visit);
        }
    }

    /// The moment since which nothing was forgotten; [`None`] while nothing is recorded.
    pub fn complete_since(&self) -> Option<u64> {
        let (began, era) = (self.began.load(Relaxed), self.era.load(Acquire));
        let forgotten = self.rings.iter().map(|ring| ring.complete_since(era)).max();
        (began != u64::MAX).then(|| began.max(forgotten.unwrap_or(0)))
    }
}

impl<const CPUS: usize> Default for Log<CPUS> {
    fn default() -> Self {
        Log::new()
    }
}
