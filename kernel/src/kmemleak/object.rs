//! One object of the report, in Linux's words.

use alloc::format;
use alloc::string::String;
use core::fmt::Write;

use kcore::leak::Policy;
use kcore::ledger::Record;

use crate::arch::cpu;
use crate::mm::heap;
use crate::symbols;
use crate::task::{has_died, name_of};
use crate::time;

use super::provenance;

/// Bytes that are shown (Linux: `HEX_MAX_LINES` of 16).
const SHOWN: usize = 32;

/// All that is known of a block. Its backtrace is left out if it is that of the block `before` it.
pub(super) fn text(record: &Record, before: Option<&Record>) -> String {
    let allocation = &record.allocation;
    let mut text = String::new();
    let milliseconds = allocation.cycles / time::microseconds(1000).max(1);
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "unreferenced object {:#018x} (size {}):\n  comm \"{}\", pid {}, jiffies {} (age {})\n",
        allocation.address,
        allocation.size,
        name_of(allocation.task),
        allocation.task.0,
        milliseconds,
        age(allocation.cycles),
    );
    if has_died(allocation.task) {
        text.push_str("  that task died of an oops: what it owned is lost\n");
    }
    let _ = writeln!(
        text,
        "  CPU {}, {}, allocation {}, searched {}",
        allocation.cpu.0,
        allocation.kind,
        record.serial,
        Policy::of(allocation.kind)
    );
    hex_dump(&mut text, record);
    text.push_str(&provenance::lines(record));
    backtrace(&mut text, record, before);
    text
}

/// How long ago a moment was: `1.234s`.
pub(super) fn age(cycles: u64) -> String {
    let milliseconds = cpu::cycles().saturating_sub(cycles) / time::microseconds(1000).max(1);
    format!("{}.{:03}s", milliseconds / 1000, milliseconds % 1000)
}

fn hex_dump(text: &mut String, record: &Record) {
    let bytes: [u8; SHOWN] = heap::first_bytes(record);
    let shown = SHOWN.min(record.allocation.size);
    let _ = writeln!(text, "  hex dump (first {shown} bytes):");
    for line in bytes[..shown].chunks(16) {
        text.push_str("    ");
        for byte in line {
            let _ = write!(text, "{byte:02x} ");
        }
        // A short line's characters stand below those of the others.
        let _ = write!(text, "{:1$} ", "", 3 * (16 - line.len()));
        text.extend(line.iter().map(|&byte| if (0x20..0x7f).contains(&byte) { byte as char } else { '.' }));
        text.push('\n');
    }
}

/// The functions that led to the allocation; bare addresses where nothing is known of them. One that is the
/// same as that of the block `before` is not told again.
fn backtrace(text: &mut String, record: &Record, before: Option<&Record>) {
    if before.is_some_and(|before| before.backtrace() == record.backtrace()) {
        text.push_str("  backtrace: that of the object before\n");
        return;
    }
    text.push_str("  backtrace:\n");
    for &address in record.backtrace() {
        // A return address is the instruction after the call.
        let places = symbols::places(address as u64 - 1);
        if places.is_empty() {
            let _ = writeln!(text, "    [<{address:016x}>]");
        }
        for place in &places {
            let _ = writeln!(text, "    [<{address:016x}>] {} {}:{}", place.function, place.file, place.line);
        }
    }
}
