//! A function that can be exchanged while others call it: a handler, an action.

use core::sync::atomic::{
    AtomicPtr,
    Ordering::{Acquire, Release},
};

/// A `fn()`, or none.
pub struct AtomicFn {
    /// Null, or a `fn()`: `set` alone stores what is not null.
    pointer: AtomicPtr<()>,
}

impl AtomicFn {
    /// No function.
    pub const fn none() -> Self {
        AtomicFn { pointer: AtomicPtr::new(core::ptr::null_mut()) }
    }

    /// It is `function` from now on. What the caller has stored before is visible to whoever calls it.
    pub fn set(&self, function: fn()) {
        self.pointer.store(function as *mut (), Release);
    }

    /// There is none from now on.
    pub fn clear(&self) {
        self.pointer.store(core::ptr::null_mut(), Release);
    }

    /// Calls the function, if there is one.
    #[inline]
    pub fn call(&self) {
        let pointer = self.pointer.load(Acquire);
        if !pointer.is_null() {
            // SAFETY: by the field's invariant this is a `fn()`.
            let function = unsafe { core::mem::transmute::<*mut (), fn()>(pointer) };
            function();
        }
    }
}
