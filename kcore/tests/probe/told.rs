//! The engine, told of a lock by its address.

use kcore::class;
use kcore::event::{LockId, LockName, LockStep, Mode};
use kcore::place::Place;
use kcore::probe::{Engine, Wake};

/// A lock that is not waited for.
const FREE: LockName = LockName::sleeps("free.lock", class!("test"));

pub(crate) trait Told {
    fn tell(&mut self, who: u8, step: LockStep, name: &LockName, address: usize) -> Wake;

    fn lock_wait(&mut self, who: u8, name: &LockName, address: usize) -> Wake {
        self.tell(who, LockStep::Wait, name, address)
    }

    fn lock_acquired(&mut self, who: u8, address: usize) -> Wake {
        self.tell(who, LockStep::Acquired, &FREE, address)
    }

    fn lock_release(&mut self, who: u8, address: usize) -> Wake {
        self.tell(who, LockStep::Release, &FREE, address)
    }

    fn lock_gave_up(&mut self, who: u8) -> Wake {
        self.tell(who, LockStep::GaveUp, &FREE, 0)
    }
}

impl Told for Engine {
    fn tell(&mut self, who: u8, step: LockStep, name: &LockName, address: usize) -> Wake {
        self.lock(who, step, &LockId { address, name: *name, mode: Mode::Exclusive }, Place::caller())
    }
}
