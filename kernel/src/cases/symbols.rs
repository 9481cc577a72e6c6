//! The kernel's own symbols, where the loader brought them; elsewhere there are none, and that is no error.

use alloc::format;
use alloc::string::String;
use core::panic::Location;

use super::Answer;
use super::case::{holds, same};
use crate::layout;
use crate::mm::backtrace;
use crate::symbols::{self, Place};

crate::case! {
    "symbols::nowhere" => nowhere;
    "symbols::this-function" => this_function;
    "symbols::of-the-whole-text" => whole;
    "symbols::are-there" => are_there, hidden = true;
    "symbols::are-not-there" => are_not_there, hidden = true;
}

/// What is no code has no place.
fn nowhere() -> Answer {
    for address in [0, 1, layout::rodata().start, layout::data().start, layout::PHYS_BASE, u64::MAX] {
        same(&format!("places of {address:#x}"), symbols::places(address), [].into())?;
    }
    Ok(())
}

/// The outermost place of the caller's return address.
#[inline(never)]
fn caller() -> Option<Place> {
    let mut address = [0];
    backtrace::capture(&mut address);
    symbols::places(address[0] as u64 - 1).pop()
}

/// A call, and the line that it is on.
#[inline(never)]
fn called() -> (Option<Place>, u32) {
    (caller(), Location::caller().line())
}

fn this_function() -> Answer {
    let (Some(place), line) = called() else { return Ok(()) };
    same("the function", place.function.as_str(), "kernel::cases::symbols::called")?;
    same("the file", place.file.as_str(), "kernel/src/cases/symbols.rs")?;
    same("the line", place.line, line)
}

/// No path of the machine that built the kernel, whichever address.
fn whole() -> Answer {
    for address in layout::text().step_by(4096 + 64) {
        let machine = |place: &&Place| place.file.starts_with('/') || place.function.contains("17h");
        let places = symbols::places(address);
        same(&format!("what is wrong at {address:#x}"), places.iter().find(machine), None)?;
    }
    Ok(())
}

fn are_there() -> Answer {
    holds("there are symbols", caller().is_some())
}

fn are_not_there() -> Answer {
    same("symbols", caller(), None::<Place>).map_err(|_| String::from("there are symbols"))
}
