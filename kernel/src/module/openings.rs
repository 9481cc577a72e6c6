//! Which files of a device are open: when its driver takes it back, each is released, once.

use alloc::vec::Vec;
use core::ptr;

use kcore::class;
use kcore::event::Class;
use kcore::sync::{Mutex, Own, WaitQueue};

use super::file::File;
use crate::machine::Kernel;

/// Those that are open.
pub(super) struct Openings {
    /// The address of each, and whether a task releases it.
    all: Mutex<Vec<(usize, bool)>, Kernel>,
    /// Woken when one is released.
    released: WaitQueue<Kernel>,
}

impl Openings {
    pub(super) const fn new() -> Self {
        let all = Mutex::new(Own(class!("open files of a driver's file")), Vec::new());
        Openings { all, released: WaitQueue::new(Class::EVENT) }
    }

    /// It is open now.
    pub(super) fn add(&self, file: *mut File) {
        self.all.lock().push((file.expose_provenance(), false));
    }

    /// Releases one that is closed, unless that was done. What another task does of it was done when this
    /// returns.
    pub(super) fn release(&self, file: *mut File, release: impl FnOnce(*mut File)) {
        let mut all = self.all.lock();
        match all.iter_mut().find(|(open, _)| *open == file.addr()) {
            None => return,
            Some((_, is_released @ false)) => *is_released = true,
            Some(_) => {
                drop(all);
                return self.wait(|open| open != file.addr());
            }
        }
        drop(all);
        release(file);
        self.all.lock().retain(|(open, _)| *open != file.addr());
        self.released.wake_up_all();
    }

    /// Releases all.
    pub(super) fn release_all(&self, release: impl Fn(*mut File)) {
        let next = || self.all.lock().iter().find(|(_, is_released)| !is_released).map(|(open, _)| *open);
        while let Some(open) = next() {
            self.release(ptr::with_exposed_provenance_mut(open), &release);
        }
        self.wait(|_| false);
    }

    /// Waits until `may_be` holds for each. A signal ends the wait: a task may have died in a release.
    fn wait(&self, may_be: impl Fn(usize) -> bool) {
        let _ =
            self.released.wait_event_interruptible(|| self.all.lock().iter().all(|(open, _)| may_be(*open)));
    }
}
