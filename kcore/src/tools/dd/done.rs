//! What `dd` has done.

use alloc::format;
use alloc::string::String;

/// Records, whole and others, and bytes.
#[derive(Default)]
pub(super) struct Done {
    pub(super) read: (i64, i64),
    pub(super) written: (i64, i64),
    pub(super) bytes: u64,
}

/// Notes a record.
pub(super) fn note(records: &mut (i64, i64), is_whole: bool) {
    let records = if is_whole { &mut records.0 } else { &mut records.1 };
    *records += 1;
}

impl Done {
    pub(super) fn records(&self) -> String {
        let Done { read, written, .. } = self;
        format!("{}+{} records in\n{}+{} records out\n", read.0, read.1, written.0, written.1)
    }

    pub(super) fn speed(&self, microseconds: u64) -> String {
        let (seconds, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
        let noun = if self.bytes == 1 { "byte" } else { "bytes" };
        // A byte in a microsecond is a megabyte in a second.
        let (rate, unit) = match u128::from(self.bytes) * 1000 / u128::from(microseconds.max(1)) {
            kilobytes @ ..1000 => (kilobytes, "kB/s"),
            kilobytes => (kilobytes / 1000, "MB/s"),
        };
        format!("{} {noun} copied, {seconds}.{rest:06} s, {rate} {unit}", self.bytes)
    }
}
