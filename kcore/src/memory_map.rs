//! What a loader says of physical memory, made into parts of which each byte of RAM belongs to one.

#![forbid(unsafe_code)]

use core::ops::Range;

/// One entry of the loader's map: `struct hvm_memmap_table_entry` of PVH, whose kinds are those of E820 (ACPI
/// 6.5, 15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Entry {
    /// Where it begins, physically.
    pub address: u64,
    /// Its bytes. What would lie beyond the last address does not exist.
    pub size: u64,
    /// [`RAM`], or something else that is not for us.
    pub kind: u32,
    /// Means nothing.
    pub reserved: u32,
}

/// The kind of an [`Entry`] that can be used.
pub const RAM: u32 = 1;

const _: () = assert!(size_of::<Entry>() == 24, "the loader's entries are 24 bytes long");

impl Entry {
    fn range(&self) -> Range<u64> {
        self.address..self.address.saturating_add(self.size)
    }
}

/// What a part of the memory is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// RAM that is free.
    Free,
    /// RAM that something lies in already.
    Taken,
    /// No RAM, but of this kind.
    Other(u32),
}

/// Splits `map` into parts and tells `part` each of them; none is empty. `taken` is what lies in memory
/// already.
///
/// Loaders may leave their entries unsorted and overlapping (Linux has `e820__update_table` for that). What
/// any entry says is not RAM is not, and of several entries that name the same RAM the first one counts: no
/// byte of RAM is told twice.
pub fn split(map: &[Entry], taken: &[Range<u64>], mut part: impl FnMut(Range<u64>, Use)) {
    for (index, entry) in map.iter().enumerate() {
        if entry.kind != RAM {
            if !entry.range().is_empty() {
                part(entry.range(), Use::Other(entry.kind));
            }
            continue;
        }
        let others = map.iter().enumerate().filter(|&(at, other)| at < index || other.kind != RAM);
        cut(entry.range(), others.map(|(_, other)| other.range()), |ram, of_others| {
            if !of_others {
                cut(ram, taken.iter().cloned(), |ram, taken| {
                    part(ram, if taken { Use::Taken } else { Use::Free })
                });
            }
        });
    }
}

/// Cuts `range` at the edges of `holes`, which may be in any order and overlap. Tells `piece` each piece,
/// from the lowest address on, and whether it lies in a hole.
fn cut(
    range: Range<u64>,
    holes: impl Iterator<Item = Range<u64>> + Clone,
    mut piece: impl FnMut(Range<u64>, bool),
) {
    let mut from = range.start;
    while from < range.end {
        let ahead = |hole: &Range<u64>| !hole.is_empty() && hole.end > from && hole.start < range.end;
        let hole = holes.clone().filter(ahead).min_by_key(|hole| hole.start).unwrap_or(range.end..range.end);
        if from < hole.start {
            piece(from..hole.start, false);
        }
        let inside = hole.start.max(from)..hole.end.min(range.end);
        if !inside.is_empty() {
            piece(inside, true);
        }
        from = hole.end;
    }
}
