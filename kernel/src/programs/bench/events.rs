//! What involves other tasks, other CPUs, or interrupts.

use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::machine::TaskId;

use super::contest::Contestant;
use crate::arch::{cpu, smp};
use crate::irq::{Softirq, Tasklet, Timer, device, softirq};
use crate::task;
use crate::time;

/// On any machine.
pub(super) const EVENTS: [Contestant; 6] = [
    ("context switch", |n| together(|_| (0..n / 2).for_each(|_| task::yield_now()))),
    ("device fired to handled", |n| {
        device::open(happened);
        until_each_has_happened(n, device::fire);
        device::close();
    }),
    ("softirq raised to run", |n| {
        softirq::open(Softirq::Experiment, happened);
        until_each_has_happened(n, || softirq::raise(Softirq::Experiment));
    }),
    ("tasklet scheduled to run", |n| until_each_has_happened(n, || _ = TASKLET.schedule())),
    ("timer added and deleted", |n| {
        let moment = cpu::cycles() + time::microseconds(FAR);
        for _ in 0..n {
            TIMER.add(moment, 0);
            TIMER.delete();
        }
    }),
    ("call on all other CPUs", |n| (0..n).for_each(|_| smp::call_others(|| {}))),
];

/// Where tasks lose their CPU.
pub(super) const PREEMPTION: Contestant = ("context switch by preemption", |n| {
    let turn = AtomicU32::new(NOBODY);
    together(|me| {
        for _ in 0..n / 2 {
            turn.store(me, Relaxed);
            task::schedule::end_slice();
            while turn.load(Relaxed) == me {
                cpu::pause();
            }
        }
        turn.store(NOBODY, Relaxed);
    });
});

/// With two CPUs or more: a task that sleeps on one is woken by the other, and answers in the same way.
pub(super) const WAKE_UP: Contestant = ("wake-up across CPUs, one way", |n| {
    let turn = AtomicU64::new(0);
    let players = [const { AtomicU32::new(0) }; 2];
    pair([0, smp::cpus() - 1], &|me| {
        players[me as usize].store(task::current().0, Release);
        for mine in (0..n).skip(me as usize).step_by(2) {
            while turn.load(Acquire) != mine {
                task::block();
            }
            turn.store(mine + 1, Release);
            // The other may not have begun: then it sees whose turn it is before it sleeps.
            task::wake(TaskId(players[1 - me as usize].load(Acquire)));
        }
    });
});

/// A moment that does not come while this lasts, in microseconds from now.
const FAR: u64 = 1_000_000_000;

/// None of two tasks.
const NOBODY: u32 = 2;

static HAPPENED: AtomicU64 = AtomicU64::new(0);
static TASKLET: Tasklet = Tasklet::new(|_| happened(), 0);
static TIMER: Timer = Timer::new(|_| happened());

fn happened() {
    HAPPENED.store(HAPPENED.load(Relaxed) + 1, Relaxed);
}

/// Causes something `n` times on this CPU, each time when the last one has happened.
fn until_each_has_happened(n: u64, cause: impl Fn()) {
    let before = HAPPENED.load(Relaxed);
    for times in 1..=n {
        cause();
        while HAPPENED.load(Relaxed) < before + times {
            cpu::pause();
        }
    }
}

/// Runs `body(0)` and `body(1)` in two tasks of one CPU, where nothing else runs.
fn together(body: impl Fn(u32) + Sync) {
    pair([smp::cpus() - 1; 2], &body);
}

/// Runs `body(0)` and `body(1)` in tasks of these CPUs.
fn pair(cpus: [u32; 2], body: &(dyn Fn(u32) + Sync)) {
    crate::experiments::crew::run_on(2, &|who| cpus[who as usize], &|_| task::Name::new(), body)
        .expect("room for two tasks");
}
