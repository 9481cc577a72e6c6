//! What is wrong with what a driver does: said at once, with the way there.

use alloc::string::String;
use core::fmt::{self, Arguments, Write};

use kcore::class;
use kcore::module::Wrong;
use kcore::place::Place;
use kcore::report::place;

use super::access::Use;
use super::driver::Driver;
use crate::arch::cpu;
use crate::machine::SpinLock;
use crate::mm::{backtrace, images};
use crate::observe::explorer;
use crate::oops::frames;
use crate::println;
use crate::symbols::sites;
use crate::task::mortal;

/// The first that was found in the execution under way.
static FOUND: SpinLock<Option<(Wrong, String)>> = SpinLock::new(class!("what a driver does wrong"), None);

/// The lines of drivers of which something was said; when there are so many, no more is.
static SAID: SpinLock<heapless::Vec<Place, 256>> =
    SpinLock::new(class!("lines of drivers of which something was said"), heapless::Vec::new());

/// Says what a driver does wrong in the call that it makes, after which it goes on.
pub(super) fn finding(what: Arguments<'_>) {
    let at = sites::of_driver(Place::caller());
    wrong(Wrong::Other, |text| {
        text.write_fmt(what)?;
        at.of_driver().map_or(Ok(()), |_| write!(text, ", at {}", place(at)))
    });
}

/// The same, of this kind, in the words that `what` writes.
pub(super) fn wrong(kind: Wrong, what: impl FnOnce(&mut String) -> fmt::Result) {
    if explorer::is_open() {
        return keep(kind, kind.name(), what);
    }
    println!("warning: {}", in_words(kind.name(), what));
    show_way();
}

/// Says what a driver that goes has left behind.
pub(super) fn left(driver: &Driver, what: Arguments<'_>) {
    if explorer::is_open() {
        keep(Wrong::Left, "when it goes, ", |text| text.write_fmt(what));
    } else {
        println!("{}: {what}", driver.name);
    }
}

/// It is found in the execution under way. The words are of use only if people will read them.
fn keep(kind: Wrong, before: &str, what: impl FnOnce(&mut String) -> fmt::Result) {
    if !is_found() {
        let text = if explorer::is_written_down() { in_words(before, what) } else { String::new() };
        FOUND.lock_irqsave().get_or_insert((kind, text));
    }
}

fn in_words(before: &str, what: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::from(before);
    what(&mut text).expect("there is room in a text");
    text
}

/// Whether nothing was said of that line before: always while executions are made.
pub(super) fn is_news(at: Place) -> bool {
    if explorer::is_open() {
        return true;
    }
    let mut said = SAID.lock_irqsave();
    let is_known = said.iter().any(|known| known.line() == at.line() && known.file() == at.file());
    !is_known && said.push(at).is_ok()
}

/// A task that is explored does not write where nothing is its driver's: that would spoil what is others', and
/// what is wrong is known.
pub(super) fn keep_from(used: &Use<'_>) {
    if !used.is_read() {
        ends("a write beside what is a driver's");
    }
}

/// The running task ends for that, if it is explored, and where it can end alone.
pub(super) fn ends(why: &str) {
    if explorer::is_part() && mortal::may_die_here() {
        panic!("{why}");
    }
}

/// Whether the execution under way is known to be wrong, so that no more words are needed.
pub(super) fn is_found() -> bool {
    FOUND.lock_irqsave().is_some()
}

/// What was found first since this was asked last.
pub fn found() -> Option<(Wrong, String)> {
    FOUND.lock_irqsave().take()
}

/// The backtrace of the caller, as far as it is the driver's.
pub(super) fn show_way() {
    let mut addresses = [0; 24];
    let count = backtrace::capture(&mut addresses);
    show(&addresses[..count]);
}

/// The same of this one.
pub(super) fn show(addresses: &[usize]) {
    let addresses: heapless::Vec<u64, 24> = addresses.iter().map(|&address| address as u64).collect();
    let is_drivers = |address: &u64| images::contains(*address);
    // From what the driver calls on.
    let innermost = addresses.iter().position(is_drivers).map_or(0, |innermost| innermost.saturating_sub(1));
    let outermost = addresses.iter().rposition(is_drivers);
    let way = &addresses[innermost..outermost.map_or(addresses.len(), |outermost| outermost + 1)];
    if cpu::irq_are_on() {
        frames::print(way, false);
    } else {
        // The names would want memory.
        way.iter().for_each(|address| println!("    [<{address:016x}>]"));
    }
}
