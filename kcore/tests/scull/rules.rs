//! What the book says of the device, one rule at a time.

use std::ptr::with_exposed_provenance;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use kcore::dev::Whence;
use kcore::errno::Errno;
use kcore::event::{Event, Kinds};
use kcore::host::{Host, Listener};
use kcore::report::Counts;
use kcore::scull::{DEVICES, Device, File, Geometry, Mode, sites};
use kcore::settings::Form;

use crate::census::{counts, sound};
use crate::{SMALL, Scull, device, read_at, write_at};

/// Runs `test` on a fresh machine with a small device, and then sees that the device takes everything down
/// with it.
fn with(test: impl FnOnce(&Host, &Scull)) {
    let host = Host::new();
    host.run(|| {
        let device = device(Form::Spinlock, SMALL);
        test(&host, &device);
        sound(&host, &device);
        drop(device);
        assert_eq!(host.live(), []);
    });
}

/// How often the size was stored.
struct Stores(AtomicUsize);

impl Listener for Stores {
    fn on(&self, event: &Event) {
        if event.is("size.store") {
            self.0.fetch_add(1, Relaxed);
        }
    }
}

#[test]
fn a_write_goes_to_the_end_of_the_quantum() {
    with(|host, device| {
        let mut file = device.open(Mode::ReadWrite).unwrap();
        assert_eq!(file.write(&[1; 20]), Ok(8));
        assert_eq!(file.write(&[2; 5]), Ok(5));
        assert_eq!(file.write(&[3; 20]), Ok(3));
        assert_eq!((file.position(), device.size()), (16, 16));
        assert_eq!(sound(host, device), counts(1, 1, 2));
        assert_eq!(file.write(&[4; 1]), Ok(1));
        assert_eq!(sound(host, device), counts(2, 2, 3));
    });
}

#[test]
fn a_read_goes_to_the_end_of_the_quantum_and_of_the_data() {
    with(|_, device| {
        assert_eq!(write_at(device, 0, &[1; 8]), Ok(8));
        assert_eq!(write_at(device, 8, &[2; 3]), Ok(3));
        let mut file = device.open(Mode::Read).unwrap();
        let mut bytes = [0; 100];
        assert_eq!(file.read(&mut bytes[..5]), Ok(5));
        assert_eq!(file.read(&mut bytes[5..]), Ok(3));
        assert_eq!(file.read(&mut bytes[8..]), Ok(3));
        assert_eq!(bytes[..12], [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 0]);
        assert_eq!(file.read(&mut bytes), Ok(0), "at the end");
        assert_eq!(file.llseek(Whence::Current, 1000), Ok(1011));
        assert_eq!(file.read(&mut bytes), Ok(0), "past the end");
    });
}

#[test]
fn a_read_past_the_end_makes_nothing() {
    with(|host, device| {
        assert_eq!(read_at(device, 0, 1), Ok(vec![]));
        assert_eq!(read_at(device, 1 << 40, 1), Ok(vec![]));
        assert_eq!(host.account().allocated, Counts::default());
    });
}

#[test]
fn a_hole_ends_a_read_and_is_not_filled() {
    with(|host, device| {
        // Node 2, slot 1; nodes 0 and 1 are made on the way, without arrays.
        assert_eq!(write_at(device, 40, &[9]), Ok(1));
        assert_eq!(sound(host, device), counts(3, 1, 1));
        for hole in [0, 17, 32, 39] {
            assert_eq!(read_at(device, hole, 8), Ok(vec![]), "at {hole}");
        }
        assert_eq!(read_at(device, 40, 8), Ok(vec![9]));
        assert_eq!(sound(host, device), counts(3, 1, 1));
    });
}

#[test]
fn what_nobody_wrote_in_a_quantum_is_zero() {
    with(|_, device| {
        assert_eq!(write_at(device, 5, &[7]), Ok(1));
        assert_eq!(read_at(device, 0, 8), Ok(vec![0, 0, 0, 0, 0, 7]));
    });
}

