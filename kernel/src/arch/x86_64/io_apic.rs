//! The I/O APIC: the way of a device's interrupt to a CPU (Intel 82093AA data sheet, chapter 3).
//!
//! Two registers in memory lead to all others: the number of one is stored into the first, and the second is
//! then that one.

use kcore::acpi::Pin;
use kcore::class;

use super::paging;
use crate::machine::SpinLock;

/// Offsets of the two registers in memory.
const SELECT: u64 = 0x00;
const WINDOW: u64 = 0x10;

/// Numbers of the registers behind them.
const VERSION: u32 = 0x01;
const REDIRECTION: u32 = 0x10;

const ACTIVE_LOW: u32 = 1 << 13;
const LEVEL: u32 = 1 << 15;
const MASKED: u32 = 1 << 16;

/// Held while a register is selected and used.
static SELECTED: SpinLock<()> = SpinLock::new(class!("I/O APIC", "The first CPU, while it boots."), ());

/// The interrupt of `pin` goes to the CPU with that APIC id, as `vector`. Returns false where there is no
/// such pin, or where the id does not fit into the 8 bits that there are for it.
pub fn route(pin: &Pin, vector: u8, apic_id: u32) -> Result<bool, paging::OutOfFrames> {
    let page = u64::from(pin.io_apic) & !0xfff;
    let base = paging::map_device(page)? + (u64::from(pin.io_apic) & 0xfff);
    let _selected = SELECTED.lock_irqsave();
    let pins = (read(base, VERSION) >> 16 & 0xff) + 1;
    if pin.pin >= pins || apic_id >= 0xff {
        return Ok(false);
    }
    let entry = REDIRECTION + 2 * pin.pin;
    let mut low = u32::from(vector);
    low |= if pin.active_low { ACTIVE_LOW } else { 0 };
    low |= if pin.level { LEVEL } else { 0 };
    // Masked until the other half says to which CPU.
    write(base, entry, low | MASKED);
    write(base, entry + 1, apic_id << 24);
    write(base, entry, low);
    Ok(true)
}

fn register(base: u64, offset: u64) -> *mut u32 {
    core::ptr::with_exposed_provenance_mut::<u32>((base + offset) as usize)
}

fn read(base: u64, number: u32) -> u32 {
    select(base, number);
    // SAFETY: `route` mapped the registers; reading the ones we use has no side effect.
    unsafe { register(base, WINDOW).read_volatile() }
}

fn write(base: u64, number: u32, value: u32) {
    select(base, number);
    // SAFETY: `route` mapped the registers, and writes to entries that exist what the data sheet allows.
    unsafe { register(base, WINDOW).write_volatile(value) };
}

fn select(base: u64, number: u32) {
    // SAFETY: `route` mapped the registers and holds the lock.
    unsafe { register(base, SELECT).write_volatile(number) };
}
