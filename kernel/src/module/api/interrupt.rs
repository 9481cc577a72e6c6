//! Handlers of interrupts (`linux/interrupt.h`): those of the machine's own device, which has the number of
//! the book's parallel port.

use alloc::vec::Vec;
use core::ffi::{c_char, c_int, c_uint, c_ulong};
use core::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use kcore::class;
use kcore::errno::Errno;

use super::string::text;
use crate::arch::smp;
use crate::irq::device;
use crate::module::driver::Driver;
use crate::module::faults::{self, Failing};
use crate::module::finding::{finding, left};
use crate::module::later::{self, Kind, Order};
use crate::module::records::{Record, Records};

/// The number of the device's interrupt, as `SCULLERY_IRQ` of `linux/interrupt.h`.
const NUMBER: c_uint = 7;
/// Most handlers that share it.
const MOST: usize = 8;
/// `IRQF_SHARED`.
const SHARED: c_ulong = 0x80;

/// By what its driver knows a handler, and whether it shares the interrupt.
#[derive(Default)]
struct Kept {
    device: core::sync::atomic::AtomicUsize,
    is_shared: AtomicBool,
}

/// The handlers. The owner of each is the address of its function and its device, in one number.
static HANDLERS: Records<Kept> = Records::new(class!("records of handlers"), || {
    (0..MOST).map(|_| Record::new(Kept::default())).collect::<Vec<_>>()
});

/// How often it was disabled; an interrupt that comes meanwhile is kept.
static DISABLED: AtomicU32 = AtomicU32::new(0);
static KEPT: AtomicBool = AtomicBool::new(false);
/// One more is to come by itself when that has come which does.
static MORE: AtomicBool = AtomicBool::new(false);
/// Interrupts that came while they were counted for `probe_irq_off`.
static PROBED: AtomicU32 = AtomicU32::new(0);

/// They are made when a driver is loaded.
pub(in crate::module) fn make() {
    HANDLERS.make();
}

/// The owner of a record: one for each pair, and never 0.
fn key(function: usize, device: usize) -> usize {
    function ^ device.rotate_left(17) | 1
}

/// The device has interrupted.
fn interrupted() {
    PROBED.fetch_add(1, Relaxed);
    if MORE.swap(false, SeqCst) && super::port::interrupts() {
        fire();
    }
    if DISABLED.load(SeqCst) > 0 {
        KEPT.store(true, SeqCst);
        return;
    }
    for record in HANDLERS.all() {
        record.enter(|function, _| {
            // SAFETY: `request_irq` has it from the driver, as a handler (I23).
            let handler =
                unsafe { core::mem::transmute::<usize, extern "C" fn(c_uint, usize) -> c_int>(function) };
            handler(NUMBER, record.kept.device.load(Relaxed));
        });
    }
}

/// As when the machine was started: no driver has disabled it, and none has come.
pub(in crate::module) fn reset() {
    super::port::reset();
    DISABLED.store(0, SeqCst);
    KEPT.store(false, SeqCst);
    MORE.store(false, SeqCst);
}

/// What an interrupt is to the parts of an execution: one comes, or one more while that is still to be handled.
fn order() -> Order {
    let (owner, call) = (machine(), |_| interrupted());
    let function = HANDLERS.all().find(|record| record.owner() != 0).map_or(0, Record::function);
    Order { kind: Kind::Interrupt, owner, queue: None, call, argument: 0, function, expires: 0 }
}

/// Where what stands for the device is.
fn machine() -> usize {
    (&raw const DISABLED).addr()
}

/// The device interrupts.
pub(super) fn fire() {
    if later::is_on() {
        later::arm(order());
    } else {
        device::fire();
    }
}

/// The device may interrupt by itself from now on: if it is explored, it does so twice, at any
/// moment: what the first has brought about may be under way then.
pub(super) fn may_come() {
    if later::is_on() && HANDLERS.all().any(|record| record.owner() != 0) {
        MORE.store(true, SeqCst);
        fire();
    }
}

/// Waits until no CPU runs a handler that has begun before.
fn synchronize() {
    if later::is_on() {
        return later::exclusively(machine(), || {});
    }
    while (0..smp::cpus()).any(device::runs_on) {
        crate::arch::cpu::pause();
    }
}

pub(in crate::module) unsafe extern "C" fn request_irq(
    number: c_uint,
    function: usize,
    flags: c_ulong,
    name: *const c_char,
    device: usize,
) -> c_int {
    let is_shared = flags & SHARED != 0;
    if number != NUMBER || function == 0 || is_shared && device == 0 || text(name).is_err() {
        return Errno::EINVAL.code();
    }
    if faults::fails(Failing::Memory) {
        return Errno::ENOMEM.code();
    }
    let others = || HANDLERS.all().filter(|record| record.owner() != 0);
    let is_refused = others().any(|other| !is_shared || !other.kept.is_shared.load(Relaxed));
    let its = || HANDLERS.claim(key(function, device), |_| true);
    let Some(record) = (!is_refused && others().count() < MOST).then(its).flatten() else {
        return Errno::EBUSY.code();
    };
    record.kept.device.store(device, Relaxed);
    record.kept.is_shared.store(is_shared, Relaxed);
    record.set_function(function);
    device::open(interrupted);
    if super::port::interrupts() {
        may_come();
    }
    0
}

pub(in crate::module) extern "C" fn free_irq(number: c_uint, device: usize) {
    let is_it = |record: &&Record<Kept>| record.owner() != 0 && record.kept.device.load(Relaxed) == device;
    match HANDLERS.all().find(is_it).filter(|_| number == NUMBER) {
        Some(record) if later::is_on() => later::exclusively(machine(), || {
            record.release();
            if HANDLERS.all().all(|record| record.owner() == 0) {
                later::cancel(Kind::Interrupt, machine());
            }
        }),
        Some(record) => record.release(),
        None => finding(format_args!("free_irq of {number}, of which there is no handler for {device:#x}")),
    }
    synchronize();
}

pub(in crate::module) extern "C" fn synchronize_irq(_number: c_uint) {
    synchronize();
}

pub(in crate::module) extern "C" fn disable_irq(number: c_uint) {
    disable_irq_nosync(number);
    synchronize();
}

pub(in crate::module) extern "C" fn disable_irq_nosync(_number: c_uint) {
    if later::is_on() {
        later::changes(Kind::Interrupt, machine());
    }
    DISABLED.fetch_add(1, SeqCst);
}

pub(in crate::module) extern "C" fn enable_irq(number: c_uint) {
    if later::is_on() {
        later::changes(Kind::Interrupt, machine());
    }
    let count = DISABLED.fetch_update(SeqCst, SeqCst, |count| count.checked_sub(1));
    match count {
        Err(_) => finding(format_args!("enable_irq of {number}, which is not disabled")),
        Ok(1) if KEPT.swap(false, SeqCst) => fire(),
        Ok(_) => {}
    }
}

pub(in crate::module) extern "C" fn probe_irq_on() -> c_ulong {
    device::open(interrupted);
    PROBED.store(0, Relaxed);
    1 << NUMBER
}

pub(in crate::module) extern "C" fn probe_irq_off(_mask: c_ulong) -> c_int {
    if PROBED.load(Relaxed) > 0 { NUMBER as c_int } else { 0 }
}

pub(in crate::module) extern "C" fn __scullery_interrupt() {
    fire();
}

/// The driver goes: none of its handlers runs after this.
pub(in crate::module) fn take_back(driver: &Driver) {
    for record in HANDLERS.of(driver) {
        left(driver, format_args!("a handler is still there (free_irq): {}", record.named()));
        record.release();
    }
    synchronize();
}
