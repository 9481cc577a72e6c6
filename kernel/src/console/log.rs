//! The last lines of the kernel, with their times: what `dmesg` shows.

use alloc::string::String;
use alloc::vec::Vec;

use crate::arch::cpu;
use crate::machine::SpinLock;

/// Bytes that are kept.
const KEPT: usize = 32 << 10;
/// Bytes of a line's time and length.
const HEAD: usize = 10;

static LOG: SpinLock<Log> = SpinLock::new(Log { bytes: [0; KEPT], begin: 0, used: 0, gone: 0 });

/// A ring of lines, each after its time in cycles and its length.
struct Log {
    bytes: [u8; KEPT],
    begin: usize,
    used: usize,
    /// Lines that have made room.
    gone: u64,
}

/// A line and when it was written.
#[derive(Clone, Debug)]
pub struct Line {
    /// In cycles.
    pub cycles: u64,
    /// The text, with its end.
    pub text: String,
}

/// Adds a line; the oldest ones make room.
pub(super) fn add(line: &[u8]) {
    let length = line.len().min(usize::from(u16::MAX));
    let mut log = LOG.lock_irqsave();
    while log.used + HEAD + length > KEPT {
        let (_, oldest) = log.head(log.begin);
        log.begin = (log.begin + HEAD + oldest) % KEPT;
        log.used -= HEAD + oldest;
        log.gone += 1;
    }
    log.push(&cpu::cycles().to_ne_bytes());
    log.push(&(length as u16).to_ne_bytes());
    log.push(&line[..length]);
}

/// All lines that are kept, and how many older ones there were.
pub fn lines() -> (Vec<Line>, u64) {
    // Room first: nobody who adds a line is to wait for the heap.
    let mut copy = alloc::boxed::Box::new(Log { bytes: [0; KEPT], begin: 0, used: 0, gone: 0 });
    {
        let log = LOG.lock_irqsave();
        copy.bytes.copy_from_slice(&log.bytes);
        (copy.begin, copy.used, copy.gone) = (log.begin, log.used, log.gone);
    }
    let mut lines = Vec::new();
    let mut at = 0;
    while at < copy.used {
        let (cycles, length) = copy.head(copy.begin + at);
        let text = copy.bytes_at(copy.begin + at + HEAD).take(length).collect::<Vec<u8>>();
        lines.push(Line { cycles, text: String::from_utf8_lossy(&text).into_owned() });
        at += HEAD + length;
    }
    (lines, copy.gone)
}

impl Log {
    fn push(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.bytes[(self.begin + self.used) % KEPT] = byte;
            self.used += 1;
        }
    }

    fn bytes_at(&self, at: usize) -> impl Iterator<Item = u8> {
        (at..).map(|at| self.bytes[at % KEPT])
    }

    /// The time and the length of the line at `at`.
    fn head(&self, at: usize) -> (u64, usize) {
        let mut bytes = self.bytes_at(at);
        let mut next = || bytes.next().unwrap_or_default();
        let cycles = u64::from_ne_bytes(core::array::from_fn(|_| next()));
        (cycles, u16::from_ne_bytes(core::array::from_fn(|_| next())).into())
    }
}
