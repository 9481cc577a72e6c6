//! The functions and source lines of drivers in C (`modules`), and of the kernel's own code, from a table that
//! the lab has made of its ELF, if the loader brought that as a boot module.
//!
//! The table stays where the loader put it and is read there, so that only what was found takes memory. What is
//! needed of a driver's file is worked out when it is asked for first, on the heap: on a small heap there are no
//! lines of drivers, only functions. On a full heap there is nothing.

mod handed;
mod lines;
pub(crate) mod modules;
pub(crate) mod names;
pub(crate) mod sites;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use kcore::settings::Config;
use kcore::sync::{Mutex, MutexGuard};

use crate::context;
use crate::machine::Kernel;
use crate::mm::backtrace;
use crate::mm::heap::Claim;
use crate::mm::images;
use crate::mm::stacks;

pub use handed::{init, module};

/// A place in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The function, demangled, without its hash: `kcore::scull::file::File<M>::write`. Of a function that
    /// was inlined only the last part is known: `write`.
    pub function: String,
    /// The source file, from the top of the workspace: `kcore/src/scull/file.rs`. Empty when it is not known.
    pub file: String,
    /// The line, from 1; 0 when it is not known.
    pub line: u32,
}

/// What is known of an instruction.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Its place, and those of the functions that were inlined there, the innermost first.
    pub places: Vec<Place>,
    /// Where the outermost of these functions starts.
    pub start: u64,
}

/// Bytes that have to be free on the heap for a driver's line tables: more than three times what they take,
/// since they are made in vectors that grow.
const ROOM_FOR_LINES: usize = 8 << 20;
/// Bytes that have to be free for anything at all.
const ROOM_FOR_NAMES: usize = 64 << 10;
/// Bytes of the caller's stack that have to be left: a task may have died at its end.
const ROOM_ON_STACK: u64 = 14 << 10;

/// The place of an instruction, and those of the functions that were inlined there, the innermost first.
/// Nothing without the table. Allocates, and parses those of a driver when it is called first. May sleep for
/// them, unless it is called where that is not allowed; there it does without their lines when another task is
/// looking.
///
/// Of a return address, ask for the byte before it: it is the instruction after the call.
pub fn places(address: u64) -> Vec<Place> {
    find(address).places
}

/// [`places`], and where the function starts.
pub fn find(address: u64) -> Found {
    if stacks::left(backtrace::frame_pointer()).is_some_and(|left| left < ROOM_ON_STACK) {
        return Found::default();
    }
    if images::contains(address) {
        let for_lines = Claim::on(ROOM_FOR_LINES);
        let has_lines = for_lines.is_some();
        let Some(_claim) = for_lines.or_else(|| Claim::on(ROOM_FOR_NAMES)) else { return Found::default() };
        return modules::find(address, has_lines).unwrap_or_default();
    }
    Claim::on(ROOM_FOR_NAMES).and_then(|_claim| of_kernel(address)).unwrap_or_default()
}

/// The table knows of a place what its function is called (`run`), and of the function that was not inlined the
/// path (`kernel::programs::run`).
fn of_kernel(address: u64) -> Option<Found> {
    let table = handed::table()?;
    let (function, start) = table.function(address)?;
    let place = |of: kcore::symbols::Place<'_>| Place {
        function: of.function.to_string(),
        file: of.file.to_string(),
        line: of.line,
    };
    let mut places: Vec<Place> = table.places(address).map(place).collect();
    match places.last_mut() {
        Some(outermost) => outermost.function = function.to_string(),
        None => places.push(Place { function: function.to_string(), file: String::new(), line: 0 }),
    }
    Some(Found { places, start })
}

/// Takes a lock of this room, if it is free or the caller may sleep.
fn lock<T>(mutex: &Mutex<T, Kernel>) -> Option<MutexGuard<'_, T, Kernel>> {
    // A kernel without `preempt` does not count the spinlocks of its caller, as there is one around the
    // report of an oops.
    let may_sleep = Config::OURS.preempt() && !context::is_atomic();
    if may_sleep { Some(mutex.lock()) } else { mutex.try_lock() }
}

impl Place {
    /// Its line after two spaces; nothing when that is not known.
    pub(crate) fn line_of(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match self.line {
            0 => Ok(()),
            line => write!(f, "  {}:{line}", self.file),
        })
    }
}

impl fmt::Display for Place {
    /// `write  kcore/src/scull/file.rs:145`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.function, self.line_of())
    }
}
