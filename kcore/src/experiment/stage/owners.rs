//! How many tasks are in a critical section at once.

#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Rig;
use crate::event::Op;
use crate::experiment::points::INSIDE;
use crate::shared::{probe, touching};

/// The owners of a lock, counted by atomic additions, which no broken lock can disturb.
#[derive(Debug, Default)]
pub struct Owners {
    inside: AtomicU64,
    most: AtomicU64,
}

impl Owners {
    /// The caller is inside from now on.
    #[track_caller]
    pub fn enter<M: Rig>(&self) {
        self.tell::<M>();
        self.most.fetch_max(self.inside.fetch_add(1, Relaxed) + 1, Relaxed);
    }

    /// The caller is about to leave.
    #[track_caller]
    pub fn leave<M: Rig>(&self) {
        self.tell::<M>();
        self.inside.fetch_sub(1, Relaxed);
    }

    /// [Enters](Owners::enter), passes point `inside`, and [leaves](Owners::leave).
    #[track_caller]
    pub fn pass<M: Rig>(&self) {
        self.enter::<M>();
        probe::<M>(&INSIDE);
        self.leave::<M>();
    }

    /// What others find depends on when this is counted.
    #[track_caller]
    fn tell<M: Rig>(&self) {
        touching::<M, _>(&INSIDE, Op::Update, &self.inside);
    }

    /// The most that were inside at once.
    pub fn most(&self) -> u64 {
        self.most.load(Relaxed)
    }
}
