//! COM2: JSON lines for machines.

use kcore::report::Record;

use super::uart::Serial;

static COM2: Serial = Serial::new(0x2f8, "com2.lock");

/// Sets the port up.
pub fn init() {
    COM2.init();
}

/// Writes one record as a line.
pub fn record(record: &Record) {
    #[cfg(feature = "lock-order")]
    if matches!(record, Record::Summary(_)) {
        crate::machine::ORDER.report().into_iter().for_each(|of| self::record(&Record::Order(of)));
    }
    let mut line = serde_json::to_vec(record).expect("a record has string keys and finite numbers only");
    line.push(b'\n');
    COM2.write(&line);
}