#[test]
fn writing_inside_leaves_the_size_alone() {
    with(|host, device| {
        assert_eq!(write_at(device, 0, &[1; 8]), Ok(8));
        assert_eq!(write_at(device, 2, &[5; 3]), Ok(3));
        assert_eq!(device.size(), 8);
        assert_eq!(read_at(device, 0, 8), Ok(vec![1, 1, 5, 5, 5, 1, 1, 1]));
        // Not even the same size is stored, which would undo what another task has stored meanwhile (R6).
        let stores = Arc::new(Stores(AtomicUsize::new(0)));
        host.listen(Kinds::POINTS_AND_LOCKS, stores.clone());
        assert_eq!((write_at(device, 0, &[6; 8]), stores.0.load(Relaxed)), (Ok(8), 0));
        assert_eq!((write_at(device, 8, &[7]), stores.0.load(Relaxed)), (Ok(1), 1));
    });
}

#[test]
fn opening_only_for_writing_empties_the_device_and_nothing_else_does() {
    with(|host, device| {
        assert_eq!(write_at(device, 30, &[1]), Ok(1));
        device.open(Mode::Read).unwrap().release();
        device.open(Mode::ReadWrite).unwrap().release();
        assert_eq!((device.size(), sound(host, device).total()), (31, 4));
        device.open(Mode::Write).unwrap().release();
        assert_eq!((device.size(), sound(host, device).total()), (0, 0));
        // An empty device can be emptied, and used again.
        device.open(Mode::Write).unwrap().write(&[1, 2]).unwrap();
        assert_eq!(read_at(device, 0, 9), Ok(vec![1, 2]));
    });
}

#[test]
fn a_mode_is_kept() {
    with(|host, device| {
        assert_eq!(device.open(Mode::Read).unwrap().write(&[1]), Err(Errno::EBADF));
        assert_eq!(device.open(Mode::Write).unwrap().read(&mut [1]), Err(Errno::EBADF));
        assert_eq!(host.account().allocated, Counts::default());
    });
}

#[test]
fn files_have_their_own_positions() {
    with(|_, device| {
        let (mut one, mut two) =
            (device.open(Mode::ReadWrite).unwrap(), device.open(Mode::ReadWrite).unwrap());
        assert_eq!(one.write(&[1, 2, 3]), Ok(3));
        let mut bytes = [0; 2];
        assert_eq!(two.read(&mut bytes), Ok(2));
        assert_eq!((bytes, one.position(), two.position()), ([1, 2], 3, 2));
    });
}

#[test]
fn llseek_counts_from_three_places_and_refuses_what_is_no_position() {
    with(|_, device| {
        write_at(device, 0, &[0; 6]).unwrap();
        let mut file = device.open(Mode::Read).unwrap();
        let mut seek = |whence, offset| {
            let before = file.position();
            let result = file.llseek(whence, offset);
            assert_eq!(file.position(), result.unwrap_or(before));
            result
        };
        assert_eq!(seek(Whence::Set, 4), Ok(4));
        assert_eq!(seek(Whence::Current, -3), Ok(1));
        assert_eq!(seek(Whence::Current, -2), Err(Errno::EINVAL));
        assert_eq!(seek(Whence::End, -6), Ok(0));
        assert_eq!(seek(Whence::End, -7), Err(Errno::EINVAL));
        assert_eq!(seek(Whence::End, 100), Ok(106));
        assert_eq!(seek(Whence::Set, -1), Err(Errno::EINVAL));
        assert_eq!(seek(Whence::Set, i64::MIN), Err(Errno::EINVAL));
        assert_eq!(seek(Whence::Set, i64::MAX), Ok(i64::MAX as usize));
        assert_eq!(seek(Whence::Current, 1), Err(Errno::EINVAL));
    });
    let whence: Vec<_> = (-1..4).map(Whence::try_from).collect();
    let bad = Err(Errno::EINVAL);
    assert_eq!(whence, [bad, Ok(Whence::Set), Ok(Whence::Current), Ok(Whence::End), bad]);
}

