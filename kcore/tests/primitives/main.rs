//! The further primitives on a machine of threads. Every test asserts an invariant or an order that it has
//! driven, never a time.
//!
//! Under Miri: `cargo +nightly miri test -p kcore --test primitives`.

mod atomic;
mod cpu_owned;
mod kfifo;
mod rwlock;
mod rwsem;
mod seqlock;
mod ticket;

use std::sync::Mutex;

use kcore::class;
use kcore::event::{Event, LockName, LockStep, Waiting, What};
use kcore::host::Listener;

const TASKS: usize = 4;
const ROUNDS: usize = if cfg!(miri) { 25 } else { 10_000 };

const NAME: LockName = LockName { name: "test.lock", class: class!("test"), waiting: Waiting::Spins };

/// The lock events, in their order.
#[derive(Default)]
struct Events(Mutex<Vec<LockStep>>);

impl Events {
    fn heard(&self) -> Vec<LockStep> {
        self.0.lock().unwrap().clone()
    }

    fn has(&self, event: LockStep) -> bool {
        self.heard().contains(&event)
    }
}

impl Listener for Events {
    fn on(&self, event: &Event) {
        let (What::Lock(step, lock), place) = (event.what, event.at) else { return };
        assert_eq!(lock.name, NAME);
        assert!(place.file().contains("primitives"), "the place is the caller's: {place}");
        self.0.lock().unwrap().push(step);
    }
}
