//! The last words of the machine: a panic or a CPU exception that is not one task's own (`oops`).
//!
//! Nothing here takes a lock, allocates, or trusts that anything else works. The first CPU that comes stops all others
//! and speaks; one that comes again while it speaks (a fault in the report itself) ends the machine at once.

use core::fmt::Write;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::exception::Exception;
use crate::arch::exit::{Exit, exit};
use crate::arch::raw_serial::RawSerial as Raw;
use crate::arch::{cpu, percpu, smp};
use crate::mm::backtrace;
use crate::task;

/// The CPU that ends the machine, or [`NOBODY`].
static SPEAKER: AtomicU32 = AtomicU32::new(NOBODY);
const NOBODY: u32 = u32::MAX;

/// Whether some CPU is ending the machine.
pub fn stopping() -> bool {
    SPEAKER.load(Relaxed) != NOBODY
}

/// The answer to a non-maskable interrupt while the machine ends: the CPU that speaks goes on, all others stop.
pub fn stop() {
    if SPEAKER.load(Relaxed) != percpu::this_cpu() {
        cpu::halt_for_ever();
    }
}

/// Reports a Rust panic and ends the machine.
pub fn panic(info: &PanicInfo) -> ! {
    become_speaker();
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
    become_speaker();
    say_where("exception", exception.frame.rsp);
    let _ = exception
        .say_cause(&mut Raw)
        .and_then(|()| writeln!(Raw))
        .and_then(|()| exception.say_registers(&mut Raw));
    let _ = writeln!(Raw, "backtrace:\n    rip [<{:016x}>]", exception.frame.rip);
    say_frames(exception.frame.rbp);
    exit(Exit::Panic)
}

/// Stops the other CPUs. Never returns on a CPU that is not the first to come.
fn become_speaker() {
    cpu::irq_save();
    let this = percpu::this_cpu();
    // In one step, so that a fault on the way back here knows that it is one.
    match SPEAKER.compare_exchange(NOBODY, this, Relaxed, Relaxed) {
        Ok(_) => smp::stop_others(),
        Err(speaker) if speaker == this => exit(Exit::Panic),
        Err(_) => cpu::halt_for_ever(),
    }
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
