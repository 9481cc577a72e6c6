//! The rules that hold for a device whichever it is: each device of the family is asked by name.

use std::sync::Arc;

use kcore::dev::{
    Caller, Credentials, Events, NoUser, OpenFile, OpenFlags, PollTable, UserBytes, UserMemory, Whence,
};
use kcore::errno::Errno;
use kcore::fuzz::{Devices, Family};
use kcore::host::{Host, HostMachine};
use kcore::scull::{Edition, ioctl::*};

use crate::world::World;

type File = Arc<OpenFile<HostMachine>>;
type Memory = UserBytes<16>;

const USER: Credentials = Credentials::user(1000, 1);
const BOTH: OpenFlags = OpenFlags::READ_WRITE.union(OpenFlags::NONBLOCK);
/// Commands that only `CAP_SYS_ADMIN` may give.
const CHANGES: [u32; 8] =
    [IOCSQUANTUM, IOCSQSET, IOCTQUANTUM, IOCTQSET, IOCXQUANTUM, IOCXQSET, IOCHQUANTUM, IOCHQSET];
/// Commands whose argument is an address.
const POINTERS: [u32; 6] = [IOCSQUANTUM, IOCSQSET, IOCGQUANTUM, IOCGQSET, IOCXQUANTUM, IOCXQSET];

/// `test` with each device in turn, of each edition, on a machine of its own.
fn each(test: impl Fn(&World, usize)) {
    for edition in [Edition::Book, Edition::Repaired] {
        Host::new().run(|| {
            let world = World::new(edition, Edition::LOCK, false);
            (0..world.count()).for_each(|index| test(&world, index));
        });
    }
}

fn open(world: &World, index: usize) -> File {
    world
        .open(index, BOTH, &Credentials::ROOT)
        .unwrap_or_else(|errno| panic!("{}: {errno}", world.name(index)))
}

fn ioctl(file: &File, command: u32, argument: usize, credentials: Credentials) -> Result<usize, Errno> {
    file.ioctl(command, argument, &Caller { credentials, memory: &NoUser })
}

#[test]
fn enotty_for_what_is_no_command_of_the_family() {
    each(|world, index| {
        let file = open(world, index);
        for command in
            [io(15), io(255), IOCRESET + (1 << 8), IOCRESET | 1 << 16, IOCSQUANTUM ^ 1 << 30, u32::MAX]
        {
            let answer = ioctl(&file, command, 1, Credentials::ROOT);
            assert_eq!(answer, Err(Errno::ENOTTY), "{}: {command:#x}", world.name(index));
        }
        let known = ioctl(&file, IOCQQUANTUM, 0, USER);
        let expected = if world.family(index) == Family::Waits { Err(Errno::ENOTTY) } else { Ok(16) };
        assert_eq!(known, expected, "{}", world.name(index));
    });
}

/// A command without an argument in memory.
fn io(number: u32) -> u32 {
    IOCRESET | number
}

#[test]
fn eperm_for_who_may_not_change_anything() {
    each(|world, index| {
        if world.family(index) == Family::Waits {
            return;
        }
        let file = open(world, index);
        for command in CHANGES {
            let answer = ioctl(&file, command, 5, USER);
            assert_eq!(answer, Err(Errno::EPERM), "{}: {command:#x}", world.name(index));
        }
        let quantum_and_qset = (ioctl(&file, IOCQQUANTUM, 0, USER), ioctl(&file, IOCQQSET, 0, USER));
        assert_eq!(quantum_and_qset, (Ok(16), Ok(4)), "nothing has changed");
        // LDD3's driver asks for no capability here, so any caller may.
        assert_eq!(ioctl(&file, P_IOCTSIZE, 40, USER), Ok(0));
        assert_eq!(ioctl(&file, IOCRESET, 0, USER), Ok(0));
        assert_eq!(ioctl(&file, IOCTQUANTUM, 16, Credentials::ROOT), Ok(0));
        assert_eq!(ioctl(&file, IOCTQSET, 4, Credentials::ROOT), Ok(0));
    });
}

#[test]
fn efault_for_an_address_that_is_nobody_s() {
    each(|world, index| {
        if world.family(index) == Family::Waits {
            return;
        }
        let (file, memory) = (open(world, index), Memory::new());
        let caller = Caller { credentials: Credentials::ROOT, memory: &memory };
        for command in POINTERS {
            for address in [0, Memory::BASE - 1, Memory::BASE + 13, usize::MAX - 1] {
                let answer = file.ioctl(command, address, &caller);
                assert_eq!(answer, Err(Errno::EFAULT), "{}: {command:#x} {address:#x}", world.name(index));
            }
        }
        for (command, value) in [(IOCSQUANTUM, 16), (IOCSQSET, 4)] {
            memory.put_int(Memory::BASE + 12, value).unwrap();
            assert_eq!(
                file.ioctl(command, Memory::BASE + 12, &caller),
                Ok(0),
                "the last int is the caller's"
            );
        }
    });
}

