//! Measures the primitives, beside their peers, in one run.
//!
//! Each figure is the median of [`SAMPLES`]; contestants of one discipline take turns, so that a change of the host's
//! speed meets them all.

use alloc::string::String;
use alloc::vec::Vec;

use kcore::machine::{LockName, Waiting};
use kcore::report::{Bench, Boot, Record, Summary};
use kcore::sync::{Completion, Counted, RawMutex, Semaphore};

use crate::arch::exit::Exit;
use crate::arch::{cpu, smp};
use crate::console::com2;
use crate::experiments::crew;
use crate::machine::{CountedSpinLock, Kernel, SpinLock};
use crate::println;
use crate::task::{self, Name};

/// Measurements of each contestant.
const SAMPLES: usize = 9;
/// Operations of a measurement on one CPU.
const ALONE: u64 = 50_000;
/// Operations of each CPU when they contend.
const TOGETHER: u64 = 50_000;
/// Operations of each CPU when they contend for a lock that sleeps: nearly each costs an interrupt to wake somebody.
const ASLEEP: u64 = 400;
/// Operations that involve other tasks or CPUs.
const FEW: u64 = 2_000;

static NAME: LockName = LockName { name: "bench.lock", class: "bench.lock", waiting: Waiting::Spins };

static OURS: SpinLock<u64> = SpinLock::new(0);
static COUNTED: CountedSpinLock<u64> = CountedSpinLock::counted(NAME, 0);
static PEER: spin::mutex::SpinMutex<u64> = spin::mutex::SpinMutex::new(0);
static SEMAPHORE: Semaphore<Kernel> = Semaphore::new(1);
static COUNTED_SEMAPHORE: Semaphore<Kernel, Counted> = Semaphore::counted(NAME, 1);
static MUTEX: RawMutex<Kernel> = RawMutex::new();
static COMPLETION: Completion<Kernel> = Completion::new();

/// One contestant: a name and a function that makes a number of operations.
type Contestant = (&'static str, fn(u64));

/// What is measured on one CPU alone.
const UNCONTENDED: [Contestant; 7] = [
    ("spinlock", |n| (0..n).for_each(|_| *OURS.lock() += 1)),
    ("spinlock, counting", |n| (0..n).for_each(|_| *COUNTED.lock() += 1)),
    ("spin::Mutex", |n| (0..n).for_each(|_| *PEER.lock() += 1)),
    ("semaphore", |n| {
        for _ in 0..n {
            SEMAPHORE.down();
            SEMAPHORE.up();
        }
    }),
    ("semaphore, counting", |n| {
        for _ in 0..n {
            COUNTED_SEMAPHORE.down();
            COUNTED_SEMAPHORE.up();
        }
    }),
    ("completion", |n| {
        for _ in 0..n {
            COMPLETION.complete();
            COMPLETION.wait();
        }
    }),
    ("mutex", |n| {
        for _ in 0..n {
            MUTEX.lock();
            MUTEX.unlock().expect("it is ours");
        }
    }),
];

/// What is measured on all CPUs at once: the locks that spin.
const SPINNING: [Contestant; 3] = [UNCONTENDED[0], UNCONTENDED[1], UNCONTENDED[2]];

/// And those that sleep.
const SLEEPING: [Contestant; 3] = [UNCONTENDED[3], UNCONTENDED[4], UNCONTENDED[6]];

/// What involves other tasks or CPUs.
const SWITCHES: [Contestant; 2] = [
    ("context switch", |n| {
        let cpu = smp::cpus() - 1;
        let turns = move || (0..n / 2).for_each(|_| task::yield_now());
        let pair = [task::spawn("ping", cpu, turns), task::spawn("pong", cpu, turns)];
        task::join_all(pair.map(|task| task.expect("room for two tasks")));
    }),
    ("call on all other CPUs", |n| (0..n).for_each(|_| smp::call_others(|| {}))),
];

/// Measures everything.
pub(super) fn main(boot: &Boot) -> Exit {
    let mut passed = 0;
    let mut report = |discipline: &str, operations: u64, results: Vec<(&str, u64)>| {
        for (name, cycles) in results {
            let name: String = [discipline, name].join(": ");
            let nanoseconds = (cycles * 1_000_000_000).checked_div(boot.tsc_hz * operations).unwrap_or(0);
            println!("{name:<36} {:>8} cycles {nanoseconds:>8} ns an operation", cycles / operations);
            com2::record(&Record::Bench(Bench { name, operations, cycles }));
            passed += 1;
        }
    };
    let alone = median_in_turn(&UNCONTENDED, |work| timed(|| work(ALONE)));
    report("uncontended", ALONE, alone);
    let cpus = smp::cpus();
    for (contestants, operations) in [(&SPINNING[..], TOGETHER), (&SLEEPING[..], ASLEEP)] {
        let together = median_in_turn(contestants, |work| {
            crew::run_on(cpus, &crew::spread, &|_| Name::new(), &|_| work(operations))
                .expect("room for a task on each CPU")
        });
        report("contended", operations * u64::from(cpus), together);
    }
    let switches = median_in_turn(&SWITCHES, |work| timed(|| work(FEW)));
    report("between", FEW, switches);
    com2::record(&Record::Summary(Summary { passed, failed: 0 }));
    Exit::Success
}

fn timed(work: impl FnOnce()) -> u64 {
    let began = cpu::cycles();
    work();
    cpu::cycles() - began
}

/// The median of [`SAMPLES`] measurements of each contestant, who take turns.
fn median_in_turn(contestants: &[Contestant], measure: impl Fn(fn(u64)) -> u64) -> Vec<(&'static str, u64)> {
    let mut samples: Vec<Vec<u64>> = contestants.iter().map(|_| Vec::new()).collect();
    for _ in 0..SAMPLES {
        for (&(_, work), samples) in contestants.iter().zip(&mut samples) {
            samples.push(measure(work));
        }
    }
    let median = |mut samples: Vec<u64>| {
        samples.sort_unstable();
        samples[samples.len() / 2]
    };
    contestants.iter().zip(samples).map(|(&(name, _), samples)| (name, median(samples))).collect()
}
