//! A module, and whether it may go (LDD3 ch. 2 and 3; Linux: `try_module_get`).

use alloc::sync::Arc;
use core::fmt;

use crate::class;
use crate::errno::Errno;
use crate::machine::{AtomicFlag, Machine};
use crate::sync::SpinLock;

/// Code that can be loaded and unloaded. It stays while it is in use.
pub struct Module<M: Machine> {
    name: Arc<str>,
    users: SpinLock<Users, M>,
}

struct Users {
    count: u32,
    /// It is being unloaded, or it is gone.
    going: bool,
}

impl<M: Machine> Module<M> {
    /// A module that is not in use.
    pub fn new(name: &str) -> Arc<Self> {
        let users = Users { count: 0, going: false };
        Arc::new(Module {
            name: name.into(),
            users: SpinLock::from_flag(M::Flag::new(false), class!("users of a module"), users),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many use it (the third column of `/proc/modules`).
    pub fn users(&self) -> u32 {
        self.users.lock_irqsave().count
    }

    /// Uses it. [`None`] when it is being unloaded, or used as often as can be counted.
    pub fn try_get(self: &Arc<Self>) -> Option<InUse<M>> {
        self.begin_use().then(|| InUse { module: Arc::clone(self) })
    }

    /// The same, for a user that keeps nothing by which the use [ends](Module::end_use).
    pub fn begin_use(&self) -> bool {
        let mut users = self.users.lock_irqsave();
        // A use may be forgotten: a count that began anew would let the module go under its users.
        match users.count.checked_add(1) {
            Some(count) if !users.going => {
                users.count = count;
                true
            }
            _ => false,
        }
    }

    /// A use ends. False if there was none.
    pub fn end_use(&self) -> bool {
        let mut users = self.users.lock_irqsave();
        let was_used = users.count > 0;
        users.count -= u32::from(was_used);
        was_used
    }

    /// All uses end, those that were forgotten as well.
    pub fn end_uses(&self) {
        self.users.lock_irqsave().count = 0;
    }

    /// It cannot be used from now on. [`Errno::EBUSY`], and all is as it was, while it is.
    pub fn retire(&self) -> Result<(), Errno> {
        let mut users = self.users.lock_irqsave();
        if users.count > 0 {
            return Err(Errno::EBUSY);
        }
        users.going = true;
        Ok(())
    }

    /// No task begins to use it from now on, though some may be at it.
    pub fn force_out(&self) {
        self.users.lock_irqsave().going = true;
    }
}

impl<M: Machine> fmt::Debug for Module<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module").field("name", &self.name).field("users", &self.users()).finish()
    }
}

/// A use of a module, which ends when this is dropped.
pub struct InUse<M: Machine> {
    module: Arc<Module<M>>,
}

impl<M: Machine> Drop for InUse<M> {
    fn drop(&mut self) {
        self.module.end_use();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Host, HostMachine};

    #[test]
    fn forgotten_uses_do_not_wrap() {
        Host::new().run(|| {
            let module = Module::<HostMachine>::new("forgotten");
            module.users.lock_irqsave().count = u32::MAX - 1;
            let last = module.try_get();
            assert!(last.is_some() && module.try_get().is_none());
            assert_eq!((module.users(), module.retire()), (u32::MAX, Err(Errno::EBUSY)));
            drop(last);
            assert_eq!(module.users(), u32::MAX - 1);
        });
    }
}
