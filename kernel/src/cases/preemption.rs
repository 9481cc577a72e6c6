//! The scheduler with a clock: slices, sleeps, signals, ends. Nothing is judged by a time but by its least.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use kcore::errno::Errno;
use kcore::machine::{Sleep, TaskId};

use super::Answer;
use super::case::{different, holds, same};
use super::crew;
use crate::arch::{cpu, percpu, smp};
use crate::task::{self, Signal, listing, schedule, signal};
use crate::{context, time};

crate::case! {
    "preemption::two-that-never-yield" => both_go_on;
    "preemption::off-means-off" => preempt_off;
    "preemption::a-slice-that-is-ended-by-hand" => by_hand;
    "preemption::cond-resched" => cond_resched;
    "preemption::cond-resched-for-a-task-from-afar" => cond_resched_afar;
    "preemption::sleep-is-long-enough" => sleeps;
    "preemption::a-signal-wakes-and-stays" => signals;
    "preemption::exit-codes" => exit_codes;
    "preemption::stop" => stop;
    "preemption::spawn-anywhere-spreads" => spreads;
}

/// Two tasks of one CPU: each spins until the other has gone on, which it does only if the first loses its
/// CPU.
fn both_go_on() -> Answer {
    if cfg!(not(feature = "preempt")) {
        return Ok(());
    }
    const TURNS: u32 = 20;
    let turn = Arc::new(AtomicU32::new(0));
    let cpu = smp::cpus() - 1;
    let player = |me: u32| {
        let turn = Arc::clone(&turn);
        move || {
            for round in 0..TURNS {
                while turn.load(SeqCst) != 2 * round + me {
                    cpu::pause();
                }
                turn.fetch_add(1, SeqCst);
            }
        }
    };
    let tasks = [crew::start(cpu, player(0))?, crew::start(cpu, player(1))?];
    task::join_all(tasks);
    same("turns", turn.load(SeqCst), 2 * TURNS)
}

/// Whether a task has had its CPU. Not whether it has done anything there: a host that is busy may let its
/// slice pass without an instruction.
fn has_had_its_cpu(id: TaskId) -> bool {
    listing::entry(id).is_some_and(|task| task.run_time > 0)
}

/// A task whose slice ends while it has preemption off starts another one on its CPU, which has the CPU
/// afterwards, and not before: a task that gives way goes behind all that wait.
fn preempt_off() -> Answer {
    let cpu = smp::cpus() - 1;
    let seen = Arc::new([const { AtomicBool::new(false) }; 2]);
    let sees = Arc::clone(&seen);
    crew::start(cpu, move || {
        context::preempt_disable();
        let other = crew::start(cpu, || ());
        let had = || other.as_ref().is_ok_and(|other| has_had_its_cpu(other.id()));
        schedule::end_slice();
        // The clock's interrupt is taken by then.
        while !context::is_over() && cfg!(feature = "preempt") {
            cpu::pause();
        }
        sees[0].store(had(), SeqCst);
        context::preempt_enable();
        sees[1].store(had(), SeqCst);
        if let Ok(other) = other {
            other.join();
        }
    })?
    .join();
    let [inside, after] = [0, 1].map(|at: usize| seen[at].load(SeqCst));
    same(
        "whether the other ran before, and when preemption came on",
        [inside, after],
        [false, cfg!(feature = "preempt")],
    )
}

/// No slice ends by time, so the other one has the CPU only if that of this task ends by hand.
fn by_hand() -> Answer {
    if cfg!(not(feature = "preempt")) {
        return Ok(());
    }
    let cpu = smp::cpus() - 1;
    let times = Arc::new(AtomicU32::new(0));
    let counts = Arc::clone(&times);
    crew::start(cpu, move || {
        schedule::set_timed(false);
        for _ in 0..20 {
            let Ok(other) = crew::start(cpu, || ()) else { return };
            schedule::end_slice();
            while !has_had_its_cpu(other.id()) {
                cpu::pause();
            }
            counts.fetch_add(1, SeqCst);
            other.join();
        }
    })?
    .join();
    same("slices that ended", times.load(SeqCst), 20)
}

/// A task that is over gives way to the other one there, and one that holds the CPU on purpose does not.
fn cond_resched() -> Answer {
    let cpu = smp::cpus() - 1;
    let flag = Arc::new(AtomicBool::new(false));
    let sets = Arc::clone(&flag);
    crew::start(cpu, move || {
        let set = Arc::clone(&sets);
        let Ok(other) = crew::start(cpu, move || set.store(true, SeqCst)) else { return };
        // Ends only if the other one gets the CPU.
        while !sets.load(SeqCst) {
            task::cond_resched();
        }
        other.join();
    })?
    .join();
    holds("the other ran", flag.load(SeqCst))
}

