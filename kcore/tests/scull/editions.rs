//! What the driver of the book does wrong with its lock, and the repaired one does not (R11, R13, R32, R34).

use std::sync::{Arc, Mutex};

use kcore::dev::{Caller, Credentials, NoUser};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::scull::ioctl::{IOCHQUANTUM, IOCTQSET, IOCTQUANTUM};
use kcore::scull::{Damage, Device, Edition, Geometry, Mode, Parameters};
use kcore::settings::Form;

use crate::census::{census, counts, sound};
use crate::script::{Task, play};
use crate::{SMALL, Scull, read_at, write_at};

const ROOT: Caller<'_> = Caller { credentials: Credentials::ROOT, memory: &NoUser };

#[test]
fn an_edition_and_the_form_of_an_exhibit_name_each_other() {
    for (edition, form) in [(Edition::Book, Form::Book), (Edition::Repaired, Form::Repaired)] {
        assert_eq!((edition.form(), Edition::of(form)), (form, Some(edition)));
    }
    assert_eq!((Edition::of(Form::None), Edition::of(Edition::LOCK)), (None, None));
    assert_eq!([Edition::Book, Edition::Repaired].map(|edition| edition.to_string()), ["book", "repaired"]);
}

/// A task that may meet freed blocks keeps them: where the lock lets others in, and where the driver looks
/// before it takes it.
#[test]
fn freed_blocks_are_kept_where_a_task_may_meet_them() {
    for (edition, lock, kept) in [
        (Edition::Book, Form::Semaphore, true),
        (Edition::Book, Form::None, true),
        (Edition::Repaired, Form::None, true),
        (Edition::Repaired, Form::Broken, true),
        (Edition::Repaired, Form::Semaphore, false),
        (Edition::Repaired, Form::Spinlock, false),
    ] {
        with(edition, lock, |_, device| assert_eq!(device.keep().is_some(), kept, "{edition} {lock}"));
    }
}

fn with(edition: Edition, lock: Form, test: impl FnOnce(&Host, &Scull)) {
    let host = Host::new();
    host.run(|| {
        let parameters = Arc::new(Parameters::new(SMALL));
        let device = Device::<HostMachine>::of_module(0, lock, edition, &parameters).unwrap();
        test(&host, &device);
        drop(device);
    });
}

/// A task that changes the qset and empties the device.
fn changes(qset: usize) -> Task<'static> {
    Box::new(move |device| {
        assert_eq!(device.ioctl(IOCTQSET, qset, &ROOT), Ok(0));
        device.open(Mode::Write).unwrap().release();
    })
}

fn writes(position: usize) -> Task<'static> {
    Box::new(move |device| assert_eq!(write_at(device, position, &[1; 8]), Ok(8)))
}

/// The look at the geometry, the change, the lock.
const R11: &str = "A.qset.load B.trim.done A.enter";

#[test]
fn r11_an_array_that_is_too_short_is_run_past() {
    with(Edition::Book, Edition::LOCK, |host, device| {
        play(host, device, R11, vec![writes(0), changes(4)]);
        assert_eq!(device.geometry().qset, 4);
        assert_eq!(write_at(device, 16, &[1]), Err(Errno::EFAULT), "slot 2 of 2");
        assert_eq!(device.damage(), Damage { overrun: 1, ..Damage::default() });
        device.open(Mode::Write).unwrap().release();
        assert_eq!(device.damage().overrun, 2, "and the trim");
        assert_eq!(census(host, device).leaked, counts(0, 0, 0));
    });
}

#[test]
fn r11_of_an_array_that_is_too_long_the_rest_is_forgotten() {
    with(Edition::Book, Edition::LOCK, |host, device| {
        play(host, device, R11, vec![writes(8), changes(1)]);
        device.open(Mode::Write).unwrap().release();
        assert_eq!(device.damage(), Damage::default());
        assert_eq!(census(host, device).leaked, counts(0, 0, 1));
    });
}

#[test]
fn r11_a_quantum_that_is_too_short_is_run_past() {
    with(Edition::Book, Edition::LOCK, |host, device| {
        let changes: Task<'_> = Box::new(|device| {
            assert_eq!(device.ioctl(IOCTQUANTUM, 16, &ROOT), Ok(0));
            device.open(Mode::Write).unwrap().release();
        });
        play(host, device, "A.quantum.load B.trim.done A.enter", vec![writes(0), changes]);
        assert_eq!(write_at(device, 0, &[1; 16]), Err(Errno::EFAULT));
        assert_eq!(write_at(device, 0, &[1; 8]), Ok(8));
        assert_eq!(read_at(device, 4, 8), Ok(vec![1; 4]), "the size says how far");
        assert_eq!(device.damage(), Damage { overrun: 1, ..Damage::default() });
    });
}

/// A task that looks after it has the lock sees the geometry of the list.
#[test]
fn r11_is_repaired() {
    for lock in [Form::Semaphore, Form::Spinlock, Form::Mutex] {
        with(Edition::Repaired, lock, |host, device| {
            play(host, device, "B.trim.done A.enter", vec![writes(0), changes(4)]);
            assert_eq!(write_at(device, 24, &[1]), Ok(1), "slot 3 of 4");
            assert_eq!(sound(host, device), counts(1, 1, 2));
        });
    }
}

/// Without a lock the repaired driver meets the same, and survives it.
#[test]
fn r11_without_a_lock() {
    with(Edition::Repaired, Form::None, |host, device| {
        let steps = "A.quantum.load A.qset.load B.trim.done A.head.load";
        play(host, device, steps, vec![writes(0), changes(4)]);
        assert_eq!(write_at(device, 16, &[1]), Err(Errno::EFAULT));
        assert_eq!(device.damage(), Damage { overrun: 1, ..Damage::default() });
    });
}

