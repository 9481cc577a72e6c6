//! Blocking, waking, yielding. A lost wake-up would hang the machine.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::class;
use kcore::machine::TaskId;

use super::Answer;
use super::case::same;
use super::crew;
use crate::arch::{cpu, smp};
use crate::context;
use crate::irq::device;
use crate::irq::softirq::{self, Softirq};
use crate::machine::SpinLock;
use crate::task;

crate::case! {
    "switching::a-wake-before-a-block-is-kept" => kept;
    "switching::ping-pong-between-cpus" => ping_pong_apart;
    "switching::ping-pong-on-one-cpu" => ping_pong_together;
    "switching::all-wake-one" => all_wake_one;
    "switching::yield-goes-round" => yield_order;
    "switching::halt-in-place-keeps-the-cpu" => halt_in_place;
    "switching::halt-in-place-keeps-interrupts-off" => halt_with_interrupts_off;
    "switching::wake-of-nobody" => wake_of_nobody;
}

fn kept() -> Answer {
    let right = crew::count(|_| {
        task::wake(task::current());
        task::block();
        // Two wake-ups are kept as one, and the next block must not use up what is not there.
        task::wake(task::current());
        task::wake(task::current());
        task::block();
        true
    })?;
    same("CPUs that went on", right, smp::cpus())
}

fn ping_pong_apart() -> Answer {
    ping_pong(0, smp::cpus() - 1, 1000)
}

fn ping_pong_together() -> Answer {
    ping_pong(smp::cpus() - 1, smp::cpus() - 1, 2000)
}

/// Two tasks take turns: each blocks until it is its turn, and wakes the other.
fn ping_pong(first: u32, second: u32, rounds: u32) -> Answer {
    let turn = Arc::new(AtomicU32::new(0));
    let ids = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
    let player = |me: usize| {
        let (turn, ids) = (Arc::clone(&turn), Arc::clone(&ids));
        move || {
            ids[me].store(task::current().0, Release);
            for round in 0..rounds {
                while turn.load(Acquire) != 2 * round + me as u32 {
                    task::block();
                }
                turn.store(2 * round + me as u32 + 1, Release);
                let other = ids[1 - me].load(Acquire);
                // The other may not have begun: then it will see whose turn it is before it blocks.
                task::wake(TaskId(other));
            }
        }
    };
    let tasks = [crew::start(first, player(0))?, crew::start(second, player(1))?];
    task::join_all(tasks);
    same("turns taken", turn.load(Relaxed), 2 * rounds)
}

/// Every CPU wakes the same task over and over; it must see each word that was left for it.
fn all_wake_one() -> Answer {
    const EACH: u32 = 300;
    let said = Arc::new(AtomicU32::new(0));
    let all = (smp::cpus() + 1) * EACH;
    let heard = Arc::clone(&said);
    let listener = crew::start(0, move || {
        while heard.load(Acquire) < all {
            task::block();
        }
    })?;
    let (speaker, to) = (Arc::clone(&said), listener.id());
    crew::run(smp::cpus() + 1, move |_| {
        for _ in 0..EACH {
            speaker.fetch_add(1, Release);
            task::wake(to);
        }
    })?;
    listener.join();
    same("words", said.load(Relaxed), all)
}

fn yield_order() -> Answer {
    let cpu = smp::cpus() - 1;
    let order = Arc::new(SpinLock::new(class!("test"), Vec::new()));
    let seen = Arc::clone(&order);
    // The three are started by a task on their own CPU, so none of them runs before all are there; and
    // no turn ends by time.
    let ended = crew::start(cpu, move || {
        task::schedule::set_timed(false);
        let tasks: Vec<_> = (0..3)
            .filter_map(|who| {
                let order = Arc::clone(&seen);
                crew::start(cpu, move || {
                    for _ in 0..3 {
                        order.lock_irqsave().push(who);
                        task::yield_now();
                    }
                })
                .ok()
            })
            .collect();
        task::join_all(tasks);
    })
    .map(task::JoinHandle::join);
    ended?;
    let order = order.lock_irqsave().clone();
    same("who ran when", order.as_slice(), [0, 1, 2, 0, 1, 2, 0, 1, 2].as_slice())
}

/// A task that halts in place does not let a task of its CPU run before it is woken.
fn halt_in_place() -> Answer {
    if smp::cpus() == 1 {
        return Ok(());
    }
    let cpu = smp::cpus() - 1;
    let ran = Arc::new(AtomicU32::new(0));
    let (halting, at_wake) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(u32::MAX)));
    let (halts, sees, wakes) = (Arc::clone(&halting), Arc::clone(&ran), Arc::clone(&at_wake));
    let sleeper = crew::start(cpu, move || {
        // From the word on, and up to the look: else it could lose its CPU on the way to the halt.
        context::preempt_disable();
        halts.store(1, Release);
        task::halt_in_place();
        wakes.store(sees.load(Acquire), Release);
        context::preempt_enable();
    })?;
    while halting.load(Acquire) == 0 {
        core::hint::spin_loop();
    }
    let runs = Arc::clone(&ran);
    let other = crew::start(cpu, move || runs.store(1, Release))?;
    task::wake(sleeper.id());
    sleeper.join();
    other.join();
    same("tasks that ran meanwhile", at_wake.load(Acquire), 0)?;
    same("tasks that ran afterwards", ran.load(Acquire), 1)
}

/// Interrupts of the device that the next case has heard of.
static HEARD: AtomicU32 = AtomicU32::new(0);

/// A task that halts in place with interrupts off hears nothing of the device nor of a softirq that it has
/// raised before.
fn halt_with_interrupts_off() -> Answer {
    if smp::cpus() == 1 {
        return Ok(());
    }
    let hear = || _ = HEARD.fetch_add(1, Relaxed);
    HEARD.store(0, Relaxed);
    device::open(hear);
    softirq::open(Softirq::Experiment, hear);
    let (state, heard) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(u32::MAX)));
    let (halts, hears) = (Arc::clone(&state), Arc::clone(&heard));
    let last = smp::cpus() - 1;
    let sleeper = crew::start(last, move || {
        let were_on = cpu::irq_save();
        softirq::raise(Softirq::Experiment);
        halts.store(1, Release);
        task::halt_in_place();
        hears.store(HEARD.load(Relaxed), Release);
        cpu::irq_restore(were_on);
    })?;
    while state.load(Acquire) == 0 {
        core::hint::spin_loop();
    }
    device::fire_at(last);
    // Time to halt, and to be interrupted.
    task::sleep(2000);
    task::wake(sleeper.id());
    sleeper.join();
    while device::in_flight() != 0 {
        core::hint::spin_loop();
    }
    device::close();
    same("interrupts while they were off", heard.load(Acquire), 0)?;
    same("interrupts afterwards", HEARD.load(Relaxed), 2)
}

fn wake_of_nobody() -> Answer {
    task::wake(TaskId(0));
    task::wake(TaskId(u32::MAX));
    let gone = crew::start(0, || ())?;
    let id = gone.id();
    gone.join();
    task::wake(id);
    Ok(())
}