/// The same when another CPU starts the other one, and no clock is set to the end of a slice.
fn cond_resched_afar() -> Answer {
    let cpu = smp::cpus() - 1;
    let flags = Arc::new([const { AtomicBool::new(false) }; 2]);
    let seen = Arc::clone(&flags);
    let looper = crew::start(cpu, move || {
        let [begun, flag] = &*seen;
        begun.store(true, SeqCst);
        // Ends only if the other one gets the CPU.
        while !flag.load(SeqCst) {
            task::cond_resched();
        }
    })?;
    while !flags[0].load(SeqCst) {
        task::yield_now();
    }
    // The clock may still be set to the end of a slice that began before.
    task::sleep(5000);
    let sets = Arc::clone(&flags);
    let other = crew::start(cpu, move || sets[1].store(true, SeqCst))?;
    task::join_all([looper, other]);
    holds("the other ran", flags[1].load(SeqCst))
}

fn sleeps() -> Answer {
    let right = crew::count(|cpu| {
        [0, 1, 50, 1000, 3000].iter().all(|&microseconds| {
            let began = cpu::cycles();
            task::sleep(microseconds);
            cpu::cycles() - began >= time::microseconds(microseconds) && percpu::this_cpu() == cpu
        })
    })?;
    same("CPUs on which sleeps were long enough", right, smp::cpus())
}

fn signals() -> Answer {
    let seen = Arc::new(AtomicU32::new(0));
    let sees = Arc::clone(&seen);
    let sleeper = crew::start(smp::cpus() - 1, move || {
        while !signal::interrupted(Sleep::Interruptible) {
            task::block();
        }
        let weak = u32::from(!signal::interrupted(Sleep::Killable));
        let taken = u32::from(signal::take() == Some(Signal::Interrupt));
        while !signal::interrupted(Sleep::Killable) {
            task::block();
        }
        let strong = u32::from(!signal::interrupted(Sleep::Uninterruptible));
        sees.store(weak | taken << 1 | strong << 2, SeqCst);
    })?;
    signal::send(sleeper.id(), Signal::Interrupt);
    // It takes the first before the second comes, or the two would be one.
    while task::table::find(sleeper.id()).is_some_and(|task| task.signal.load(SeqCst) != 0) {
        task::yield_now();
    }
    signal::send(sleeper.id(), Signal::Kill);
    sleeper.join();
    same("what held of the signals", seen.load(SeqCst), 7)
}

fn exit_codes() -> Answer {
    let cpu = smp::cpus() - 1;
    let error = |error| format!("a task could not be started: {error:?}");
    let plain = task::spawn("plain", cpu, || ()).map_err(error)?.join();
    let number = task::spawn("number", cpu, || 42).map_err(error)?.join();
    let failed = task::spawn("failed", cpu, || Err::<(), _>(Errno::EINTR)).map_err(error)?.join();
    same("what the three ended with", (plain, number, failed), (0, 42, Errno::EINTR.code()))
}

fn stop() -> Answer {
    let error = |error| format!("a task could not be started: {error:?}");
    let asleep = task::spawn("asleep", smp::cpus() - 1, || {
        while !task::should_stop() {
            task::block();
        }
        7
    });
    let asleep = asleep.map_err(error)?;
    let awake = task::spawn("awake", 0, || {
        while !task::should_stop() {
            task::yield_now();
        }
        8
    });
    let awake = awake.map_err(error)?;
    same("what the two ended with", (asleep.stop(), awake.stop()), (7, 8))
}

fn spreads() -> Answer {
    let open = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..4 * smp::cpus())
        .filter_map(|_| {
            let open = Arc::clone(&open);
            task::spawn_anywhere("anywhere", move || {
                while !open.load(SeqCst) {
                    task::yield_now();
                }
                percpu::this_cpu() as i32
            })
            .ok()
        })
        .collect();
    open.store(true, SeqCst);
    let started = tasks.len() as u32;
    let cpus: Vec<i32> = tasks.into_iter().map(task::JoinHandle::join).collect();
    same("tasks", started, 4 * smp::cpus())?;
    same("CPUs that had some", different(&cpus) as u32, smp::cpus())
}
