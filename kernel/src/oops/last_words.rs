//! The last words of the machine: a panic or a CPU exception that is not one task's own (`oops`).
//!
//! Nothing here takes a lock, allocates, or trusts that anything else works. The first CPU that comes stops
//! all others and speaks; one that comes again while it speaks (a fault in the report itself) ends the
//! machine at once.

use core::fmt::Write;
use core::panic::PanicInfo;

use super::exception::Exception;
use crate::arch::exit::{self, Exit, exit};
use crate::arch::percpu;
use crate::arch::raw_serial::RawSerial as Raw;
use crate::mm::backtrace;
use crate::task;

/// Reports a Rust panic and ends the machine.
pub fn panic(info: &PanicInfo) -> ! {
    exit::begin();
    say_where("panic", backtrace::frame_pointer());
    let _ = writeln!(Raw, "{}", info.message());
    if let Some(location) = info.location() {
        let _ = writeln!(Raw, "  at {location}");
    }
    let _ = writeln!(Raw, "backtrace:");
    say_frames(backtrace::frame_pointer());
    exit(Exit::Panic)
}

/// Reports a CPU exception and ends the machine.
pub fn exception(exception: &Exception<'_>) -> ! {
    exit::begin();
    say_where("exception", exception.frame.rsp);
    let _ = exception
        .say_cause(&mut Raw)
        .and_then(|()| writeln!(Raw))
        .and_then(|()| exception.say_registers(&mut Raw));
    let _ = writeln!(Raw, "backtrace:\n    rip [<{:016x}>]", exception.frame.rip);
    say_frames(exception.frame.rbp);
    exit(Exit::Panic)
}

/// `stack_pointer` is where that was: it says whose task it was also in the middle of a switch.
fn say_where(what: &str, stack_pointer: u64) {
    let task = task::table::owner_of(stack_pointer).unwrap_or(task::current());
    let _ = writeln!(
        Raw,
        "\n*** {what} on CPU {}, task {} ({})",
        percpu::this_cpu(),
        task.0,
        task::table::name_hint(task)
    );
}

fn say_frames(rbp: u64) {
    let mut addresses = [0; 32];
    let count = backtrace::walk(rbp, &mut addresses);
    for same in addresses[..count].chunk_by(|one, next| one == next) {
        // The lab turns this into a function and a source line.
        let _ = writeln!(Raw, "    [<{:016x}>]", same[0]);
        if same.len() > 1 {
            let _ = writeln!(Raw, "    ... and again, {} times at least", same.len() - 1);
        }
    }
}
