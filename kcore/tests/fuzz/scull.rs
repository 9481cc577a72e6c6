//! scull0 to scull3, by one process and by several.

use std::sync::Arc;

use kcore::host::Host;
use kcore::report::Counts;
use kcore::scull::{DEVICES, Damage, Device, Edition, Geometry, Parameters, ioctl::*};
use kcore::settings::Lock;

use crate::drive::Process;
use crate::family::{Family, Plugged};

const COMMANDS: &[u32] = &[
    IOCRESET,
    IOCSQUANTUM,
    IOCSQSET,
    IOCTQUANTUM,
    IOCTQSET,
    IOCGQUANTUM,
    IOCGQSET,
    IOCQQUANTUM,
    IOCQQSET,
    IOCXQUANTUM,
    IOCXQSET,
    IOCHQUANTUM,
    IOCHQSET,
    P_IOCTSIZE,
    P_IOCQSIZE,
];

/// Blocks that one call can have at most: far from the start of a device of tiny quanta it would otherwise make nodes for a
/// long time.
const BLOCKS: u64 = 300;

/// Machines, one after the other, so that what was freed goes in between.
const MACHINES: u64 = if cfg!(miri) { 2 } else { 50 };
/// Calls on each.
const CALLS: usize = if cfg!(miri) { 40 } else { 2000 };

fn family(edition: Edition, lock: Lock) -> Family {
    let parameters = Arc::new(Parameters::new(Geometry { quantum: 16, qset: 4 }));
    let scull: Vec<_> = (0..DEVICES)
        .map(|index| Arc::new(Device::of_module(index, lock, edition, &parameters).unwrap()))
        .collect();
    let devices = scull.iter().map(|device| Arc::clone(device) as _).collect();
    let check = move || {
        for device in &scull {
            let mut text = String::new();
            let shown = (device.show_memory(&mut text), device.show_sequence(&mut text));
            if edition == Edition::Repaired {
                assert_eq!((device.damage(), shown), (Damage::default(), (Ok(()), Ok(()))));
                assert_eq!(device.geometry().check(), Ok(device.geometry()));
            }
        }
    };
    Family { name: "scull", devices, commands: COMMANDS, check: Box::new(check) }
}

/// Makes the calls of `machines` machines with one process each.
fn alone(edition: Edition, lock: Lock) {
    for seed in 0..MACHINES {
        let host = Host::new();
        host.set_largest_block(Some(1 << 14));
        host.run(|| {
            let family = family(edition, lock);
            let plugged = Plugged::new(&family);
            let mut process = Process::new(seed, &family, &plugged);
            for call in 0..CALLS {
                host.allow_allocations(Some(BLOCKS));
                process.call();
                if call % 100 == 0 {
                    (family.check)();
                }
            }
            drop(process);
            plugged.unplug();
        });
        end(&host, edition);
    }
}

/// Nothing is left, of the repaired driver; of the book's, what is left is what was not freed.
fn end(host: &Host, edition: Edition) {
    let mut live = Counts::default();
    host.live().iter().for_each(|block| live[block.kind] += 1);
    let account = host.account();
    assert_eq!(account.allocated - account.freed, live);
    assert_eq!((account.double_frees, account.unknown_frees), (0, 0));
    if edition == Edition::Repaired {
        assert_eq!(live, Counts::default());
    }
}

#[test]
fn a_hundred_thousand_calls() {
    alone(Edition::Repaired, Edition::LOCK);
}

#[test]
fn a_hundred_thousand_calls_of_the_book_s_driver() {
    alone(Edition::Book, Edition::LOCK);
}

#[test]
fn several_processes_with_signals() {
    const PROCESSES: usize = 4;
    for seed in 0..MACHINES / 2 {
        let host = Host::new();
        host.set_largest_block(Some(1 << 14));
        let lock = [Lock::Semaphore, Lock::Mutex, Lock::Spinlock][seed as usize % 3];
        host.run(|| {
            let family = family(Edition::Repaired, lock);
            let plugged = Plugged::new(&family);
            crowd(&host, &family, &plugged, PROCESSES, seed);
            (family.check)();
            plugged.unplug();
        });
        end(&host, Edition::Repaired);
    }
}

/// Each process makes its share of the calls, and sends another a signal now and then.
fn crowd(host: &Host, family: &Family, plugged: &Plugged, processes: usize, seed: u64) {
    use kcore::host::HostMachine;
    use kcore::machine::{Sched, TaskId};
    use std::sync::Mutex;

    let tasks: Mutex<Vec<TaskId>> = Mutex::default();
    host.tasks(processes, |index| {
        tasks.lock().unwrap().push(HostMachine::task());
        let mut process = Process::new(seed * 100 + index as u64, family, plugged);
        for call in 0..CALLS / processes {
            host.allow_allocations(Some(BLOCKS));
            process.call();
            if call % 16 == 0 {
                let tasks = tasks.lock().unwrap();
                host.interrupt(tasks[call / 16 % tasks.len()]);
            }
        }
    });
}
