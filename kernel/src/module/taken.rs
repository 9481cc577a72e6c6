//! What one call of a driver has taken of semaphores that are mutexes, as they began with one unit, and has not
//! given back.
//!
//! Any task may `up` a semaphore, to signal, and then there may be more units than it began with. But a call that
//! has taken units, and then gives more back than these, lets two in.

/// Semaphores of which this is known for one call at most; of any more nothing is said.
const MOST: usize = 4;

/// Of each semaphore that the call wanted, by its address: how many units it has.
#[derive(Clone, Copy, Default)]
pub(super) struct Taken {
    units: [(usize, u32); MOST],
}

/// What a unit is that is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// One that the call has taken, or of a semaphore that it never wanted.
    Own,
    /// None is left of those that the call has taken.
    Surplus,
}

impl Taken {
    /// The call has so many `units` more of the semaphore at `address`; 0, if it wanted one, and did not get it.
    pub(super) fn add(&mut self, address: usize, units: u32) {
        let is_its = |(known, _): &(usize, u32)| *known == address;
        let at = self
            .units
            .iter()
            .position(is_its)
            .or_else(|| self.units.iter().position(|(known, _)| *known == 0));
        if let Some(at) = at {
            self.units[at] = (address, self.units[at].1 + units);
        }
    }

    /// The semaphore at `address` is made anew.
    pub(super) fn forget(&mut self, address: usize) {
        if let Some(known) = self.units.iter_mut().find(|(known, _)| *known == address) {
            *known = (0, 0);
        }
    }

    /// The call gives one back.
    pub(super) fn give(&mut self, address: usize) -> Given {
        match self.units.iter_mut().find(|(known, _)| *known == address) {
            Some((_, 0)) => Given::Surplus,
            Some((_, units)) => {
                *units -= 1;
                Given::Own
            }
            None => Given::Own,
        }
    }
}
