//! scullwuid: one user at a time, and the others sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kcore::dev::{Cdev, CharDevice, Credentials, Module, OpenFlags, Registry};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine, until};
use kcore::scull::Edition;
use kcore::scull::access::WaitingUid;

use crate::stage::{ANN, BOB, BOTH, bare, open, refusal, spawn};

const READ: OpenFlags = OpenFlags::READ;
const CYD: Credentials = Credentials::user(3, 3);

fn device() -> Arc<WaitingUid<HostMachine>> {
    WaitingUid::new(bare(Edition::Repaired).into())
}

#[test]
fn who_may_open_it() {
    for edition in BOTH {
        let device: Arc<WaitingUid<HostMachine>> = WaitingUid::new(bare(edition).into());
        crate::uid::rules(&device, READ | OpenFlags::NONBLOCK, Errno::EAGAIN);
        assert_eq!((device.open_files(), device.waiters()), (0, 0));
    }
}

#[test]
fn another_user_sleeps_until_the_last_file_is_closed() {
    let (host, device) = (Host::new(), device());
    host.scope(|tasks| {
        let files = [open(&device, READ, &ANN).unwrap(), open(&device, READ, &ANN).unwrap()];
        let bob = tasks.spawn(|| open(&device, READ, &BOB).map(drop));
        until(|| device.waiters() == 1);
        let [first, last] = files;
        drop(first);
        // Ann and root are not kept out by a user that waits.
        drop(open(&device, READ, &ANN).unwrap());
        drop(open(&device, READ, &Credentials::ROOT).unwrap());
        assert_eq!((device.waiters(), device.open_files()), (1, 1));
        drop(last);
        assert_eq!(bob.join().unwrap(), Ok(()));
        assert_eq!((device.waiters(), device.open_files()), (0, 0));
    });
}

/// Two sleepers of one user get in together, or the third does; then the rest.
#[test]
fn all_are_woken_and_those_of_one_user_get_in() {
    let (host, device) = (Host::new(), device());
    host.scope(|tasks| {
        let anns = open(&device, READ, &ANN).unwrap();
        let sleepers: Vec<_> =
            [BOB, BOB, CYD].iter().map(|who| (who.uid, tasks.spawn(|| open(&device, READ, who)))).collect();
        until(|| device.waiters() == 3);
        drop(anns);
        // They keep their files when they end: so one user's are open, and the others sleep.
        until(|| matches!((device.open_files(), device.waiters()), (2, 1) | (1, 2)));
        let bobs_first = device.open_files() == 2;
        let (first, rest): (Vec<_>, Vec<_>) =
            sleepers.into_iter().partition(|(uid, _)| (*uid == BOB.uid) == bobs_first);
        let files: Vec<_> = first.into_iter().map(|(_, task)| task.join().unwrap().unwrap()).collect();
        assert_eq!((files.len(), device.waiters()), (device.open_files(), rest.len()));
        drop(files);
        for (_, task) in rest {
            drop(task.join().unwrap().unwrap());
        }
    });
    assert_eq!((device.waiters(), device.open_files()), (0, 0));
}

#[test]
fn a_signal_ends_the_sleep_and_nothing_is_held() {
    let (host, device) = (Host::new(), device());
    host.scope(|tasks| {
        let anns = open(&device, READ, &ANN).unwrap();
        let (id, bob) = spawn(&tasks, || {
            let result = open(&device, READ, &BOB).map(drop);
            assert!(HostMachine::take_signal());
            result
        });
        until(|| device.waiters() == 1);
        host.interrupt(id);
        assert_eq!(bob.join().unwrap(), Err(Errno::ERESTARTSYS));
        assert_eq!((device.waiters(), device.open_files()), (0, 1));
        drop(anns);
        assert!(open(&device, READ, &CYD).is_ok());
    });
}

#[test]
fn what_is_free_is_had_in_spite_of_a_signal() {
    let (host, device) = (Host::new(), device());
    host.run(|| {
        use kcore::machine::Sched;
        host.interrupt(HostMachine::task());
        assert!(open(&device, READ, &ANN).is_ok());
        assert!(HostMachine::take_signal());
    });
}

#[test]
fn whoever_sleeps_when_the_device_goes_is_sent_away() {
    let (host, device) = (Host::new(), device());
    host.scope(|tasks| {
        let anns = open(&device, READ, &ANN).unwrap();
        let sleepers = [BOB, CYD].map(|who| {
            let device = &device;
            tasks.spawn(move || open(device, READ, &who).map(drop))
        });
        until(|| device.waiters() == 2);
        device.unplugged();
        for task in sleepers {
            assert_eq!(task.join().unwrap(), Err(Errno::ENODEV));
        }
        assert_eq!((device.waiters(), device.open_files()), (0, 1));
        assert_eq!(refusal(open(&device, READ | OpenFlags::NONBLOCK, &ANN)), Errno::ENODEV);
        drop(anns);
        assert_eq!(refusal(open(&device, READ, &BOB)), Errno::ENODEV);
    });
}

/// The whole way down: the registry waits for the sleeper, which the device sends away.
#[test]
fn it_can_be_unplugged_while_somebody_sleeps_in_open() {
    let (host, device) = (Host::new(), device());
    let (registry, module) = (Registry::<HostMachine>::new(), Module::new("scull"));
    let number = registry.claim("scullw", None, 1).unwrap().first;
    registry.add(Cdev::new(number, "scullwuid", &module, device.clone())).unwrap();
    host.scope(|tasks| {
        let anns = registry.open(number, READ, &ANN).unwrap();
        let bob = tasks.spawn(|| registry.open(number, READ, &BOB).map(drop).unwrap_err());
        until(|| device.waiters() == 1);
        assert_eq!(module.users(), 2);
        registry.remove(number).unwrap();
        assert_eq!(bob.join().unwrap(), Errno::ENODEV);
        assert_eq!(anns.read(&mut [0]), Err(Errno::ENODEV));
        assert_eq!(registry.open(number, READ, &ANN).unwrap_err(), Errno::ENXIO);
        drop(anns);
        assert_eq!((device.open_files(), module.users()), (0, 0));
    });
}

/// Whatever wakes which task: one user is inside, each gets in each time, and the test ends.
#[test]
fn a_crowd_of_users_takes_turns() {
    let rounds = if cfg!(miri) { 10 } else { 1_000 };
    let (host, inside) = (Host::new(), [const { AtomicUsize::new(0) }; 3]);
    let device = device();
    host.tasks(6, |task| {
        let mine = task % 3;
        for _ in 0..rounds {
            let file = open(&device, READ, &[ANN, BOB, CYD][mine]).unwrap();
            inside[mine].fetch_add(1, SeqCst);
            for other in (0..3).filter(|other| *other != mine) {
                assert_eq!(inside[other].load(SeqCst), 0);
            }
            inside[mine].fetch_sub(1, SeqCst);
            drop(file);
        }
    });
    assert_eq!((device.waiters(), device.open_files()), (0, 0));
}
