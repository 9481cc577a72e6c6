//! sculluid: one user at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kcore::dev::{CharDevice, Credentials, OpenFlags};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::scull::Edition;
use kcore::scull::access::Uid;

use crate::stage::{ANN, ANN_AS_BOB, BOB, BOB_AS_ANN, BOTH, bare, open, refusal};

/// What the rules say, for sculluid and scullwuid alike: `refused` is what a stranger gets.
pub(crate) fn rules<D: CharDevice<HostMachine>>(device: &Arc<D>, flags: OpenFlags, refused: Errno) {
    let first = open(device, flags, &ANN).unwrap();
    let again = open(device, flags, &ANN).unwrap();
    assert_eq!(refusal(open(device, flags, &BOB)), refused, "another user");
    assert!(open(device, flags, &BOB_AS_ANN).is_ok(), "another user after su");
    assert!(open(device, flags, &ANN_AS_BOB).is_ok(), "the same user after su");
    assert!(open(device, flags, &Credentials::ROOT).is_ok(), "who may override it");
    let no_override = Credentials { dac_override: false, ..Credentials::ROOT };
    assert_eq!(refusal(open(device, flags, &no_override)), refused, "it is not the number 0 that counts");
    drop(first);
    assert_eq!(refusal(open(device, flags, &BOB)), refused, "one file is still open");
    drop(again);
    let bobs = open(device, flags, &BOB).unwrap();
    assert_eq!(refusal(open(device, flags, &ANN)), refused);
    drop(bobs);

    let as_bob = open(device, flags, &ANN_AS_BOB).unwrap();
    assert_eq!(refusal(open(device, flags, &BOB)), refused, "the owner is the real user");
    assert!(open(device, flags, &ANN).is_ok());
    drop(as_bob);

    let anns = open(device, flags, &ANN).unwrap();
    let roots = open(device, flags, &Credentials::ROOT).unwrap();
    drop(anns);
    assert!(open(device, flags, &ANN).is_ok(), "it stays hers, though only root's file is left");
    assert_eq!(refusal(open(device, flags, &BOB)), refused);
    drop(roots);
    assert!(open(device, flags, &BOB).is_ok());
}

#[test]
fn who_may_open_it() {
    for edition in BOTH {
        let device: Arc<Uid<HostMachine>> = Uid::new(bare(edition).into());
        for flags in [OpenFlags::READ, OpenFlags::WRITE, OpenFlags::READ_WRITE | OpenFlags::NONBLOCK] {
            rules(&device, flags, Errno::EBUSY);
        }
        assert_eq!(device.open_files(), 0);
    }
}

#[test]
fn open_files_are_counted() {
    let device: Arc<Uid<HostMachine>> = Uid::new(bare(Edition::Repaired).into());
    let first = open(&device, OpenFlags::READ, &ANN).unwrap();
    let second = open(&device, OpenFlags::READ, &ANN).unwrap();
    assert_eq!(refusal(open(&device, OpenFlags::READ, &BOB)), Errno::EBUSY);
    assert_eq!(device.open_files(), 2, "who was refused has none");
    drop(first);
    assert_eq!(device.open_files(), 1);
    drop(second);
    assert_eq!(device.open_files(), 0);
}

/// Each file that is open is its user's, and none is lost.
#[test]
fn a_crowd_of_users_is_one_user_at_a_time() {
    let rounds = if cfg!(miri) { 20 } else { 2_000 };
    let (host, inside) = (Host::new(), [const { AtomicUsize::new(0) }; 2]);
    let device: Arc<Uid<HostMachine>> = Uid::new(bare(Edition::Repaired).into());
    host.tasks(4, |task| {
        let (mine, other) = (task % 2, 1 - task % 2);
        for _ in 0..rounds {
            if let Ok(file) = open(&device, OpenFlags::READ, &[ANN, BOB][mine]) {
                inside[mine].fetch_add(1, SeqCst);
                assert_eq!(inside[other].load(SeqCst), 0);
                inside[mine].fetch_sub(1, SeqCst);
                drop(file);
            }
        }
    });
    assert_eq!(device.open_files(), 0);
}
