//! `/proc/PID/status` and `/proc/PID/stack`.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;
use core::sync::atomic::Ordering::Relaxed;

use kcore::errno::Errno;
use kcore::machine::TaskId;

use crate::symbols;
use crate::task::listing::{self, Trace};
use crate::task::{Signal, table};
use crate::time;

/// What the task is and does.
pub(super) fn status(id: TaskId) -> Result<String, Errno> {
    let task = table::find(id).ok_or(Errno::ESRCH)?;
    let listed = listing::entry(id).ok_or(Errno::ESRCH)?;
    let state = if listed.runs { "running" } else { listed.state.word() };
    let signal = match task.signal.load(Relaxed) {
        0 => "none",
        signal if signal == Signal::Interrupt as u8 => "interrupt",
        _ => "kill",
    };
    let (name, milliseconds) = (table::name_of(id), listed.run_time / time::microseconds(1000).max(1));
    let lines = [
        format!("Name:\t{name}\n"),
        format!("State:\t{state}\n"),
        format!("Pid:\t{}\n", id.0),
        format!("Cpu:\t{}\n", listed.cpu),
        format!("SigPnd:\t{signal}\n"),
        format!("RunTime:\t{milliseconds} ms\n"),
    ];
    Ok(lines.concat())
}

/// Most frames that are shown.
const FRAMES: usize = 32;

/// Where the task is, the innermost function first.
pub(super) fn stack(id: TaskId) -> Result<String, Errno> {
    let mut addresses = [0; FRAMES];
    match listing::trace(id, &mut addresses).ok_or(Errno::ESRCH)? {
        Trace::Runs(cpu) => Ok(format!("it runs on CPU {cpu}\n")),
        Trace::Frames(count) => Ok(addresses[..count].iter().map(|address| frame(*address)).collect()),
    }
}

/// The lines of one return address: the functions that were inlined, and the one that has a frame.
fn frame(address: usize) -> String {
    // The call is before the instruction that it returns to.
    let places = symbols::places(address as u64 - 1);
    let mut text = String::new();
    for (index, place) in places.iter().enumerate() {
        let has_frame = index + 1 == places.len();
        let at = if has_frame { format!("[<{address:016x}>]") } else { format!("{:<20}", "(inlined)") };
        // Nothing that is written to a string fails.
        let _ = match place.file.as_str() {
            "" => writeln!(text, "{at} {}", place.function),
            file => writeln!(text, "{at} {} ({file}:{})", place.function, place.line),
        };
    }
    if places.is_empty() { format!("[<{address:016x}>]\n") } else { text }
}
