//! The functions and source lines of drivers in C (`modules`), and of the kernel's own code, from its own
//! ELF, if the loader brought it as a boot module.
//!
//! The ELF stays where the loader put it. What is needed of it is worked out when it is asked for first, on
//! the heap: on a small heap there are no lines, only functions, and on a full one there is nothing.

mod elf;
mod lines;
pub(crate) mod modules;
pub(crate) mod names;
pub(crate) mod sites;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use kcore::class;
use kcore::settings::Config;
use kcore::sync::{Mutex, MutexGuard, Own};

use crate::context;
use crate::machine::Kernel;
use crate::mm::backtrace;
use crate::mm::heap::{Claim, kept};
use crate::mm::images;
use crate::mm::stacks;

pub use elf::{init, module};
use lines::Lines;

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

/// Bytes that have to be free on the heap for the line tables: three times what they take, since they are
/// made in vectors that grow.
pub(crate) const ROOM_FOR_LINES: usize = 8 << 20;
/// Bytes that have to be free for anything at all.
const ROOM_FOR_NAMES: usize = 64 << 10;
/// Bytes of the caller's stack that have to be left: a task may have died at its end.
const ROOM_ON_STACK: u64 = 14 << 10;

/// The line tables, worked out when they are first asked for.
static LINES: Mutex<Option<Lines>, Kernel> =
    Mutex::new(Own(class!("symbols", "Only tried where the caller may not sleep.")), None);

/// The place of an instruction, and those of the functions that were inlined there, the innermost first.
/// Nothing without the ELF. Allocates, and parses the tables when it is called first. May sleep, unless it is
/// called where that is not allowed; there it does without the lines when another task is looking.
///
/// Of a return address, ask for the byte before it: it is the instruction after the call.
pub fn places(address: u64) -> Vec<Place> {
    find(address).places
}

/// Whether the lock of the line tables is free.
pub(crate) fn are_free() -> bool {
    LINES.try_lock().is_some()
}

/// [`places`], and where the function starts.
pub fn find(address: u64) -> Found {
    if stacks::left(backtrace::frame_pointer()).is_some_and(|left| left < ROOM_ON_STACK) {
        return Found::default();
    }
    let for_lines = Claim::on(ROOM_FOR_LINES);
    let has_lines = for_lines.is_some();
    let Some(_claim) = for_lines.or_else(|| Claim::on(ROOM_FOR_NAMES)) else { return Found::default() };
    if images::contains(address) {
        return modules::find(address, has_lines).unwrap_or_default();
    }
    let Some(symbol) = elf::symbol(address) else { return Found::default() };
    let mut places = if has_lines { lines_at(address) } else { Vec::new() };
    // The line tables know of a function what it is called (`run`), the symbol has the path
    // (`kernel::programs::run`).
    let function = elf::demangled(symbol.name);
    match places.last_mut() {
        Some(outermost) => outermost.function = function,
        None => places.push(Place { function, file: String::new(), line: 0 }),
    }
    Found { places, start: symbol.start }
}

/// Takes a lock of this room, if it is free or the caller may sleep.
fn lock<T>(mutex: &Mutex<T, Kernel>) -> Option<MutexGuard<'_, T, Kernel>> {
    // A kernel without `preempt` does not count the spinlocks of its caller, as there is one around the
    // report of an oops.
    let may_sleep = Config::OURS.preempt() && !context::is_atomic();
    if may_sleep { Some(mutex.lock()) } else { mutex.try_lock() }
}

fn lines_at(address: u64) -> Vec<Place> {
    let Some(mut lines) = lock(&LINES) else { return Vec::new() };
    if lines.is_none() {
        *lines = kept(Lines::of_kernel);
    }
    lines.as_ref().map(|lines| lines.at(address)).unwrap_or_default()
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
