//! A function that can be exchanged while others call it: a handler, an action, a listener in a room above.

use core::marker::PhantomData;
use core::mem::transmute_copy;
use core::sync::atomic::{
    AtomicPtr,
    Ordering::{Acquire, Release},
};

use kcore::event::Event;
use kcore::machine::TaskId;
use kcore::session::Slept;

/// A pointer to a function.
///
/// # Safety
/// It is one: as large as an address, and never null.
pub unsafe trait Function: Copy {}

// SAFETY: a `fn` is a pointer to a function.
unsafe impl Function for fn() {}
// SAFETY: as above.
unsafe impl Function for fn() -> bool {}
// SAFETY: as above.
unsafe impl Function for fn(&[u8]) -> bool {}
// SAFETY: as above.
unsafe impl Function for fn(u64, u64) {}
// SAFETY: as above.
unsafe impl Function for fn(i32) -> ! {}
// SAFETY: as above.
unsafe impl Function for fn(&Event) {}
// SAFETY: as above.
unsafe impl Function for fn(&Slept) {}
// SAFETY: as above.
unsafe impl Function for fn(TaskId) {}

/// A function, or none.
pub struct AtomicFn<F: Function = fn()> {
    /// Null, or an `F`: `set` alone stores what is not null.
    pointer: AtomicPtr<()>,
    function: PhantomData<F>,
}

impl<F: Function> AtomicFn<F> {
    /// No function.
    pub const fn none() -> Self {
        AtomicFn { pointer: AtomicPtr::new(core::ptr::null_mut()), function: PhantomData }
    }

    /// It is `function` from now on. What the caller has stored before is visible to a CPU that calls it.
    pub fn set(&self, function: F) {
        // SAFETY: an `F` is an address.
        let pointer = unsafe { transmute_copy::<F, *mut ()>(&function) };
        self.pointer.store(pointer, Release);
    }

    /// There is none from now on.
    pub fn clear(&self) {
        self.pointer.store(core::ptr::null_mut(), Release);
    }

    /// The function, if there is one: a load and a branch.
    #[inline]
    pub fn get(&self) -> Option<F> {
        let pointer = self.pointer.load(Acquire);
        if pointer.is_null() {
            return None;
        }
        // SAFETY: by the field's invariant this is an `F`.
        Some(unsafe { transmute_copy::<*mut (), F>(&pointer) })
    }
}

impl AtomicFn {
    /// Calls the function, if there is one.
    #[inline]
    pub fn call(&self) {
        if let Some(function) = self.get() {
            function();
        }
    }
}
