//! Uses of a driver (`linux/module.h`).

use alloc::sync::Arc;
use core::ffi::{c_char, c_int};

use kcore::class;
use kcore::dev::Module;
use kcore::place::Place;

use crate::machine::{Kernel, SpinLock};
use crate::symbols::sites;

/// `struct module`: its name, and what the loader keeps there.
#[repr(C)]
pub(in crate::module) struct This {
    name: *const c_char,
    module: *const Module<Kernel>,
}

/// The driver's `struct module` at `this` is for `module`, which lives as long as the driver.
pub(in crate::module) fn introduce(this: Option<u64>, module: &Arc<Module<Kernel>>) {
    let Some(this) = this else { return };
    let this = core::ptr::with_exposed_provenance_mut::<This>(this as usize);
    // SAFETY: the build has put it among the variables, and no code of the driver has run.
    unsafe { (*this).module = Arc::as_ptr(module) };
}

/// No module is the kernel, which always stays.
fn of<'a>(this: *const This) -> Option<&'a Module<Kernel>> {
    // SAFETY: it is null or a `struct module` (I23).
    let this = unsafe { this.as_ref() }?;
    // SAFETY: `introduce` has stored it, and it lives as long as the driver, whose variable this is.
    unsafe { this.module.as_ref() }
}

/// Where the last use of a driver has begun.
static BEGUN: SpinLock<Option<Place>> = SpinLock::new(class!("the last use of a driver"), None);

/// Where that was, if there was one since this was asked last.
pub(in crate::module) fn begun() -> Option<Place> {
    BEGUN.lock_irqsave().take()
}

pub(in crate::module) extern "C" fn try_module_get(this: *const This) -> bool {
    *BEGUN.lock_irqsave() = Some(sites::of_driver(Place::caller()));
    of(this).is_none_or(Module::begin_use)
}

pub(in crate::module) extern "C" fn module_put(this: *const This) {
    let was_used = of(this).is_none_or(Module::end_use);
    if !was_used {
        crate::module::finding::finding(format_args!("module_put without a try_module_get"));
    }
}

pub(in crate::module) extern "C" fn module_refcount(this: *const This) -> c_int {
    of(this).map_or(0, |module| module.users() as c_int)
}
