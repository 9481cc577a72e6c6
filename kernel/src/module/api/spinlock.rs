//! Spinlocks (`linux/spinlock.h`).

use core::ffi::{c_char, c_int, c_ulong};

use kcore::event::Waiting;
use kcore::machine::Cpu;
use kcore::place::Place;
use kcore::sync::{RawLock, SpinLock, Watched};

use crate::machine::Kernel;
use crate::module::finding::finding;
use crate::module::lock::{Lock, OfDriver};

type Inner = SpinLock<(), Kernel, OfDriver>;
type CSpinLock = Lock<Inner>;

const _: () = assert!(size_of::<CSpinLock>() <= 24 + 8 * 12, "linux/spinlock.h has more room");

fn spinlock<'a>(at: *const CSpinLock) -> &'a Inner {
    // SAFETY: the driver says that it is a spinlock (I23).
    let lock = unsafe { &*at };
    lock.get("spinlock", Waiting::Spins, |(), watch| SpinLock::new(watch, ()))
}

pub(in crate::module) unsafe extern "C" fn __spin_lock_init(
    at: *const CSpinLock,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    // SAFETY: the driver says that there is room for a spinlock (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), Waiting::Spins, |watch| SpinLock::new(watch, ())) };
}

/// Takes it when `off` was done. What is no lock is found before that, while the task may die of it.
fn take<R>(at: *const CSpinLock, off: impl FnOnce() -> R) -> R {
    let lock = spinlock(at);
    let before = off();
    lock.enter(Place::caller());
    before
}

/// Gives it back. False if it was free: then all is as it was.
fn give(at: *const CSpinLock) -> bool {
    let lock = spinlock(at);
    let is_held = lock.is_held();
    if is_held {
        lock.leave(Place::caller());
    } else {
        finding(format_args!("spin_unlock of {}, which is free", lock.name().name));
    }
    is_held
}

pub(in crate::module) extern "C" fn spin_lock(at: *const CSpinLock) {
    take(at, Kernel::preempt_disable);
}

pub(in crate::module) extern "C" fn spin_unlock(at: *const CSpinLock) {
    if give(at) {
        Kernel::preempt_enable();
    }
}

pub(in crate::module) extern "C" fn spin_trylock(at: *const CSpinLock) -> c_int {
    // What the guard would give back, `spin_unlock` does.
    spinlock(at).try_lock().map(core::mem::forget).is_some().into()
}

pub(in crate::module) extern "C" fn spin_is_locked(at: *const CSpinLock) -> c_int {
    spinlock(at).is_locked().into()
}

pub(in crate::module) extern "C" fn __spin_lock_irqsave(at: *const CSpinLock) -> c_ulong {
    take(at, Kernel::irq_save).into()
}

pub(in crate::module) extern "C" fn spin_unlock_irqrestore(at: *const CSpinLock, flags: c_ulong) {
    give(at);
    Kernel::irq_restore(flags != 0);
}

pub(in crate::module) extern "C" fn spin_lock_irq(at: *const CSpinLock) {
    take(at, Kernel::irq_save);
}

pub(in crate::module) extern "C" fn spin_unlock_irq(at: *const CSpinLock) {
    give(at);
    Kernel::irq_restore(true);
}

pub(in crate::module) extern "C" fn spin_lock_bh(at: *const CSpinLock) {
    take(at, Kernel::bh_disable);
}

pub(in crate::module) extern "C" fn spin_unlock_bh(at: *const CSpinLock) {
    if give(at) {
        Kernel::bh_enable();
    }
}
