//! Locks for readers and writers whose waiters spin (`linux/rwlock.h`).

use core::ffi::{c_char, c_int, c_ulong};

use kcore::event::Waiting;
use kcore::machine::Cpu;
use kcore::place::Place;
use kcore::sync::{RawLock, RwLock, Watched};

use crate::machine::Kernel;
use crate::module::finding::finding;
use crate::module::lock::{Lock, OfDriver};

type Inner = RwLock<(), Kernel, OfDriver>;
type CRwLock = Lock<Inner>;

const _: () = assert!(size_of::<CRwLock>() <= 24 + 8 * 12, "linux/rwlock.h has more room");

fn rwlock<'a>(at: *const CRwLock) -> &'a Inner {
    // SAFETY: the driver says that it is such a lock (I23).
    let lock = unsafe { &*at };
    lock.get("rwlock", Waiting::Spins, |(), watch| RwLock::of(watch, ()))
}

pub(in crate::module) unsafe extern "C" fn __rwlock_init(
    at: *const CRwLock,
    name: *const c_char,
    file: *const c_char,
    line: c_int,
) {
    // SAFETY: the driver says that there is room for one (I23).
    let lock = unsafe { &*at };
    // SAFETY: so it says that no task uses it.
    unsafe { lock.make((name, file, line), Waiting::Spins, |watch| RwLock::of(watch, ())) };
}

/// Ends a reader. False if there is none: then all is as it was.
fn end_read(at: *const CRwLock) -> bool {
    let lock = rwlock(at);
    // On one CPU there is no count.
    let is_read = !cfg!(feature = "smp") || lock.readers() > 0;
    if is_read {
        // SAFETY: there is no value that could be used.
        unsafe { lock.leave_read(Place::caller()) };
    } else {
        finding(format_args!("read_unlock of {}, which no task reads", lock.name().name));
    }
    is_read
}

fn end_write(at: *const CRwLock) -> bool {
    let lock = rwlock(at);
    let is_written = lock.is_held();
    if is_written {
        lock.leave(Place::caller());
    } else {
        finding(format_args!("write_unlock of {}, which no task writes", lock.name().name));
    }
    is_written
}

/// The kinds: what is switched off meanwhile, by the same names. What is no lock is found before that, while the
/// task may die of it.
macro_rules! kinds {
    ($($lock:ident $unlock:ident $take:ident $give:ident $off:ident $on:ident;)+) => {$(
        pub(in crate::module) extern "C" fn $lock(at: *const CRwLock) {
            let lock = rwlock(at);
            Kernel::$off();
            lock.$take(Place::caller());
        }

        pub(in crate::module) extern "C" fn $unlock(at: *const CRwLock) {
            if $give(at) {
                Kernel::$on();
            }
        }
    )+};
}

kinds! {
    __read_lock __read_unlock enter_read end_read preempt_disable preempt_enable;
    __write_lock __write_unlock enter end_write preempt_disable preempt_enable;
    read_lock_bh read_unlock_bh enter_read end_read bh_disable bh_enable;
    write_lock_bh write_unlock_bh enter end_write bh_disable bh_enable;
}

pub(in crate::module) extern "C" fn __read_lock_irqsave(at: *const CRwLock) -> c_ulong {
    let lock = rwlock(at);
    let were_on = Kernel::irq_save();
    lock.enter_read(Place::caller());
    were_on.into()
}

pub(in crate::module) extern "C" fn read_unlock_irqrestore(at: *const CRwLock, flags: c_ulong) {
    end_read(at);
    Kernel::irq_restore(flags != 0);
}

pub(in crate::module) extern "C" fn __write_lock_irqsave(at: *const CRwLock) -> c_ulong {
    let lock = rwlock(at);
    let were_on = Kernel::irq_save();
    lock.enter(Place::caller());
    were_on.into()
}

pub(in crate::module) extern "C" fn write_unlock_irqrestore(at: *const CRwLock, flags: c_ulong) {
    end_write(at);
    Kernel::irq_restore(flags != 0);
}
