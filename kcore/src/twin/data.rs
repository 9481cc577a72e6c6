//! What the lock is around.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::errno::Errno;
use crate::report::Counts;
use crate::scull::{Geometry, Place};

/// The bytes of a slot.
pub type Quantum = Box<[u8]>;
/// The array of an item.
pub type Slots = Vec<Option<Quantum>>;

/// The device's data. Its fields are public, for it is not privacy that protects them: there is no way to a
/// `Data` but through the lock that it is in, or by having one of one's own.
#[derive(Debug)]
pub struct Data {
    /// How the bytes are divided now.
    pub geometry: Geometry,
    /// How they will be divided from the next trim on.
    pub next_geometry: Geometry,
    /// Where the data ends, in bytes.
    pub size: usize,
    /// The items, each with its array if it has one.
    pub items: Vec<Option<Slots>>,
}

impl Data {
    /// No data. [`Errno::EINVAL`] for an impossible geometry, which one with a 0 in it is.
    pub fn new(geometry: Geometry) -> Result<Self, Errno> {
        let geometry = geometry.check()?;
        Ok(Data { geometry, next_geometry: geometry, size: 0, items: Vec::new() })
    }

    /// Frees everything; from now on the bytes are divided as was asked for last.
    pub fn trim(&mut self) {
        *self = Data {
            geometry: self.next_geometry,
            next_geometry: self.next_geometry,
            size: 0,
            items: Vec::new(),
        };
    }

    /// The quantum at a place, if there is one. To look for it makes nothing.
    pub fn quantum(&self, place: Place) -> Option<&[u8]> {
        self.items.get(place.item)?.as_ref()?.get(place.slot)?.as_deref()
    }

    /// The quantum at a place. It, its array and the items before it are made if they are missing.
    /// [`Errno::ENOMEM`] when there is no memory; what was made before stays.
    pub fn quantum_mut(&mut self, place: Place) -> Result<&mut [u8], Errno> {
        if let Some(missing) = (place.item + 1).checked_sub(self.items.len()) {
            self.items.try_reserve(missing).map_err(no_memory)?;
            self.items.resize_with(self.items.len() + missing, || None);
        }
        let array = made(&mut self.items[place.item], || filled(self.geometry.qset, || None))?;
        let quantum = || filled(self.geometry.quantum, || 0).map(Vec::into_boxed_slice);
        made(&mut array[place.slot], quantum).map(|quantum| &mut **quantum)
    }

    /// Of how many items, arrays and quanta it consists.
    pub fn counts(&self) -> Counts {
        let arrays = self.items.iter().flatten();
        let quanta: usize = arrays.clone().map(|slots| slots.iter().flatten().count()).sum();
        Counts { node: self.items.len() as u64, array: arrays.count() as u64, quantum: quanta as u64 }
    }
}

/// What is in `place`; if nothing is, what `make` gives is put there. Test and store are one step for all
/// that could see the difference: there is one `&mut`.
fn made<T>(place: &mut Option<T>, make: impl FnOnce() -> Result<T, Errno>) -> Result<&mut T, Errno> {
    let value = match place.take() {
        Some(value) => value,
        None => make()?,
    };
    Ok(place.insert(value))
}

/// A vector of `count` values.
fn filled<T>(count: usize, value: impl FnMut() -> T) -> Result<Vec<T>, Errno> {
    let mut vector = Vec::new();
    vector.try_reserve_exact(count).map_err(no_memory)?;
    vector.resize_with(count, value);
    Ok(vector)
}

fn no_memory(_: alloc::collections::TryReserveError) -> Errno {
    Errno::ENOMEM
}