#[test]
fn a_write_that_ends_past_the_last_position_is_refused() {
    with(|host, device| {
        let mut file: File<'_, _> = device.open(Mode::ReadWrite).unwrap();
        file.llseek(Whence::Set, i64::MAX).unwrap();
        assert_eq!(file.write(&[1]), Err(Errno::EINVAL));
        assert_eq!(host.account().allocated, Counts::default());
    });
}

#[test]
fn a_write_that_ends_at_the_last_position_is_not() {
    let host = Host::new();
    host.run(|| {
        let device = device(Form::Spinlock, Geometry { quantum: isize::MAX as usize, qset: 1 });
        // It gets as far as asking for a quantum of that size.
        assert_eq!(write_at(&device, isize::MAX as usize - 1, &[1]), Err(Errno::ENOMEM));
        assert_eq!(
            write_at(&device, isize::MAX as usize - 1, &[1; 2]),
            Err(Errno::ENOMEM),
            "no further than the quantum"
        );
        assert_eq!(sound(&host, &device), counts(1, 1, 0));
    });
}

#[test]
fn impossible_devices_are_refused() {
    let make = |index, quantum, qset| {
        let device: Result<Scull, _> = Device::new(index, Form::None, Geometry { quantum, qset });
        device.map(|device| device.name())
    };
    let most = isize::MAX as usize;
    for (quantum, qset) in
        [(0, 1), (1, 0), (0, 0), (most, 2), (2, most), (1, most), (most + 1, 1), (usize::MAX, usize::MAX)]
    {
        assert_eq!(make(0, quantum, qset), Err(Errno::EINVAL), "{quantum} {qset}");
    }
    let names: Vec<_> = (0..DEVICES).map(|index| make(index, 1, 1).unwrap()).collect();
    assert_eq!(names, ["scull0", "scull1", "scull2", "scull3"]);
    assert_eq!(make(4, 1, 1), Err(Errno::ENODEV));
    assert_eq!(make(0, most, 1), Ok("scull0"));
}

#[test]
fn what_is_too_large_for_the_heap_fails_when_it_is_needed() {
    let host = Host::new();
    host.run(|| {
        for geometry in [
            Geometry { quantum: isize::MAX as usize, qset: 1 },
            Geometry { quantum: 1, qset: isize::MAX as usize / 8 },
        ] {
            let device = device(Form::None, geometry);
            assert_eq!(write_at(&device, 0, &[1]), Err(Errno::ENOMEM));
            sound(&host, &device);
        }
    });
}

#[test]
fn the_root_is_the_word_that_leads_to_the_first_node() {
    with(|_, device| {
        // SAFETY: the device lives, and its head is an atomic word.
        let root = unsafe { &*with_exposed_provenance::<AtomicUsize>(device.root()) };
        assert_eq!(root.load(Relaxed), 0, "an empty device");
        device.prepare_nodes(2).unwrap();
        let mut nodes = Vec::new();
        assert_eq!(device.walk(|_, address| nodes.push(address)), 0);
        assert_eq!(root.load(Relaxed), nodes[0]);
    });
}

#[test]
fn the_default_geometry_is_the_book_s() {
    let geometry = Geometry::default();
    assert_eq!((geometry.quantum, geometry.qset, geometry.item_size()), (4000, 1000, 4_000_000));
    let place = geometry.place(4_000_000 + 3 * 4000 + 17);
    assert_eq!((place.item, place.slot, place.offset), (1, 3, 17));
}

#[test]
fn every_site_has_its_points() {
    let of = |name: &str| {
        let own = sites::POINTS.iter().filter(|point| {
            let rest = point.strip_prefix(name);
            rest.is_some_and(|rest| ["", ".load", ".store"].contains(&rest))
        });
        own.count()
    };
    let counted: Vec<_> = sites::ALL.iter().map(|site| of(site.name)).collect();
    assert!(counted.iter().all(|count| [1, 2].contains(count)));
    assert_eq!(counted.iter().sum::<usize>(), sites::POINTS.len());
}

#[test]
#[should_panic(expected = "scull0: the list is used, but nobody holds the lock")]
fn trim_without_the_lock_panics() {
    Host::new().run(|| device(Form::Semaphore, SMALL).trim());
}
