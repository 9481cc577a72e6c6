//! What the tests share: devices, callers, and tasks that stop at a point.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::ScopedJoinHandle;
use std::time::Duration;

use kcore::dev::{CharDevice, Credentials, FileOperations, OpenFlags, Whence};
use kcore::errno::Errno;
use kcore::event::{Event, Kinds, LockStep, Waiting, What};
use kcore::host::{Host, HostMachine, Listener, Tasks};
use kcore::machine::{Sched, TaskId};
use kcore::scull::{Device, Edition, Geometry, Parameters};

/// An open file, or why there is none.
pub(crate) type Opened = Result<Box<dyn FileOperations<HostMachine>>, Errno>;

pub(crate) const BOTH: [Edition; 2] = [Edition::Book, Edition::Repaired];

pub(crate) const ANN: Credentials = Credentials::user(1, 1);
pub(crate) const BOB: Credentials = Credentials::user(2, 2);
/// Bob, acting in Ann's name.
pub(crate) const BOB_AS_ANN: Credentials = Credentials { euid: 1, ..BOB };
/// Ann, acting in Bob's name.
pub(crate) const ANN_AS_BOB: Credentials = Credentials { euid: 2, ..ANN };

/// A small scull device with its lock: two quanta of eight bytes a node.
pub(crate) fn bare(edition: Edition) -> Device<HostMachine> {
    let parameters = Arc::new(Parameters::new(Geometry { quantum: 8, qset: 2 }));
    Device::named("bare", "bare.sem", Edition::LOCK, edition, &parameters).unwrap()
}

pub(crate) fn open<D: CharDevice<HostMachine> + ?Sized>(
    device: &Arc<D>,
    flags: OpenFlags,
    who: &Credentials,
) -> Opened {
    Arc::clone(device).open(flags, who)
}

/// The number of an error; the tests compare these, for files are not to be compared.
#[track_caller]
pub(crate) fn refusal(opened: Opened) -> Errno {
    opened.err().expect("it was let in")
}

/// Everything that a file reads from its start.
pub(crate) fn contents(file: &dyn FileOperations<HostMachine>) -> Vec<u8> {
    file.llseek(Whence::Set, 0).unwrap();
    let mut all = Vec::new();
    loop {
        let mut some = [0; 8];
        let count = file.read(&mut some).unwrap();
        if count == 0 {
            return all;
        }
        all.extend(&some[..count]);
    }
}

/// A task that has told its user and then does `body`.
pub(crate) fn spawn<'scope, R: Send + 'scope>(
    tasks: &Tasks<'scope, '_>,
    body: impl FnOnce() -> R + Send + 'scope,
) -> (TaskId, ScopedJoinHandle<'scope, R>) {
    let (tell, told) = std::sync::mpsc::channel();
    let task = tasks.spawn(move || {
        tell.send(HostMachine::task()).unwrap();
        body()
    });
    (told.recv().unwrap(), task)
}

/// The first task that comes to a point stays there until it is let go.
pub(crate) struct Stop {
    point: &'static str,
    state: Mutex<State>,
    changed: Condvar,
    /// How often a task found a lock taken and slept for it.
    sleeps: AtomicUsize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Nobody,
    Standing,
    LetGo,
}

impl Stop {
    pub(crate) fn at(host: &Host, point: &'static str) -> Arc<Self> {
        let (state, changed) = (Mutex::new(State::Nobody), Condvar::new());
        let stop = Arc::new(Stop { point, state, changed, sleeps: AtomicUsize::new(0) });
        host.listen(Kinds::POINTS_AND_LOCKS, stop.clone());
        stop
    }

    /// Returns when a task stands at the point.
    pub(crate) fn has_come(&self) {
        self.wait_while(State::Nobody);
    }

    /// Whether a task has slept for a lock.
    pub(crate) fn has_kept_waiting(&self) -> bool {
        self.sleeps.load(Relaxed) > 0
    }

    pub(crate) fn let_go(&self) {
        self.become_(State::LetGo);
    }

    fn become_(&self, state: State) {
        *self.state.lock().unwrap() = state;
        self.changed.notify_all();
    }

    fn wait_while(&self, state: State) {
        let (_state, waited) = self
            .changed
            .wait_timeout_while(self.state.lock().unwrap(), Duration::from_secs(30), |now| *now == state)
            .unwrap();
        assert!(!waited.timed_out(), "nobody came to {}, or nobody let him go", self.point);
    }
}

impl Listener for Stop {
    fn on(&self, event: &Event) {
        if event.is(self.point) && *self.state.lock().unwrap() == State::Nobody {
            self.become_(State::Standing);
            self.wait_while(State::Standing);
        }
        if let What::Lock(LockStep::Wait, lock) = event.what
            && lock.name.waiting == Waiting::Sleeps
        {
            self.sleeps.fetch_add(1, Relaxed);
        }
    }
}
