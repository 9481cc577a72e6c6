//! The last lines of the kernel, with their times: what `dmesg` shows.

use kcore::class;
use kcore::errno::Errno;

use crate::arch::cpu;
use crate::machine::SpinLock;
use crate::mm::{heap, shortage};

/// Bytes that are kept.
const KEPT: usize = 32 << 10;
/// Bytes of a line's time and length.
const HEAD: usize = 10;

static LOG: SpinLock<Log> =
    SpinLock::new(class!("kernel log"), Log { bytes: [0; KEPT], begin: 0, used: 0, gone: 0 });

/// A ring of lines, each after its time in cycles and its length.
struct Log {
    bytes: [u8; KEPT],
    begin: usize,
    used: usize,
    /// Lines that have made room.
    gone: u64,
}

/// From now on it has what the heap tells.
pub fn init() {
    heap::TELL.set(|line| {
        add(line);
        true
    });
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

/// Calls `each` with all lines that are kept: its number, when it was written, in cycles, and its text, with
/// its end.
/// Returns how many older ones there were. [`Errno::ENOMEM`] without memory for a copy, and what `each` says.
pub fn visit(mut each: impl FnMut(u64, u64, &str) -> Result<(), Errno>) -> Result<u64, Errno> {
    // Room first: no task that adds a line is to wait for the heap.
    let mut copy = shortage::with_room_for(KEPT)?;
    let gone = {
        let log = LOG.lock_irqsave();
        copy.extend(log.bytes_at(log.begin).take(log.used));
        log.gone
    };
    let (mut rest, mut number) = (&copy[..], gone);
    while let Some((head, behind)) = rest.split_at_checked(HEAD) {
        let (cycles, length) = head.split_at(size_of::<u64>());
        let cycles = u64::from_ne_bytes(cycles.try_into().expect("it was split there"));
        let length = u16::from_ne_bytes(length.try_into().expect("a head is as long as both"));
        let (text, next) = behind.split_at(length.into());
        each(number, cycles, str::from_utf8(text).unwrap_or("?\n"))?;
        number += 1;
        rest = next;
    }
    Ok(gone)
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
