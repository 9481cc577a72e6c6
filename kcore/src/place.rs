//! Where in the program something is done: a line of Rust, or one of a driver in C.

use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use core::ptr;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use crate::event::Site;

/// A source line: where an event is told, a lock was taken, a block was allocated. One word.
///
/// INVARIANT: the pointer is that of a [`Location`], or is one byte behind that of a [`Line`]. Both live for
/// ever, and have even addresses.
#[derive(Clone, Copy)]
pub struct Place(*const (), PhantomData<&'static Line>);

/// A line of code that was not compiled with this program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The file, as its compiler was told it.
    pub file: &'static str,
    /// Its number, from 1.
    pub line: u32,
    /// The character in it, from 1.
    pub column: u32,
    /// What is accessed there, in the words of the line.
    pub site: Site,
}

// SAFETY: a shared reference to what is not changed.
unsafe impl Send for Place {}
// SAFETY: as above.
unsafe impl Sync for Place {}

impl Place {
    /// The line that calls the caller, if that has `#[track_caller]`, or this.
    #[inline(always)]
    #[track_caller]
    pub const fn caller() -> Self {
        Place(ptr::from_ref(Location::caller()).cast(), PhantomData)
    }

    /// A line of a driver.
    pub const fn of_line(line: &'static Line) -> Self {
        Place(ptr::from_ref(line).cast::<()>().wrapping_byte_add(1), PhantomData)
    }

    fn is(self) -> Result<&'static Location<'static>, &'static Line> {
        match self.0.addr() & 1 {
            // SAFETY: what is even is a location's, by the invariant.
            0 => Ok(unsafe { &*self.0.cast() }),
            // SAFETY: what is odd is one byte behind a line, by the invariant.
            _ => Err(unsafe { &*self.0.wrapping_byte_sub(1).cast() }),
        }
    }

    /// The file.
    pub fn file(self) -> &'static str {
        self.is().map_or_else(|line| line.file, Location::file)
    }

    /// The line in it, from 1.
    pub fn line(self) -> u32 {
        self.is().map_or_else(|line| line.line, Location::line)
    }

    /// The character in that, from 1.
    pub fn column(self) -> u32 {
        self.is().map_or_else(|line| line.column, Location::column)
    }

    /// The line, if it is one of a driver.
    pub fn of_driver(self) -> Option<&'static Line> {
        self.is().err()
    }
}

/// Two are the same if they say the same: a line can have several.
impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        // Two that differ do so in the line, most likely.
        self.0 == other.0
            || self.line() == other.line() && self.column() == other.column() && self.file() == other.file()
    }
}

impl Eq for Place {}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file(), self.line(), self.column())
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A [`Place`], or none, that one actor stores and others load.
#[derive(Debug, Default)]
pub struct AtomicPlace(AtomicPtr<()>);

impl AtomicPlace {
    /// None.
    pub const fn none() -> Self {
        AtomicPlace(AtomicPtr::new(ptr::null_mut()))
    }

    /// What was stored last.
    pub fn load(&self) -> Option<Place> {
        let word = self.0.load(Relaxed).cast_const();
        (!word.is_null()).then_some(Place(word, PhantomData))
    }

    /// Stores it.
    pub fn store(&self, place: Option<Place>) {
        self.0.store(place.map_or(ptr::null_mut(), |place| place.0.cast_mut()), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    static LINE: Line = Line { file: "drivers/scull.c", line: 180, column: 7, site: Site::new("dev->size") };

    #[test]
    fn lines_of_rust_and_of_c_are_places() {
        let (here, there) = (Place::caller(), Place::of_line(&LINE));
        assert_eq!((here.file(), here.line(), here.of_driver()), (file!(), line!() - 1, None));
        assert_eq!((there.to_string().as_str(), there.of_driver()), ("drivers/scull.c:180:7", Some(&LINE)));
        assert_ne!(here, there);
        static AGAIN: Line =
            Line { file: "drivers/scull.c", line: 180, column: 7, site: Site::new("dev->size") };
        assert_eq!(there, Place::of_line(&AGAIN));
    }

    #[test]
    fn a_place_is_one_word_and_is_kept_in_one() {
        assert_eq!(size_of::<Place>(), size_of::<usize>());
        let kept = AtomicPlace::none();
        assert_eq!(kept.load(), None);
        for place in [Place::caller(), Place::of_line(&LINE)] {
            kept.store(Some(place));
            assert_eq!(kept.load(), Some(place));
        }
    }
}
