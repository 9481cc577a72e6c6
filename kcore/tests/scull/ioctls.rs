//! Every ioctl, by the book's rules (LDD3 ch. 6).

use std::sync::Arc;

use kcore::dev::{Caller, Credentials, NoUser, UserBytes, UserMemory};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::scull::ioctl::*;
use kcore::scull::{Damage, Device, Edition, Geometry, Mode, Parameters};

use crate::{SMALL, Scull, write_at};

type Memory = UserBytes<8>;

/// An `int` of the caller's.
const INT: usize = Memory::BASE + 4;
/// Half an `int` of the caller's.
const HALF: usize = Memory::BASE + 6;

/// Runs `test` with a device of each edition.
fn each_edition(test: impl Fn(&Scull)) {
    for edition in [Edition::Book, Edition::Repaired] {
        of(edition, &test);
    }
}

fn of(edition: Edition, test: impl FnOnce(&Scull)) {
    Host::new().run(|| {
        let parameters = Arc::new(Parameters::new(SMALL));
        test(&Device::<HostMachine>::of_module(0, Edition::LOCK, edition, &parameters).unwrap());
    });
}

fn call(device: &Scull, command: u32, argument: usize) -> Result<usize, Errno> {
    device.ioctl(command, argument, &Caller { credentials: Credentials::ROOT, memory: &NoUser })
}

/// The same by a caller with an `int` in its memory; also what that is afterwards.
fn call_with(device: &Scull, command: u32, int: i32) -> (Result<usize, Errno>, i32) {
    let memory = Memory::new();
    memory.put_int(INT, int).unwrap();
    let result = device.ioctl(command, INT, &Caller { credentials: Credentials::ROOT, memory: &memory });
    (result, memory.get_int(INT).unwrap())
}

fn module(device: &Scull) -> (usize, usize) {
    let Geometry { quantum, qset } = device.parameters().geometry();
    (quantum, qset)
}

#[test]
fn the_numbers_are_the_book_s() {
    let numbers =
        [0x6b00, 0x4004_6b01, 0x4004_6b02, 0x6b03, 0x6b04, 0x8004_6b05, 0x8004_6b06, 0x6b07, 0x6b08];
    let ours = [
        IOCRESET,
        IOCSQUANTUM,
        IOCSQSET,
        IOCTQUANTUM,
        IOCTQSET,
        IOCGQUANTUM,
        IOCGQSET,
        IOCQQUANTUM,
        IOCQQSET,
    ];
    assert_eq!(ours, numbers);
    let numbers = [0xc004_6b09, 0xc004_6b0a, 0x6b0b, 0x6b0c, 0x6b0d, 0x6b0e];
    assert_eq!([IOCXQUANTUM, IOCXQSET, IOCHQUANTUM, IOCHQSET, P_IOCTSIZE, P_IOCQSIZE], numbers);
}

#[test]
fn set_tell_get_query_exchange_shift() {
    each_edition(|device| {
        assert_eq!(call_with(device, IOCSQUANTUM, 16), (Ok(0), 16));
        assert_eq!(call_with(device, IOCSQSET, 5), (Ok(0), 5));
        assert_eq!(module(device), (16, 5));
        assert_eq!((call(device, IOCTQUANTUM, 17), call(device, IOCTQSET, 6)), (Ok(0), Ok(0)));
        assert_eq!(module(device), (17, 6));
        assert_eq!(
            (call_with(device, IOCGQUANTUM, 0), call_with(device, IOCGQSET, 0)),
            ((Ok(0), 17), (Ok(0), 6))
        );
        assert_eq!((call(device, IOCQQUANTUM, 0), call(device, IOCQQSET, 0)), (Ok(17), Ok(6)));
        assert_eq!(call_with(device, IOCXQUANTUM, 18), (Ok(0), 17));
        assert_eq!(call_with(device, IOCXQSET, 7), (Ok(0), 6));
        assert_eq!((call(device, IOCHQUANTUM, 19), call(device, IOCHQSET, 8)), (Ok(18), Ok(7)));
        assert_eq!(module(device), (19, 8));
        assert_eq!(call(device, IOCRESET, 0), Ok(0));
        assert_eq!(module(device), (4000, 1000));
    });
}

#[test]
fn the_buffer_of_pipes() {
    each_edition(|device| {
        assert_eq!(call(device, P_IOCQSIZE, 0), Ok(Parameters::PIPE_BUFFER));
        assert_eq!(call(device, P_IOCTSIZE, 100), Ok(0));
        assert_eq!(call(device, P_IOCQSIZE, 0), Ok(100));
    });
}

#[test]
fn no_other_command_is_known() {
    each_edition(|device| {
        for command in
            [0x6b0f, 0x6bff, 0x6a00, 0x0000, u32::MAX, IOCRESET | 1 << 16, IOCSQUANTUM & !(1 << 30)]
        {
            assert_eq!(call(device, command, 0), Err(Errno::ENOTTY), "{command:#x}");
        }
        // The right letter and number, and another size or direction.
        assert_eq!(call(device, 0x4008_6b01, 0), Err(Errno::ENOTTY));
        assert_eq!(call(device, 0x8004_6b01, 0), Err(Errno::ENOTTY));
        assert_eq!(module(device), (8, 2));
    });
}

