//! What a task does next, as far as others notice.

use serde::{Deserialize, Serialize};

use crate::event::{ALL_UNITS, Change, Op};

/// What a step touches: a word or a run of bytes, the units of a lock, the wake-up of a task. Equal in two
/// executions that have begun alike, so it is no address of this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Object(pub u64);

/// What happens to an [`Object`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Act {
    /// Bytes are loaded.
    Load,
    /// Bytes are stored.
    Store,
    /// Bytes are loaded and stored in one step; or they may be, as by a compare-and-swap.
    Update,
    /// Bytes are there no more, nor is what lies there: locks, too.
    Free,
    /// Units are taken. The task waits until there are so many.
    Take {
        /// How many.
        units: u64,
        /// How many there were before the first step at the object since all tasks have waited for each
        /// other.
        initially: u64,
    },
    /// Units are taken if there are so many. The task goes on in any case.
    TryTake {
        /// How many.
        units: u64,
        /// As for [`Take`](Act::Take).
        initially: u64,
    },
    /// No unit is there any more.
    Withdraw {
        /// As for [`Take`](Act::Take).
        initially: u64,
    },
    /// Units are given.
    Give {
        /// How many.
        units: u64,
        /// There are never more than this: a wake-up is kept, and two are one.
        most: u64,
    },
    /// The task has loaded these bytes, did not like them, and waits until another task stores there: a spin
    /// loop, whose further turns change nothing.
    Await {
        /// What else it has loaded in the same turn.
        also: Option<(Object, u64)>,
    },
}

/// A step of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Step {
    /// What it touches.
    pub object: Object,
    /// How many bytes from there on; 0 for units.
    pub size: u64,
    /// What it does there.
    pub act: Act,
}

impl Step {
    /// Whether the order of the two matters: to what they do, or to whether they can be done.
    #[inline]
    pub fn conflicts(&self, other: &Step) -> bool {
        match (self.act, other.act) {
            (Act::Load | Act::Await { .. }, Act::Load | Act::Await { .. })
            | (Act::Give { .. }, Act::Give { .. }) => false,
            // Two that share a lock: it has units for all who want to.
            (Act::Take { units: 1, initially: ALL_UNITS.. }, Act::Take { units: 1, .. }) => false,
            // The same, and one gives its share back.
            (Act::Take { units: 1, initially: ALL_UNITS.. }, Act::Give { units: 1, .. })
            | (Act::Give { units: 1, .. }, Act::Take { units: 1, initially: ALL_UNITS.. }) => false,
            (first, second) if first.is_of_units() && second.is_of_units() => self.object == other.object,
            (Act::Free, second) if second.is_of_units() => self.has(other),
            (first, Act::Free) if first.is_of_units() => other.has(self),
            (first, second) if first.is_of_units() || second.is_of_units() => false,
            (Act::Await { also: Some((object, size)) }, _) => {
                self.overlaps(other) || Step { object, size, act: Act::Load }.overlaps(other)
            }
            (_, Act::Await { also: Some(_) }) => other.conflicts(self),
            _ => self.overlaps(other),
        }
    }

    /// Whether they touch a byte that is the same.
    #[inline]
    pub fn overlaps(&self, other: &Step) -> bool {
        self.object.0 < other.object.0 + other.size && other.object.0 < self.object.0 + self.size
    }

    /// Whether that of which the other has units lies there.
    #[inline]
    fn has(&self, other: &Step) -> bool {
        (self.object.0..self.object.0 + self.size).contains(&other.object.0)
    }

    /// From where to where it touches something: only steps that overlap there are in conflict.
    #[inline]
    pub(super) fn reach(&self) -> (u64, u64) {
        match self.act {
            Act::Await { also: Some(_) } => (0, u64::MAX),
            _ => (self.object.0, self.object.0 + self.size.max(1)),
        }
    }

    /// Whether there are moments at which it cannot be made.
    #[inline]
    pub fn waits(&self) -> bool {
        matches!(self.act, Act::Take { .. } | Act::Await { .. })
    }

    /// How many units there are after this step, if there were `before`; [`None`] when it cannot be made.
    #[inline]
    pub fn units_after(&self, before: u64) -> Option<u64> {
        match self.act {
            Act::Take { units, .. } => before.checked_sub(units),
            Act::TryTake { units, .. } => Some(before.checked_sub(units).unwrap_or(before)),
            Act::Withdraw { .. } => Some(0),
            Act::Give { units, most } => Some(before.saturating_add(units).min(most)),
            _ => Some(before),
        }
    }
}

impl Act {
    /// What an access does; [`None`] for a named point, which does nothing.
    pub fn of(op: Op) -> Option<Self> {
        match op {
            Op::Point => None,
            Op::Load | Op::Look | Op::Read => Some(Act::Load),
            Op::Store(_) | Op::Assign | Op::Put(_) | Op::Clear | Op::Write => Some(Act::Store),
            Op::Swap(_) | Op::Update => Some(Act::Update),
        }
    }

    /// What a change does to the units of a lock that had so many `initially`.
    pub fn of_units(change: Change, initially: u64) -> Self {
        match change {
            Change::Take(units) => Act::Take { units, initially },
            Change::TryTake(units) => Act::TryTake { units, initially },
            Change::Give(units) => Act::Give { units, most: u64::MAX },
            Change::GiveAll => Act::Give { units: u64::MAX, most: u64::MAX },
            Change::Withdraw => Act::Withdraw { initially },
            Change::Queue => Act::Update,
        }
    }

    /// Whether it is about units, and not about bytes.
    #[inline]
    fn is_of_units(self) -> bool {
        matches!(self, Act::Take { .. } | Act::TryTake { .. } | Act::Withdraw { .. } | Act::Give { .. })
    }
}