#[test]
fn ebadf_for_the_way_in_which_it_is_not_open() {
    each(|world, index| {
        let open = |flags| world.open(index, flags | OpenFlags::NONBLOCK, &Credentials::ROOT).unwrap();
        assert_eq!(open(OpenFlags::READ).write(b"x"), Err(Errno::EBADF), "{}", world.name(index));
        assert_eq!(open(OpenFlags::WRITE).read(&mut [0]), Err(Errno::EBADF), "{}", world.name(index));
    });
}

#[test]
fn espipe_where_there_is_no_position() {
    each(|world, index| {
        let file = open(world, index);
        let expected = if world.family(index) == Family::Scull { Ok(7) } else { Err(Errno::ESPIPE) };
        assert_eq!(file.llseek(Whence::Set, 7), expected, "{}", world.name(index));
        if expected.is_ok() {
            assert_eq!(file.llseek(Whence::Current, -8), Err(Errno::EINVAL), "{}", world.name(index));
            assert_eq!(file.llseek(Whence::End, 100), Ok(100), "past the end");
        }
    });
}

#[test]
fn poll_says_what_would_not_sleep() {
    each(|world, index| {
        let file = open(world, index);
        let expected =
            if world.family(index) == Family::Pipe { Events::OUT } else { Events::IN | Events::OUT };
        assert_eq!(file.poll(&mut PollTable::asking()), expected, "{}", world.name(index));
    });
}

#[test]
fn enodev_for_every_call_after_the_device_has_gone_and_enxio_for_open() {
    each(|world, index| {
        let (file, name) = (open(world, index), world.name(index));
        world.remove(index);
        assert_eq!(file.read(&mut [0]), Err(Errno::ENODEV), "{name}");
        assert_eq!(file.write(b"x"), Err(Errno::ENODEV), "{name}");
        assert_eq!(file.llseek(Whence::Set, 0), Err(Errno::ENODEV), "{name}");
        assert_eq!(ioctl(&file, IOCQQUANTUM, 0, USER), Err(Errno::ENODEV), "{name}");
        assert_eq!(file.poll(&mut PollTable::new()), Events::all(), "{name}");
        assert_eq!(world.open(index, BOTH, &Credentials::ROOT).err(), Some(Errno::ENXIO), "{name}");
    });
}

/// What the second of two users gets, and a user without a terminal, and one that wants neither to read nor
/// to write.
#[test]
fn open_is_refused_by_each_device_in_its_own_way() {
    each(|world, index| {
        let name = world.name(index);
        let first = world.open(index, BOTH, &USER).unwrap();
        let other = Credentials::user(1001, 2);
        let expected = match name {
            "scullsingle" | "sculluid" => Some(Errno::EBUSY),
            "scullwuid" => Some(Errno::EAGAIN),
            _ => None,
        };
        assert_eq!(world.open(index, BOTH, &other).err(), expected, "{name}");
        drop(first);
        assert_eq!(world.open(index, BOTH, &other).err(), None, "{name}");
        let nowhere = Credentials { terminal: None, ..USER };
        let expected = (name == "scullpriv").then_some(Errno::EINVAL);
        assert_eq!(world.open(index, BOTH, &nowhere).err(), expected, "{name}");
        let expected = (world.family(index) == Family::Pipe).then_some(Errno::EINVAL);
        assert_eq!(world.open(index, OpenFlags::NONBLOCK, &USER).err(), expected, "{name}");
    });
}

/// Whatever else guards the device, a write goes to the end of the quantum, and a pipe's to the end of its
/// buffer.
#[test]
fn counts_are_short_where_a_quantum_or_a_buffer_ends() {
    each(|world, index| {
        let (file, name) = (open(world, index), world.name(index));
        let (first, second) = match world.family(index) {
            // Quanta of 16 bytes.
            Family::Scull => (Ok(16), Ok(16)),
            // A buffer of 40, one of which is never used.
            Family::Pipe => (Ok(39), Err(Errno::EAGAIN)),
            Family::Waits => (Ok(100), Ok(100)),
        };
        assert_eq!((file.write(&[1; 100]), file.write(&[1; 100])), (first, second), "{name}");
        if world.family(index) == Family::Scull {
            assert_eq!(file.llseek(Whence::Set, 10), Ok(10));
            let reads = [(); 3].map(|()| file.read(&mut [0; 100]));
            assert_eq!(reads, [Ok(6), Ok(16), Ok(0)], "{name}");
        }
    });
}
