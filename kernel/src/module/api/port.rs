//! Ports (`asm/io.h`): those of the book's parallel port (LDD3 ch. 9), whose acknowledge line is wired to its
//! highest data line, as the book has it. It is a part of the machine's own device; at no other port
//! is anything.

use core::ffi::{c_uint, c_ulong};
use core::sync::atomic::{AtomicU8, Ordering::SeqCst};

use kcore::event::Op;

use super::interrupt;
use crate::module::access::touches;

const DATA: c_ulong = 0x378;
const STATUS: c_ulong = DATA + 1;
const CONTROL: c_ulong = DATA + 2;
/// In `CONTROL`: a rise of the line interrupts.
const INTERRUPTS: u8 = 0x10;
/// The highest data line.
const LINE: u8 = 0x80;

static WRITTEN: AtomicU8 = AtomicU8::new(0);
static SETTING: AtomicU8 = AtomicU8::new(0);

/// Whether the device may interrupt.
pub(super) fn interrupts() -> bool {
    touches(Op::Look, &WRITTEN);
    SETTING.load(SeqCst) & INTERRUPTS != 0
}

/// As when the machine was started.
pub(super) fn reset() {
    [&WRITTEN, &SETTING].into_iter().for_each(|register| register.store(0, SeqCst));
}

pub(in crate::module) extern "C" fn inb(port: c_ulong) -> c_uint {
    touches(Op::Look, &WRITTEN);
    c_uint::from(match port {
        DATA => WRITTEN.load(SeqCst),
        // The acknowledge line, and that all is well.
        STATUS => 0x18 | (WRITTEN.load(SeqCst) & LINE) >> 1,
        CONTROL => SETTING.load(SeqCst),
        _ => 0xff,
    })
}

pub(in crate::module) extern "C" fn outb(value: c_uint, port: c_ulong) {
    touches(Op::Update, &WRITTEN);
    match port {
        DATA => {
            let before = WRITTEN.swap(value as u8, SeqCst);
            let rises = value as u8 & !before & LINE != 0;
            if rises && SETTING.load(SeqCst) & INTERRUPTS != 0 {
                interrupt::fire();
            }
        }
        CONTROL => {
            let before = SETTING.swap(value as u8, SeqCst);
            if !before & value as u8 & INTERRUPTS != 0 {
                interrupt::may_come();
            }
        }
        _ => {}
    }
}
