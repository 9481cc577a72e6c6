//! Holding tasks at a point of the driver.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use kcore::event::Event;
use kcore::host::{HostMachine, Listener};
use kcore::machine::{Sched, TaskId};

/// A task that comes to a point is held there until it is opened.
#[derive(Default)]
pub(crate) struct Gate {
    point: &'static str,
    pub(crate) arrived: AtomicUsize,
    /// Never held: the test's own task.
    pub(crate) exempt: Mutex<Option<TaskId>>,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn at(point: &'static str) -> Arc<Self> {
        Arc::new(Gate { point, ..Gate::default() })
    }

    pub(crate) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

impl Listener for Gate {
    fn on(&self, event: &Event) {
        if !event.is(self.point) || *self.exempt.lock().unwrap() == Some(HostMachine::task()) {
            return;
        }
        self.arrived.fetch_add(1, SeqCst);
        let open = self.open.lock().unwrap();
        let long = Duration::from_secs(60);
        drop(self.opened.wait_timeout_while(open, long, |open| !*open).unwrap());
    }
}

/// Two gates at once.
pub(crate) struct Two(pub(crate) Arc<Gate>, pub(crate) Arc<Gate>);

impl Listener for Two {
    fn on(&self, event: &Event) {
        self.0.on(event);
        self.1.on(event);
    }
}