#[test]
fn r13_a_dump_walks_what_was_freed() {
    let play_it = |edition, steps: &str, result: Result<(), Errno>, damage: Damage| {
        with(edition, Edition::LOCK, |host, device| {
            write_at(device, 0, &[1]).unwrap();
            let dumps: Task<'_> =
                Box::new(|device| assert_eq!(device.show_memory(&mut String::new()), result));
            let trims: Task<'_> = Box::new(|device| device.open(Mode::Write).unwrap().release());
            play(host, device, steps, vec![dumps, trims]);
            assert_eq!(device.damage(), damage);
        });
    };
    let wild = Damage { wild: 1, ..Damage::default() };
    play_it(Edition::Book, "A.head.load B.trim.done A.enter", Err(Errno::EFAULT), wild);
    play_it(Edition::Repaired, "B.trim.done A.enter", Ok(()), Damage::default());
}

/// Two shifts that load before either stores: what each was told.
fn shift(edition: Edition) -> (Vec<usize>, usize) {
    let told = Mutex::new(Vec::new());
    let mut last = 0;
    with(edition, Edition::LOCK, |host, device| {
        let shifts = |value: usize| -> Task<'_> {
            let told = &told;
            Box::new(move |device| {
                let old = device.ioctl(IOCHQUANTUM, value, &ROOT).unwrap();
                told.lock().unwrap().push(old);
            })
        };
        let steps = "A.scull_quantum.load B.scull_quantum.load A.scull_quantum.store B.scull_quantum.store";
        play(host, device, steps, vec![shifts(100), shifts(200)]);
        last = device.parameters().geometry().quantum;
    });
    let mut told = told.into_inner().unwrap();
    told.sort_unstable();
    (told, last)
}

#[test]
fn r32_an_exchange_loses_a_value() {
    assert_eq!(shift(Edition::Book), (vec![8, 8], 200));
    assert_eq!(shift(Edition::Repaired), (vec![8, 100], 200));
}

#[test]
fn r34_a_quantum_of_zero_divides() {
    for (quantum, qset) in [(0, 2), (8, 0)] {
        with(Edition::Book, Edition::LOCK, |_, device| {
            write_at(device, 0, &[1]).unwrap();
            assert_eq!(device.ioctl(IOCTQUANTUM, quantum, &ROOT), Ok(0));
            assert_eq!(device.ioctl(IOCTQSET, qset, &ROOT), Ok(0));
            assert_eq!(write_at(device, 0, &[1]), Ok(1), "not before the next trim");
            device.open(Mode::Write).unwrap().release();
            assert_eq!(write_at(device, 0, &[1]), Err(Errno::EFAULT));
            assert_eq!(read_at(device, 0, 1), Ok(vec![]), "an empty device is not looked into");
            assert_eq!(device.damage(), Damage { division: 1, ..Damage::default() });
        });
    }
}

/// Nothing of that size can be had, and no index may be negative.
#[test]
fn r34_negative_sizes() {
    for (quantum, qset, position, answer) in [
        (-8_isize, 2_isize, 0, Errno::ENOMEM),
        (8, -2, 0, Errno::ENOMEM),
        (-8, 2, 100, Errno::EFAULT),
        (8, -2, 100, Errno::EFAULT),
        (-8, -2, 0, Errno::ENOMEM),
        (-8, -2, 108, Errno::EFAULT),
    ] {
        let host = Host::new();
        host.run(|| {
            let geometry = Geometry { quantum: quantum as usize, qset: qset as usize };
            let parameters = Arc::new(Parameters::new(geometry));
            let device =
                Device::<HostMachine>::of_module(0, Edition::LOCK, Edition::Book, &parameters).unwrap();
            assert_eq!(write_at(&device, position, &[1]), Err(answer), "{quantum} x {qset} at {position}");
            device.open(Mode::Write).unwrap().release();
            drop(device);
            assert_eq!(host.live(), []);
        });
    }
}

/// Sizes of which each is possible and the product is not: the book's driver computes with what is left of
/// it.
#[test]
fn r34_products_that_overflow() {
    for (quantum, qset, position, answer, damage) in [
        (1 << 32, 1 << 32, 0, Errno::EFAULT, Damage { division: 1, ..Damage::default() }),
        (isize::MAX, 2, 0, Errno::ENOMEM, Damage::default()),
        // A node of -2 bytes has place for nothing but its first byte.
        (isize::MAX, 2, 5, Errno::EFAULT, Damage { overrun: 1, ..Damage::default() }),
        (isize::MIN / 2, 3, 0, Errno::ENOMEM, Damage::default()),
        (3, isize::MIN / 2, 0, Errno::ENOMEM, Damage::default()),
    ] {
        let geometry = Geometry { quantum: quantum as usize, qset: qset as usize };
        Host::new().run(|| {
            let parameters = Arc::new(Parameters::new(geometry));
            let device =
                Device::<HostMachine>::of_module(0, Edition::LOCK, Edition::Book, &parameters).unwrap();
            assert_eq!(write_at(&device, position, &[1]), Err(answer), "{quantum} x {qset} at {position}");
            assert_eq!(device.damage(), damage, "{quantum} x {qset}");
        });
    }
}

#[test]
fn r34_old_bytes_show() {
    with(Edition::Book, Edition::LOCK, |_, device| {
        write_at(device, 3, &[1]).unwrap();
        assert_eq!(read_at(device, 0, 8), Ok(vec![0x5a, 0x5a, 0x5a, 1]));
    });
    with(Edition::Repaired, Edition::LOCK, |_, device| {
        write_at(device, 3, &[1]).unwrap();
        assert_eq!(read_at(device, 0, 8), Ok(vec![0, 0, 0, 1]));
    });
}
