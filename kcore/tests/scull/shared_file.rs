//! Files that come from the registry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use kcore::dev::{
    Caller, Cdev, CharDevice, Credentials, DeviceNumber, Events, Module, NoUser, OpenFile, OpenFlags,
    PollTable, Registry, Whence,
};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::machine::{Cpu, Sched, TaskId};
use kcore::scull::{SharedFile, ioctl};
use kcore::settings::Form;

use crate::{SMALL, Scull, device};

const NUMBER: DeviceNumber = DeviceNumber { major: 250, minor: 0 };

/// No task has this number.
const NOBODY: u32 = u32::MAX;

type Opened = Result<Arc<OpenFile<HostMachine>>, Errno>;

/// Runs `test` with a device that can be opened by its number.
fn plugged(lock: Form, test: impl FnOnce(&Host, &Arc<Scull>, &dyn Fn(OpenFlags) -> Opened)) {
    let host = Host::new();
    host.run(|| {
        let scull = Arc::new(device(lock, SMALL));
        let module = Module::new("scull");
        let registry = Registry::new();
        let region = registry.claim("scull", Some(250), 4).unwrap();
        let character: Arc<dyn CharDevice<HostMachine>> = scull.clone();
        registry.add(Cdev::new(NUMBER, "scull0", &module, character)).unwrap();
        test(&host, &scull, &|flags| registry.open(NUMBER, flags, &Credentials::ROOT));
        registry.remove(NUMBER).unwrap();
        registry.give_back(&region);
        assert_eq!((module.users(), Arc::strong_count(&scull)), (0, 1), "no file is left");
        drop(scull);
        assert_eq!(host.live(), []);
    });
}

#[test]
fn calls_are_those_of_any_file() {
    for lock in [Form::None, Form::Semaphore, Form::Spinlock] {
        plugged(lock, |_, scull, open| {
            let file = open(OpenFlags::READ_WRITE).unwrap();
            assert_eq!(
                (file.write(&[1; 20]), file.write(&[2; 3])),
                (Ok(8), Ok(3)),
                "to the end of the quantum"
            );
            assert_eq!(file.llseek(Whence::End, -4), Ok(7));
            let mut bytes = [0; 9];
            assert_eq!((file.read(&mut bytes), bytes[0]), (Ok(1), 1));
            assert_eq!((file.read(&mut bytes), bytes[..3] == [2; 3]), (Ok(3), true));
            assert_eq!(file.read(&mut bytes), Ok(0), "at the end");
            assert_eq!(file.llseek(Whence::Set, -1), Err(Errno::EINVAL));
            assert_eq!(file.llseek(Whence::Current, 100), Ok(111));
            assert_eq!(scull.size(), 11);
        });
    }
}

#[test]
fn modes_and_trim() {
    plugged(Form::Semaphore, |_, scull, open| {
        let write = open(OpenFlags::WRITE).unwrap();
        assert_eq!((write.write(&[1; 4]), write.read(&mut [0; 4])), (Ok(4), Err(Errno::EBADF)));
        let read = open(OpenFlags::READ).unwrap();
        assert_eq!((read.write(&[1; 4]), read.read(&mut [0; 4])), (Err(Errno::EBADF), Ok(4)));
        drop(open(OpenFlags::READ_WRITE | OpenFlags::TRUNCATE).unwrap());
        assert_eq!(scull.size(), 4, "only write-only empties it");
        drop(open(OpenFlags::WRITE | OpenFlags::APPEND).unwrap());
        assert_eq!((scull.size(), read.read(&mut [0; 4])), (0, Ok(0)));
    });
}

#[test]
fn two_files_have_two_positions_and_one_file_has_one() {
    plugged(Form::Mutex, |_, _, open| {
        let (one, other) = (open(OpenFlags::READ_WRITE).unwrap(), open(OpenFlags::READ_WRITE).unwrap());
        let same = Arc::clone(&one);
        assert_eq!((one.write(&[1; 2]), same.write(&[2; 2]), other.write(&[3])), (Ok(2), Ok(2), Ok(1)));
        let mut bytes = [0; 8];
        assert_eq!((one.llseek(Whence::Set, 0), other.read(&mut bytes)), (Ok(0), Ok(3)));
        assert_eq!(bytes[..3], [1, 2, 2]);
    });
}

#[test]
fn an_ioctl_goes_to_the_module() {
    plugged(Form::Semaphore, |_, scull, open| {
        let file = open(OpenFlags::READ).unwrap();
        let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
        assert_eq!(file.ioctl(ioctl::IOCTQSET, 9, &caller), Ok(0));
        assert_eq!((file.ioctl(ioctl::IOCQQSET, 0, &caller), scull.parameters().geometry().qset), (Ok(9), 9));
        assert_eq!(file.ioctl(0, 0, &caller), Err(Errno::ENOTTY));
        let mut nothing = PollTable::new();
        assert_eq!(file.poll(&mut nothing), Events::IN | Events::OUT);
    });
}

/// The first sleeps for the device and has the position, the second sleeps for the position: each can be
/// interrupted, and has done nothing then.
#[test]
fn a_signal_ends_the_wait() {
    plugged(Form::Semaphore, |host, scull, open| {
        let file = open(OpenFlags::READ_WRITE).unwrap();
        let sleeping = AtomicU32::new(NOBODY);
        let held = scull.guard().enter();
        host.scope(|scope| {
            let sleepers = [0, 1].map(|_| {
                let (file, sleeping) = (Arc::clone(&file), &sleeping);
                scope.spawn(move || {
                    sleeping.store(HostMachine::task().0, SeqCst);
                    assert_eq!(file.write(&[1]), Err(Errno::ERESTARTSYS));
                    assert!(HostMachine::take_signal());
                });
                while sleeping.load(SeqCst) == NOBODY {
                    HostMachine::relax();
                }
                // The signal may come before the sleep: that ends it as well.
                TaskId(sleeping.swap(NOBODY, SeqCst))
            });
            sleepers.into_iter().rev().for_each(|sleeper| host.interrupt(sleeper));
        });
        drop(held);
        assert_eq!((file.write(&[1]), scull.size()), (Ok(1), 1));
    });
}

#[test]
fn a_file_keeps_its_device() {
    Host::new().run(|| {
        let scull = Arc::new(device(Form::None, SMALL));
        let file = SharedFile::open(Arc::clone(&scull), OpenFlags::READ_WRITE).unwrap();
        drop(scull);
        assert_eq!(kcore::dev::FileOperations::write(&file, &[1; 3]), Ok(3));
        assert_eq!((file.device().size(), Arc::strong_count(file.device())), (3, 1));
    });
}
