//! Opening, and what an open file allows.

use std::sync::atomic::Ordering::SeqCst;

use kcore::dev::{
    Caller, Credentials, Events, FileOperations, NoUser, OpenFile, OpenFlags, PollTable, Whence,
};
use kcore::errno::Errno;

use crate::driver::{Machine, World};

#[test]
fn a_number_without_a_device_cannot_be_opened() {
    let world = World::new();
    assert_eq!(world.open(0).err(), Some(Errno::ENXIO));
    world.plug(0);
    assert!(world.open(0).is_ok());
    world.registry.remove(world.number(0)).unwrap();
    assert_eq!(world.open(0).err(), Some(Errno::ENXIO));
}

#[test]
fn the_driver_may_refuse_and_nothing_is_left_of_it() {
    let world = World::new();
    world.plug(0);
    let user = Credentials::user(1000, 1);
    let refused = world.registry.open(world.number(0), OpenFlags::READ, &user);
    assert_eq!(refused.err(), Some(Errno::EACCES));
    assert_eq!(world.module.users(), 0);
    world.registry.remove(world.number(0)).unwrap();
    assert_eq!(world.tally.devices.load(SeqCst), 0);
}

#[test]
fn a_file_does_what_it_was_opened_for() {
    let world = World::new();
    world.plug(0);
    let open = |flags| world.registry.open(world.number(0), flags, &Credentials::ROOT).unwrap();
    assert_eq!(open(OpenFlags::WRITE).read(&mut [0]), Err(Errno::EBADF));
    assert_eq!(open(OpenFlags::READ).write(&[0]), Err(Errno::EBADF));
    assert!(open(OpenFlags::WRITE).flags().is_write_only());
    assert!(!open(OpenFlags::READ_WRITE).flags().is_write_only());
}

/// What a driver does not offer.
struct Bare;

impl FileOperations<Machine> for Bare {}

#[test]
fn a_driver_without_operations() {
    let file = OpenFile::new(Box::new(Bare), OpenFlags::READ_WRITE);
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    assert_eq!((file.read(&mut []), file.write(&[])), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    assert_eq!(file.llseek(Whence::Set, 0), Err(Errno::ESPIPE));
    assert_eq!(file.ioctl(0x6b00, 0, &caller), Err(Errno::ENOTTY));
    assert_eq!(file.poll(&mut PollTable::asking()), Events::IN | Events::OUT);
}

#[test]
fn a_file_of_a_device_that_is_gone_answers_enodev() {
    let world = World::new();
    let device = world.plug(0);
    let file = world.open(0).unwrap();
    world.registry.remove(world.number(0)).unwrap();
    let caller = Caller { credentials: Credentials::ROOT, memory: &NoUser };
    assert_eq!(file.read(&mut [0]), Err(Errno::ENODEV));
    assert_eq!(file.write(&[0]), Err(Errno::ENODEV));
    assert_eq!(file.llseek(Whence::Set, 0), Err(Errno::ENODEV));
    assert_eq!(file.ioctl(0, 0, &caller), Err(Errno::ENODEV));
    assert_eq!(file.poll(&mut PollTable::new()), Events::all());
    assert!(device.upgrade().is_some(), "the file refers to it");
    drop(file);
    assert!(device.upgrade().is_none(), "its memory went with the last file");
    assert_eq!(world.tally.wrong.load(SeqCst), 0);
}
