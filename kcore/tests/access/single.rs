//! scullsingle: one open file, and R15.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kcore::dev::{Caller, Credentials, Events, NoUser, OpenFlags, PollTable};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::scull::access::Single;
use kcore::scull::{Edition, ioctl};

use crate::stage::{ANN, BOB, BOTH, Stop, bare, contents, open, refusal};

fn single(edition: Edition) -> std::sync::Arc<Single<HostMachine>> {
    Single::new(bare(edition).into())
}

#[test]
fn one_file_whoever_asks() {
    for edition in BOTH {
        let device = single(edition);
        let file = open(&device, OpenFlags::READ, &ANN).unwrap();
        for who in [ANN, BOB, Credentials::ROOT] {
            for flags in [OpenFlags::READ, OpenFlags::WRITE, OpenFlags::READ | OpenFlags::NONBLOCK] {
                assert_eq!(refusal(open(&device, flags, &who)), Errno::EBUSY);
            }
        }
        drop(file);
        drop(open(&device, OpenFlags::READ, &BOB).unwrap());
        drop(open(&device, OpenFlags::READ, &ANN).unwrap());
    }
}

#[test]
fn what_a_file_does_is_sculls_own() {
    for edition in BOTH {
        let device = single(edition);
        let file = open(&device, OpenFlags::READ_WRITE, &ANN).unwrap();
        assert_eq!(file.write(b"12345678").unwrap(), 8);
        assert_eq!(file.write(b"9abc").unwrap(), 4);
        assert_eq!(contents(&*file), b"123456789abc");
        let caller = Caller { credentials: ANN, memory: &NoUser };
        assert_eq!(file.ioctl(ioctl::IOCQQUANTUM, 0, &caller), Ok(8));
        assert_eq!(file.ioctl(ioctl::IOCTQUANTUM, 16, &caller), Err(Errno::EPERM));
        assert_eq!(file.ioctl(0, 0, &caller), Err(Errno::ENOTTY));
        assert_eq!(file.poll(&mut PollTable::asking()), Events::IN | Events::OUT);
        drop(file);
        let file = open(&device, OpenFlags::READ, &ANN).unwrap();
        assert_eq!(contents(&*file), b"123456789abc");
        assert_eq!(file.write(b"x"), Err(Errno::EBADF));
        drop(file);
        drop(open(&device, OpenFlags::WRITE, &ANN).unwrap());
        assert_eq!(device.device().size(), 0, "opened write-only, it is emptied");
    }
}

#[test]
fn an_open_that_fails_lets_the_next_one_in() {
    let host = Host::new();
    let device = single(Edition::Repaired);
    host.scope(|tasks| {
        let held = device.device().guard().enter();
        let (id, task) = crate::stage::spawn(&tasks, || open(&device, OpenFlags::WRITE, &ANN).err());
        host.interrupt(id);
        assert_eq!(
            task.join().unwrap(),
            Some(Errno::ERESTARTSYS),
            "a signal while it slept for the device's lock"
        );
        drop(held);
        assert!(open(&device, OpenFlags::READ, &BOB).is_ok());
    });
}

/// A has the device; B is refused and has not left yet; A closes it; C tries. Returns what C gets.
fn third(edition: Edition) -> Option<Errno> {
    let (host, device) = (Host::new(), single(edition));
    host.scope(|tasks| {
        let file = open(&device, OpenFlags::READ, &ANN).unwrap();
        let refused = Stop::at(&host, "refused");
        let second = tasks.spawn(|| open(&device, OpenFlags::READ, &ANN).err());
        refused.has_come();
        drop(file);
        let third = open(&device, OpenFlags::READ, &ANN);
        refused.let_go();
        assert_eq!(second.join().unwrap(), Some(Errno::EBUSY));
        third.err()
    })
}

#[test]
fn a_free_device_is_refused_by_the_book_and_by_nobody_else() {
    assert_eq!(third(Edition::Book), Some(Errno::EBUSY));
    assert_eq!(third(Edition::Repaired), None);
}

#[test]
fn a_crowd_is_inside_one_at_a_time_and_leaves_the_device_free() {
    for edition in BOTH {
        let (host, device, inside) = (Host::new(), single(edition), AtomicUsize::new(0));
        let rounds = if cfg!(miri) { 20 } else { 2_000 };
        host.tasks(4, |_| {
            for _ in 0..rounds {
                if let Ok(file) = open(&device, OpenFlags::READ, &ANN) {
                    assert_eq!(inside.fetch_add(1, SeqCst), 0);
                    std::thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                    drop(file);
                }
            }
        });
        assert!(open(&device, OpenFlags::READ, &ANN).is_ok());
    }
}
