//! R12: an opener for writing only empties the device, with its lock or without.

use std::sync::Arc;

use kcore::dev::{CharDevice, OpenFlags};
use kcore::host::{Host, HostMachine, until};
use kcore::scull::access::{Private, Single, Uid, WaitingUid};
use kcore::scull::{Damage, Device, Edition};

use crate::stage::{ANN, Stop, bare, contents, open};

type Controlled = Arc<dyn CharDevice<HostMachine>>;

/// The devices that more than one may be inside of, each with the scull device behind it, which has something
/// in it.
fn controlled(edition: Edition) -> Vec<(Controlled, Arc<Device<HostMachine>>)> {
    let uid: Arc<Uid<HostMachine>> = Uid::new(bare(edition).into());
    let wuid: Arc<WaitingUid<HostMachine>> = WaitingUid::new(bare(edition).into());
    let private: Arc<Private<HostMachine>> = Private::new(edition, move || Ok(bare(edition)));
    let first = |controlled: Controlled| {
        open(&controlled, OpenFlags::WRITE, &ANN).unwrap().write(b"12345678").unwrap();
        controlled
    };
    let (of_uid, of_wuid) = (uid.device().clone(), wuid.device().clone());
    let private_too = private.clone();
    let private = first(private);
    vec![(first(uid), of_uid), (first(wuid), of_wuid), (private, private_too.devices().remove(0))]
}

/// A first task stands at `point` inside the device; a second opens it write-only. Whether the second had to
/// wait.
fn beside(host: &Host, device: &Controlled, point: &'static str, first: OpenFlags) -> bool {
    host.scope(|tasks| {
        let stop = Stop::at(host, point);
        let first = tasks.spawn(move || {
            let file = open(device, first, &ANN).unwrap();
            assert_eq!(file.write(b"abcdefgh").unwrap(), 8);
        });
        stop.has_come();
        let second = tasks.spawn(|| drop(open(device, OpenFlags::WRITE, &ANN).unwrap()));
        until(|| second.is_finished() || stop.has_kept_waiting());
        let waited = !second.is_finished();
        stop.let_go();
        first.join().unwrap();
        second.join().unwrap();
        waited
    })
}

/// The bytes of a write that said it was well, and where the device says it ends.
fn what_is_there(device: &Controlled, scull: &Device<HostMachine>) -> (Vec<u8>, usize) {
    (contents(&*open(device, OpenFlags::READ, &ANN).unwrap()), scull.size())
}

#[test]
fn the_book_frees_what_a_writer_writes_to() {
    for (edition, waits) in [(Edition::Book, false), (Edition::Repaired, true)] {
        let host = Host::new();
        host.run(|| {
            for (device, scull) in controlled(edition) {
                assert_eq!(beside(&host, &device, "copy.half", OpenFlags::READ_WRITE), waits, "{edition:?}");
                // The writer goes on with a quantum that was freed, and then says how far the device goes.
                let size = if waits { 0 } else { 8 };
                assert_eq!(what_is_there(&device, &scull), (vec![], size), "{edition:?}");
                assert_eq!(scull.damage(), Damage::default());
            }
        });
    }
}

#[test]
fn the_book_frees_twice_what_two_trim() {
    for (edition, waits) in [(Edition::Book, false), (Edition::Repaired, true)] {
        let host = Host::new();
        host.run(|| {
            for (device, scull) in controlled(edition) {
                assert_eq!(beside(&host, &device, "trim.free", OpenFlags::WRITE), waits, "{edition:?}");
                assert_eq!(scull.damage().double_free > 0, !waits, "{edition:?}");
            }
        });
        assert_eq!(host.account().double_frees > 0, edition == Edition::Book);
    }
}

/// None but the caller that opened it is inside of scullsingle, so its missing lock does no harm.
#[test]
fn where_one_may_be_inside_nobody_is_hurt() {
    for edition in [Edition::Book, Edition::Repaired] {
        let host = Host::new();
        host.tasks(1, |_| {
            let single: Arc<Single<HostMachine>> = Single::new(bare(edition).into());
            for _ in 0..3 {
                open(&single, OpenFlags::WRITE, &ANN).unwrap().write(b"12345678").unwrap();
            }
            assert_eq!((single.device().damage(), single.device().size()), (Damage::default(), 8));
        });
        assert_eq!(host.account().live_bytes, 0);
    }
}
