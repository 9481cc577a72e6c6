//! scullpriv: a device for each terminal, and R33.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use kcore::dev::{Credentials, OpenFlags};
use kcore::errno::Errno;
use kcore::event::{Event, Kinds, LockStep, TaskStep, What};
use kcore::host::{Host, HostMachine, Listener};
use kcore::scull::Edition;
use kcore::scull::access::Private;

use crate::stage::{BOTH, Stop, bare, contents, open, refusal};

fn private(edition: Edition) -> Arc<Private<HostMachine>> {
    Private::new(edition, move || Ok(bare(edition)))
}

fn at(terminal: u32) -> Credentials {
    Credentials::user(1, terminal)
}

#[test]
fn who_has_no_terminal_has_no_device() {
    for edition in BOTH {
        let device = private(edition);
        let daemon = Credentials { terminal: None, ..Credentials::ROOT };
        assert_eq!(refusal(open(&device, OpenFlags::READ, &daemon)), Errno::EINVAL);
        assert!(device.devices().is_empty());
    }
}

#[test]
fn what_cannot_be_made_is_not_in_the_list() {
    for edition in BOTH {
        let is_short = Arc::new(AtomicBool::new(true));
        let asked = is_short.clone();
        let device: Arc<Private<HostMachine>> =
            Private::new(
                edition,
                move || if asked.load(SeqCst) { Err(Errno::ENOMEM) } else { Ok(bare(edition)) },
            );
        assert_eq!(refusal(open(&device, OpenFlags::READ, &at(1))), Errno::ENOMEM);
        assert!(device.devices().is_empty());
        is_short.store(false, SeqCst);
        assert!(open(&device, OpenFlags::READ, &at(1)).is_ok());
        assert_eq!(device.devices().len(), 1);
    }
}

#[test]
fn terminals_do_not_see_each_other() {
    for edition in BOTH {
        let device = private(edition);
        for terminal in 0..3 {
            let file = open(&device, OpenFlags::WRITE, &at(terminal)).unwrap();
            file.write(&[terminal as u8; 4]).unwrap();
        }
        for terminal in 0..3 {
            // Another user at the same terminal has the same device, and it is there after its last file was
            // closed.
            let who = Credentials::user(9, terminal);
            let file = open(&device, OpenFlags::READ, &who).unwrap();
            assert_eq!(contents(&*file), [terminal as u8; 4]);
        }
        drop(open(&device, OpenFlags::WRITE, &at(1)).unwrap());
        assert_eq!(device.devices().iter().map(|device| device.size()).collect::<Vec<_>>(), [4, 0, 4]);
    }
}

#[test]
fn all_goes_with_the_module() {
    for edition in BOTH {
        let host = Host::new();
        host.run(|| {
            let device = private(edition);
            for terminal in 0..3 {
                open(&device, OpenFlags::WRITE, &at(terminal)).unwrap().write(b"x").unwrap();
            }
            let left_open = open(&device, OpenFlags::READ, &at(0)).unwrap();
            assert!(host.account().live_bytes > 0);
            drop(device);
            assert_eq!(contents(&*left_open), b"x", "a file keeps its device");
            drop(left_open);
        });
        assert_eq!(host.account().live_bytes, 0);
    }
}

/// Counts calls that may sleep, and those that were made under the device's spinlock. One task at a time.
#[derive(Default)]
struct Atomic {
    is_held: AtomicBool,
    calls: AtomicUsize,
    invalid: AtomicUsize,
}

impl Listener for Atomic {
    fn on(&self, event: &Event) {
        match event.what {
            What::Lock(step, lock) if lock.name.name == "scullpriv.lock" => {
                self.is_held.store(step == LockStep::Acquired, SeqCst);
            }
            What::Task(TaskStep::MaySleep) => {
                self.calls.fetch_add(1, SeqCst);
                self.invalid.fetch_add(self.is_held.load(SeqCst).into(), SeqCst);
            }
            _ => {}
        }
    }
}

/// How often an allocation that may sleep is made, and how often with the spinlock held, when three terminals
/// open it twice.
fn allocations(edition: Edition) -> (usize, usize) {
    let (host, device, atomic) = (Host::new(), private(edition), Arc::new(Atomic::default()));
    host.listen(Kinds::LOCKS | Kinds::TASKS, atomic.clone());
    host.run(|| (0..6).for_each(|time| drop(open(&device, OpenFlags::READ, &at(time % 3)).unwrap())));
    (atomic.calls.load(SeqCst), atomic.invalid.load(SeqCst))
}

#[test]
fn only_the_book_allocates_under_its_spinlock() {
    assert_eq!(allocations(Edition::Book), (3, 3));
    assert_eq!(allocations(Edition::Repaired), (3, 0));
}

/// One has looked and is about to make a device; another makes one meanwhile: the first takes that.
#[test]
fn a_terminal_has_one_device_however_many_make_one() {
    let (host, device) = (Host::new(), private(Edition::Repaired));
    host.scope(|tasks| {
        let missing = Stop::at(&host, "missing");
        let slow = tasks.spawn(|| contents(&*open(&device, OpenFlags::READ, &at(7)).unwrap()));
        missing.has_come();
        open(&device, OpenFlags::WRITE, &at(7)).unwrap().write(b"quick").unwrap();
        missing.let_go();
        assert_eq!(slow.join().unwrap(), b"quick");
    });
    assert_eq!(device.devices().len(), 1);
}

#[test]
fn a_crowd_of_terminals_has_one_device_each() {
    for edition in BOTH {
        let (host, device) = (Host::new(), private(edition));
        let terminals = if cfg!(miri) { 10 } else { 300 };
        host.tasks(4, |_| {
            for terminal in 0..terminals {
                let file = open(&device, OpenFlags::READ_WRITE, &at(terminal)).unwrap();
                file.write(&[1]).unwrap();
            }
        });
        assert_eq!(device.devices().len(), terminals as usize);
    }
}
