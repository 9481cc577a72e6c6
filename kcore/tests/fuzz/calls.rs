//! The calls: by one process, and by several with signals.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kcore::fuzz::Process;
use kcore::host::{Host, HostMachine};
use kcore::machine::{Sched, TaskId};
use kcore::report::Counts;
use kcore::scull::Edition;
use kcore::settings::Form;

use crate::world::World;

/// Blocks that one call can have at most: far from the start of a device of tiny quanta it would otherwise
/// make nodes for a long time.
const BLOCKS: u64 = 300;
/// Machines, one after the other, so that what was freed goes in between.
const MACHINES: u64 = if cfg!(miri) { 2 } else { 50 };
/// Calls on each.
const CALLS: usize = if cfg!(miri) { 40 } else { 2000 };
/// Processes at once, where there are several.
const PROCESSES: usize = 4;

/// Makes the calls of all machines with one process each.
fn alone(edition: Edition) {
    for seed in 0..MACHINES {
        let host = Host::new();
        host.set_largest_block(Some(1 << 14));
        host.run(|| {
            let world = World::new(edition, Edition::LOCK, false);
            let mut process = Process::new(seed, &world);
            for call in 0..CALLS {
                host.allow_allocations(Some(BLOCKS));
                process.call().unwrap_or_else(|wrong| panic!("{wrong}"));
                if call % 100 == 0 {
                    world.check();
                }
            }
            drop(process);
            world.unplug();
        });
        end(&host, edition);
    }
}

/// Nothing is left, of the repaired drivers; of the book's, what is left is what was not freed.
fn end(host: &Host, edition: Edition) {
    let mut live = Counts::default();
    host.live().iter().for_each(|block| live[block.kind] += 1);
    let account = host.account();
    assert_eq!(account.allocated - account.freed, live);
    assert_eq!(account.unknown_frees, 0);
    if edition == Edition::Repaired {
        assert_eq!((account.double_frees, live), (0, Counts::default()));
    }
}

/// Several processes at once on each of some machines, while another task sends them signals.
fn crowds(edition: Edition, locks: &[Form]) {
    for seed in 0..MACHINES / 2 {
        let host = Host::new();
        host.set_largest_block(Some(1 << 14));
        let lock = locks[seed as usize % locks.len()];
        host.run(|| {
            let world = World::new(edition, lock, true);
            crowd(&host, &world, seed);
            world.check();
            world.unplug();
        });
        end(&host, edition);
    }
}

fn crowd(host: &Host, world: &World, seed: u64) {
    let (tasks, ended): (Mutex<Vec<TaskId>>, AtomicUsize) = Default::default();
    host.tasks(PROCESSES + 1, |index| {
        if index == PROCESSES {
            return signals(host, seed, &tasks, &ended);
        }
        tasks.lock().unwrap().push(HostMachine::task());
        let _ended = Ended(&ended);
        let mut process = Process::new(seed * 100 + index as u64, world);
        for _ in 0..CALLS / PROCESSES {
            host.allow_allocations(Some(BLOCKS));
            process.call().unwrap_or_else(|wrong| panic!("{wrong}"));
        }
    });
}

/// Counts a process that has ended, in whichever way.
struct Ended<'a>(&'a AtomicUsize);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Sends signals until all processes have ended.
fn signals(host: &Host, seed: u64, tasks: &Mutex<Vec<TaskId>>, ended: &AtomicUsize) {
    let mut rng = fastrand::Rng::with_seed(seed);
    while ended.load(SeqCst) < PROCESSES {
        let target = rng.choice(tasks.lock().unwrap().iter()).copied();
        target.into_iter().for_each(|task| host.interrupt(task));
        std::thread::yield_now();
    }
}

#[test]
fn a_hundred_thousand_calls() {
    alone(Edition::Repaired);
}

#[test]
fn a_hundred_thousand_calls_of_the_book_s_drivers() {
    alone(Edition::Book);
}

#[test]
fn several_processes_with_signals() {
    crowds(Edition::Repaired, &[Form::Semaphore, Form::Mutex, Form::Spinlock]);
}

#[test]
fn several_processes_break_nothing_but_the_book_s_data() {
    crowds(Edition::Book, &[Edition::LOCK]);
}
