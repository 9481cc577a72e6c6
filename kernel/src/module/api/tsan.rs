//! What the compiler calls at each access to memory (`-fsanitize=thread`), and for the atomics of the
//! headers.
//!
//! While none of it is wanted, a plain access costs a call, a test, and a return.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering::SeqCst, fence};

use kcore::event::{Kinds, Op};

use crate::arch::told::told;
use crate::module::access;
use crate::observe::WANTED;

/// Of which it is asked whether they are wanted.
const LOADS: u16 = Kinds::LOADS.union(Kinds::CHECKS).bits();
const STORES: u16 = Kinds::STORES.union(Kinds::CHECKS).bits();

pub(in crate::module) extern "C" fn __tsan_init() {}
pub(in crate::module) extern "C" fn __tsan_func_entry(_caller: *const c_void) {}
pub(in crate::module) extern "C" fn __tsan_func_exit() {}

told! { pub(in crate::module), WANTED; LOADS; access::loads;
    __tsan_read1 1 __tsan_read2 2 __tsan_read4 4 tells_of_read8 8 __tsan_read16 16
    __tsan_unaligned_read2 2 __tsan_unaligned_read4 4 __tsan_unaligned_read8 8 __tsan_unaligned_read16 16
}
told! { pub(in crate::module), WANTED; STORES; access::stores;
    __tsan_write1 1 __tsan_write2 2 __tsan_write4 4 __tsan_write8 8 __tsan_write16 16
    __tsan_unaligned_write2 2 __tsan_unaligned_write4 4 __tsan_unaligned_write8 8 __tsan_unaligned_write16 16
}

pub(in crate::module) extern "C" fn __tsan_read_range(at: *const u8, size: usize) {
    access::copies(Op::Read, at, size);
}

pub(in crate::module) extern "C" fn __tsan_write_range(at: *const u8, size: usize) {
    access::copies(Op::Write, at, size);
}

pub(in crate::module) use super::string::{
    memcpy as __tsan_memcpy, memmove as __tsan_memmove, memset as __tsan_memset,
};

pub(in crate::module) extern "C" fn __tsan_atomic_thread_fence(_order: c_int) {
    fence(SeqCst);
}

pub(in crate::module) extern "C" fn __tsan_atomic_signal_fence(_order: c_int) {}

macro_rules! fetch {
    ($type:ty, $atomic:ty, $($name:ident $method:ident)+) => {$(
        pub(in crate::module) unsafe extern "C" fn $name(at: *const $atomic, value: $type, _order: c_int) -> $type {
            access::touches(Op::Update, at);
            // SAFETY: it is a variable of the driver (I23).
            unsafe { &*at }.$method(value, SeqCst)
        }
    )+};
}

/// The atomics of one width; all are as strong as they can be.
macro_rules! atomics {
    ($type:ty, $atomic:ty, $load:ident $store:ident $strong:ident $val:ident $($name:ident $method:ident)+) => {
        pub(in crate::module) unsafe extern "C" fn $load(at: *const $atomic, _order: c_int) -> $type {
            access::touches(Op::Look, at);
            // SAFETY: it is a variable of the driver (I23).
            unsafe { &*at }.load(SeqCst)
        }

        pub(in crate::module) unsafe extern "C" fn $store(at: *const $atomic, value: $type, _order: c_int) {
            access::touches(Op::Put(value as usize), at);
            // SAFETY: it is a variable of the driver (I23).
            unsafe { &*at }.store(value, SeqCst);
        }

        pub(in crate::module) unsafe extern "C" fn $val(at: *const $atomic, expected: $type, value: $type) -> $type {
            access::touches(Op::Update, at);
            // SAFETY: it is a variable of the driver (I23).
            let seen = unsafe { &*at }.compare_exchange(expected, value, SeqCst, SeqCst);
            seen.unwrap_or_else(|seen| seen)
        }

        pub(in crate::module) unsafe extern "C" fn $strong(
            at: *const $atomic,
            expected: *mut $type,
            value: $type,
        ) -> c_int {
            // SAFETY: it is a variable of the driver (I23).
            let wanted = unsafe { expected.read() };
            // SAFETY: as above.
            let seen = unsafe { $val(at, wanted, value) };
            // SAFETY: as above.
            unsafe { expected.write(seen) };
            (seen == wanted).into()
        }

        fetch! { $type, $atomic, $($name $method)+ }
    };
}

atomics! { u8, AtomicU8,
    __tsan_atomic8_load __tsan_atomic8_store
    __tsan_atomic8_compare_exchange_strong __tsan_atomic8_compare_exchange_val
    __tsan_atomic8_exchange swap __tsan_atomic8_fetch_add fetch_add __tsan_atomic8_fetch_sub fetch_sub
    __tsan_atomic8_fetch_and fetch_and __tsan_atomic8_fetch_or fetch_or __tsan_atomic8_fetch_xor fetch_xor
}
atomics! { u16, AtomicU16,
    __tsan_atomic16_load __tsan_atomic16_store
    __tsan_atomic16_compare_exchange_strong __tsan_atomic16_compare_exchange_val
    __tsan_atomic16_exchange swap __tsan_atomic16_fetch_add fetch_add __tsan_atomic16_fetch_sub fetch_sub
    __tsan_atomic16_fetch_and fetch_and __tsan_atomic16_fetch_or fetch_or __tsan_atomic16_fetch_xor fetch_xor
}
atomics! { u32, AtomicU32,
    __tsan_atomic32_load __tsan_atomic32_store
    __tsan_atomic32_compare_exchange_strong __tsan_atomic32_compare_exchange_val
    __tsan_atomic32_exchange swap __tsan_atomic32_fetch_add fetch_add __tsan_atomic32_fetch_sub fetch_sub
    __tsan_atomic32_fetch_and fetch_and __tsan_atomic32_fetch_or fetch_or __tsan_atomic32_fetch_xor fetch_xor
}
atomics! { u64, AtomicU64,
    __tsan_atomic64_load __tsan_atomic64_store
    __tsan_atomic64_compare_exchange_strong __tsan_atomic64_compare_exchange_val
    __tsan_atomic64_exchange swap __tsan_atomic64_fetch_add fetch_add __tsan_atomic64_fetch_sub fetch_sub
    __tsan_atomic64_fetch_and fetch_and __tsan_atomic64_fetch_or fetch_or __tsan_atomic64_fetch_xor fetch_xor
}
