//! Tasks that write, read and empty one device at the same time: under each lock, and under none.

use kcore::errno::Errno;
use kcore::host::Host;
use kcore::scull::{Geometry, Mode};
use kcore::settings::Form;

use crate::census::{census, counts, sound};
use crate::{Scull, device, read_at, write_at};

const TASKS: usize = 4;
const GEOMETRY: Geometry = Geometry { quantum: 24, qset: 5 };
const QUANTA: usize = 23;
const ROUNDS: usize = if cfg!(miri) { 1 } else { 40 };

fn under_each_lock(test: impl Fn(&Host, &Scull)) {
    for lock in [Form::Spinlock, Form::Semaphore, Form::Completion] {
        for _ in 0..ROUNDS {
            let host = Host::new();
            host.run(|| {
                let device = device(lock, GEOMETRY);
                test(&host, &device);
                drop(device);
                assert_eq!(host.live(), []);
            });
        }
    }
}

#[test]
fn writers_of_the_same_quanta_leak_and_tear_nothing() {
    under_each_lock(|host, device| {
        host.tasks(TASKS, |writer| {
            for quantum in 0..QUANTA {
                let stamp = [writer as u8 + 1; GEOMETRY.quantum];
                assert_eq!(write_at(device, quantum * GEOMETRY.quantum, &stamp), Ok(GEOMETRY.quantum));
            }
        });
        assert_eq!(sound(host, device), counts(5, 5, QUANTA as u64));
        assert_eq!(device.size(), QUANTA * GEOMETRY.quantum);
        for quantum in 0..QUANTA {
            let bytes = read_at(device, quantum * GEOMETRY.quantum, 100).unwrap();
            assert_eq!(bytes, [bytes[0]; GEOMETRY.quantum], "torn");
            assert!((1..=TASKS as u8).contains(&bytes[0]));
        }
        let stats = device.lock_stats().unwrap();
        assert_eq!(stats.acquire as usize, TASKS * QUANTA + QUANTA);
        assert_eq!(stats.name, "scull0.lock");
    });
}

#[test]
fn trims_among_readers_and_writers_break_nothing() {
    under_each_lock(|host, device| {
        host.tasks(TASKS, |task| {
            for quantum in 0..QUANTA {
                let position = quantum * GEOMETRY.quantum;
                let bytes = read_at(device, position, 100).unwrap();
                assert!(bytes.iter().all(|byte| *byte == bytes[0]), "torn");
                match task {
                    0 if quantum % 4 == 0 => device.open(Mode::Write).unwrap().release(),
                    _ => assert_eq!(write_at(device, position, &[7; 24]), Ok(24)),
                }
            }
        });
        sound(host, device);
    });
}

/// What may happen to an access without a lock: it works, or it meets poison.
fn any<T>(result: Result<T, Errno>) {
    assert!(matches!(result, Ok(_) | Err(Errno::EFAULT)));
}

/// Whatever the race does, the device follows no pointer to nowhere, and the account stays exact.
#[test]
#[cfg_attr(
    miri,
    ignore = "the host's allocator hands out memory by plain writes, which race with a relaxed reader"
)]
fn without_a_lock_the_device_breaks_and_the_account_does_not() {
    let mut noticed = 0;
    for round in 0..200 {
        let host = Host::new();
        host.run(|| {
            let device = device(Form::None, GEOMETRY);
            host.tasks(TASKS, |task| {
                for quantum in 0..QUANTA {
                    let position = quantum * GEOMETRY.quantum;
                    any(write_at(&device, position, &[task as u8; GEOMETRY.quantum]));
                    any(read_at(&device, position, 100));
                    if (quantum + task + round) % 4 == 0 {
                        device.open(Mode::Write).unwrap().release();
                    }
                }
            });
            let census = census(&host, &device);
            let damage = device.damage();
            assert_eq!(damage.double_free, host.account().double_frees);
            assert_eq!((damage.unknown_free, host.account().unknown_frees), (0, 0));
            noticed += census.leaked.total() + damage.wild + damage.double_free;
            drop(device);
            assert_eq!(host.live().len() as u64, census.leaked.total(), "all else was taken down");
        });
    }
    println!("{noticed} leaks, wild pointers and double frees");
}