#[test]
fn who_may_not_change_anything_may_ask() {
    each_edition(|device| {
        let memory = Memory::new();
        let caller = Caller { credentials: Credentials::user(1000, 1), memory: &memory };
        for command in
            [IOCSQUANTUM, IOCSQSET, IOCTQUANTUM, IOCTQSET, IOCXQUANTUM, IOCXQSET, IOCHQUANTUM, IOCHQSET]
        {
            assert_eq!(device.ioctl(command, INT, &caller), Err(Errno::EPERM), "{command:#x}");
        }
        assert_eq!(module(device), (8, 2));
        assert_eq!(device.ioctl(IOCGQUANTUM, INT, &caller), Ok(0));
        assert_eq!(memory.get_int(INT), Ok(8));
        assert_eq!(device.ioctl(IOCQQSET, 0, &caller), Ok(2));
        // As in the book, these two look at no caller's rights.
        assert_eq!(device.ioctl(IOCRESET, 0, &caller), Ok(0));
        assert_eq!(device.ioctl(P_IOCTSIZE, 64, &caller), Ok(0));
    });
}

#[test]
fn a_bad_address_changes_nothing_but_in_the_book() {
    each_edition(|device| {
        let memory = Memory::new();
        let caller = Caller { credentials: Credentials::ROOT, memory: &memory };
        for address in [0, HALF, Memory::BASE - 1, usize::MAX] {
            assert_eq!(device.ioctl(IOCGQUANTUM, address, &caller), Err(Errno::EFAULT));
            for command in [IOCSQUANTUM, IOCXQUANTUM] {
                assert_eq!(device.ioctl(command, address, &caller), Err(Errno::EFAULT));
                let left = if device.edition() == Edition::Book { 0 } else { 8 };
                assert_eq!(module(device), (left, 2));
                assert_eq!(call(device, IOCTQUANTUM, 8), Ok(0));
            }
        }
    });
}

#[test]
fn only_the_book_takes_what_no_device_can_have() {
    of(Edition::Book, |device| {
        assert_eq!(call(device, IOCTQUANTUM, 0), Ok(0));
        assert_eq!(call_with(device, IOCSQSET, -3), (Ok(0), -3));
        assert_eq!(call_with(device, IOCGQSET, 0), (Ok(0), -3));
        assert_eq!(call(device, IOCQQSET, 0), Ok(-3_isize as usize));
        assert_eq!(call(device, P_IOCTSIZE, 0), Ok(0));
    });
    of(Edition::Repaired, |device| {
        for bad in [0, -1, i32::MIN] {
            for command in [IOCTQUANTUM, IOCTQSET, IOCHQUANTUM, IOCHQSET] {
                assert_eq!(call(device, command, bad as usize), Err(Errno::EINVAL));
            }
            for command in [IOCSQUANTUM, IOCSQSET, IOCXQUANTUM, IOCXQSET] {
                assert_eq!(call_with(device, command, bad), (Err(Errno::EINVAL), bad));
            }
        }
        assert_eq!(module(device), (8, 2));
        assert_eq!(call(device, P_IOCTSIZE, 1), Err(Errno::EINVAL));
        // The least that a device can have is taken.
        for command in [IOCTQUANTUM, IOCTQSET] {
            assert_eq!(call(device, command, 1), Ok(0));
        }
        assert_eq!(module(device), (1, 1));
        assert_eq!((call(device, P_IOCTSIZE, 2), call(device, P_IOCQSIZE, 0)), (Ok(0), Ok(2)));
        assert_eq!((call(device, IOCTQUANTUM, 8), call(device, IOCTQSET, 2)), (Ok(0), Ok(0)));
        // Only the lower half of the argument is an int.
        assert_eq!(call(device, IOCTQUANTUM, 1 << 32), Err(Errno::EINVAL));
        assert_eq!(call(device, IOCTQUANTUM, (1 << 32) + 9), Ok(0));
        assert_eq!(module(device), (9, 2));
    });
}

#[test]
fn a_device_gets_the_module_s_geometry_when_it_is_trimmed() {
    each_edition(|device| {
        write_at(device, 20, &[1]).unwrap();
        assert_eq!((call(device, IOCTQUANTUM, 3), call(device, IOCTQSET, 4)), (Ok(0), Ok(0)));
        assert_eq!(write_at(device, 0, &[1; 20]), Ok(8), "not yet");
        assert_eq!(device.geometry(), SMALL);
        device.open(Mode::Write).unwrap().release();
        assert_eq!(device.geometry(), Geometry { quantum: 3, qset: 4 });
        assert_eq!(write_at(device, 0, &[1; 20]), Ok(3));
        assert_eq!(write_at(device, 25, &[1; 20]), Ok(2), "the second byte of the ninth quantum");
        assert_eq!(device.damage(), Damage::default());
    });
}

#[test]
fn devices_of_a_module_share_its_parameters() {
    Host::new().run(|| {
        let parameters = Arc::new(Parameters::default());
        let device = |index| {
            Device::<HostMachine>::of_module(index, Edition::LOCK, Edition::Repaired, &parameters).unwrap()
        };
        let (first, second) = (device(0), device(1));
        assert_eq!(call(&first, IOCTQUANTUM, 5), Ok(0));
        assert_eq!(call(&second, IOCQQUANTUM, 0), Ok(5));
        assert_eq!((first.index(), second.index(), second.name()), (0, 1, "scull1"));
    });
}

#[test]
fn only_the_book_makes_a_device_that_cannot_be() {
    Host::new().run(|| {
        let impossible = Arc::new(Parameters::new(Geometry { quantum: 0, qset: 1 }));
        let make = |edition| Device::<HostMachine>::of_module(0, Edition::LOCK, edition, &impossible);
        assert_eq!(make(Edition::Repaired).err(), Some(Errno::EINVAL));
        assert!(make(Edition::Book).is_ok());
    });
}
