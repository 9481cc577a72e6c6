//! What is wrong with what a driver does: said at once, with the way there.

use core::fmt::Arguments;

use crate::arch::cpu;
use crate::mm::{backtrace, images};
use crate::oops::frames;
use crate::println;

/// Says what a driver does wrong, after which it goes on.
pub(super) fn finding(what: Arguments<'_>) {
    println!("warning: {what}");
    show_way();
}

/// The backtrace of the caller, as far as it is the driver's.
pub(super) fn show_way() {
    let mut addresses = [0; 24];
    let count = backtrace::capture(&mut addresses);
    let addresses = addresses.map(|address| address as u64);
    let outermost = addresses[..count].iter().rposition(|address| images::contains(*address));
    let way = &addresses[..outermost.map_or(count, |outermost| outermost + 1)];
    if cpu::irq_are_on() {
        frames::print(way, false);
    } else {
        // The names would want memory.
        way.iter().for_each(|address| println!("    [<{address:016x}>]"));
    }
}
