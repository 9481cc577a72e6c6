//! What the words of a run must allow for, so that its tasks have something to do.

use alloc::format;
use alloc::string::String;

use crate::bytes::WORD;
use crate::scull::Geometry;

/// What an entry asks of the words of its runs. What it cannot be run with is refused, and never called
/// clean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Tasks: of fewer one would wait for what no other does, or all would look on.
    pub tasks: u32,
    /// What its tasks work on.
    pub ground: Ground,
    /// That its tasks are not kept from each other in a way of the user's: they sleep for each other and no
    /// probe hears of it, so that one which is kept at a point, or has not begun, could be waited for while
    /// it waits. What the entry itself names is made for that; and where all steps are ordered, sleeps are
    /// heard of.
    pub unheard: bool,
}

/// What the work of a run is done on, and so what the geometry of a device must allow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Nothing that the command line divides.
    Own,
    /// A device; its first quanta.
    Device,
    /// A quantum for each unit.
    Quanta,
    /// The same, each long enough for a copy of two halves.
    Halves,
    /// A list item for each unit.
    Items,
    /// The same, with a byte for each task.
    Shares,
    /// The number of bytes of a quantum, which each task counts up by 1 for each unit.
    Number,
}

/// How much of it there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) geometry: Geometry,
    pub(super) writers: u32,
    pub(super) quanta: u32,
}

impl Needs {
    /// Tasks that need nothing of each other, on `ground`.
    pub(super) const fn on(ground: Ground) -> Self {
        Needs { tasks: 1, ground, unheard: false }
    }

    /// Two tasks at least, since one waits for the other.
    pub(super) const fn of_two() -> Self {
        Needs { tasks: 2, ..Needs::on(Ground::Own) }
    }

    /// The same, and no probe hears of it.
    pub(super) const fn of_two_unheard() -> Self {
        Needs { unheard: true, ..Needs::of_two() }
    }
}

impl Ground {
    /// Says why there is no such ground.
    pub(super) fn check(self, extent: &Extent) -> Result<(), String> {
        let Extent { geometry, writers, quanta } = *extent;
        let Geometry { quantum, qset } = geometry;
        if self == Ground::Own {
            return Ok(());
        }
        geometry.check().map_err(|errno| format!("quantum={quantum} qset={qset}: {errno}"))?;
        let units = u64::from(quanta);
        let (is_there, why) = match self {
            Ground::Own | Ground::Device => return Ok(()),
            Ground::Quanta => (is_position(quantum, units), "quanta= reaches past the largest position"),
            Ground::Items => {
                (is_position(geometry.item_size(), units), "quanta= reaches past the largest position")
            }
            Ground::Halves => (quantum >= 2 * WORD, "a copy of less than 16 bytes has no two halves"),
            Ground::Shares => (
                is_position(geometry.item_size(), units) && writers as usize <= geometry.item_size(),
                "a list item must have a byte for each writer",
            ),
            Ground::Number => (
                quantum as u64 + u64::from(writers) * units <= i32::MAX as u64,
                "the numbers that are exchanged must be ints",
            ),
        };
        match is_there {
            true => Ok(()),
            false => Err(format!("writers={writers} quanta={quanta} quantum={quantum} qset={qset}: {why}")),
        }
    }
}

/// Whether `units` of `size` bytes end at a position that a file can have.
fn is_position(size: usize, units: u64) -> bool {
    (size as u64).checked_mul(units).is_some_and(|end| end <= i64::MAX as u64)
}
