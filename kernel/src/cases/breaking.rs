//! A driver that breaks the task that uses it, each device in a way of its own, for the cases of `estate`.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::class;
use kcore::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::event::{Class, LockName};
use kcore::sync::{Mutex, Observed, WaitQueue};

use crate::dev::{Built, Group, Loadable, NewDevice, Parameters, Refused};
use crate::machine::Kernel;

pub(super) static BREAKING: Loadable = Loadable { name: "breaking", parameters: &[], build };

/// In which those tasks stand that have died in the middle of a test of their condition.
pub(super) static QUEUE: WaitQueue<Kernel> = WaitQueue::new(Class::EVENT);

/// What a writer dies with, and a reader waits for, whatever is sent to it.
static LOCK: Mutex<(), Kernel, Observed> =
    Mutex::new(Observed::new(LockName::sleeps("breaking.lock", class!("test"))), ());

/// The devices by minor, and in what they break.
#[derive(Clone, Copy)]
enum Breaks {
    Open,
    Write,
    Release,
    Condition,
    WithTheLock,
}

const DEVICES: [(&str, Breaks); 5] = [
    ("breaks-open", Breaks::Open),
    ("breaks-write", Breaks::Write),
    ("breaks-release", Breaks::Release),
    ("breaks-condition", Breaks::Condition),
    ("breaks-lock", Breaks::WithTheLock),
];

fn build(_given: &Parameters<'_>) -> Result<Built, Refused> {
    let device = |(name, breaks): (&str, Breaks)| NewDevice {
        name: name.into(),
        mode: 0o666,
        device: Arc::new(breaks),
    };
    let devices: Vec<NewDevice> = DEVICES.into_iter().map(device).collect();
    Ok(Built { groups: Vec::from([Group { name: "breaking", devices }]), ..Built::default() })
}

struct File(Breaks);

impl CharDevice<Kernel> for Breaks {
    fn open(
        self: Arc<Self>,
        _flags: OpenFlags,
        _credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        assert!(!matches!(*self, Breaks::Open), "breaks in open");
        Ok(Box::new(File(*self)))
    }
}

impl FileOperations<Kernel> for File {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        match self.0 {
            Breaks::Condition => {
                let mut tests = 0;
                QUEUE.wait_event_interruptible(|| {
                    tests += 1;
                    // The second time it stands in the queue.
                    assert!(tests < 2, "breaks in a condition");
                    false
                })?;
            }
            Breaks::WithTheLock => drop(LOCK.lock()),
            _ => {}
        }
        Ok(0)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        match self.0 {
            Breaks::Write => panic!("breaks in write"),
            Breaks::WithTheLock => {
                let _held = LOCK.lock();
                panic!("breaks with its lock");
            }
            _ => Ok(from.len()),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        assert!(!matches!(self.0, Breaks::Release), "breaks in release");
    }
}
