//! Kernel timers: order, context, place, and what deleting waits for.

use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::{cpu, percpu, smp};
use crate::context::{self, Context};
use crate::irq::Timer;
use crate::machine::SpinLock;
use crate::{task, time};
use kcore::class;

crate::case! {
    "timers::run-in-the-order-of-their-moments" => order;
    "timers::never-too-early-in-a-softirq" => context_and_moment;
    "timers::run-where-they-were-added" => place;
    "timers::deleted-ones-do-not-run" => deleted;
    "timers::delete-sync-waits" => delete_sync;
    "timers::add-themselves" => again;
    "timers::modified-ones-run-once" => modified;
}

static ORDER: SpinLock<heapless::Vec<usize, 16>> = SpinLock::new(class!("test"), heapless::Vec::new());
static SEVERAL: [Timer; 4] =
    [const { Timer::new(|number| ORDER.lock_irqsave().push(number).expect("there are four")) }; 4];

fn order() -> Answer {
    ORDER.lock_irqsave().clear();
    let now = cpu::cycles();
    context::bh_disable();
    // All four are due before any can run, the last two at one moment.
    for (timer, (after, number)) in SEVERAL.iter().zip([(3, 1), (2, 0), (4, 2), (4, 3)]) {
        timer.add(now + after, number);
    }
    context::bh_enable();
    while SEVERAL.iter().any(Timer::is_pending) {
        cpu::pause();
    }
    SEVERAL.iter().for_each(|timer| _ = timer.delete_sync());
    let order = ORDER.lock_irqsave().clone();
    same("who ran when", order.as_slice(), [0, 1, 2, 3].as_slice())
}

static RAN: AtomicU32 = AtomicU32::new(0);
static RIGHT: AtomicU32 = AtomicU32::new(0);
static MOMENT: SpinLock<u64> = SpinLock::new(class!("test"), 0);
static ONE: Timer = Timer::new(|wanted_cpu| {
    let late_enough = cpu::cycles() >= *MOMENT.lock_irqsave();
    let right = late_enough && context::current() == Context::Softirq && cpu::irq_are_on();
    RIGHT.fetch_add(u32::from(right && percpu::this_cpu() as usize == wanted_cpu), SeqCst);
    RAN.fetch_add(1, SeqCst);
});

/// Adds `ONE` on `cpu` and waits until it has run; says whether all was right.
fn one_on(cpu: u32, microseconds: u64) -> bool {
    RAN.store(0, SeqCst);
    RIGHT.store(0, SeqCst);
    let moment = cpu::cycles() + time::microseconds(microseconds);
    *MOMENT.lock_irqsave() = moment;
    ONE.add_on(cpu, moment, cpu as usize);
    while RAN.load(SeqCst) == 0 {
        task::yield_now();
    }
    RIGHT.load(SeqCst) == 1 && !ONE.delete_sync() && RAN.load(SeqCst) == 1
}

fn context_and_moment() -> Answer {
    let right = (0..10).filter(|number| one_on(percpu::this_cpu(), 50 * number)).count();
    same("timers that ran once, late enough, in a softirq", right, 10)
}

fn place() -> Answer {
    let right = (0..smp::cpus()).filter(|cpu| one_on(*cpu, 100)).count();
    same("timers that ran where they were added", right as u32, smp::cpus())
}

fn deleted() -> Answer {
    RAN.store(0, SeqCst);
    let second = time::microseconds(1_000_000);
    ONE.add(cpu::cycles() + 1000 * second, 0);
    let pending = ONE.is_pending();
    let answers = [ONE.delete(), ONE.delete()];
    holds("a timer that was added is pending", pending)?;
    same("what the two deletions said", answers, [true, false])?;
    context::bh_disable();
    ONE.add(cpu::cycles(), 0);
    let answer = ONE.delete_sync();
    context::bh_enable();
    task::sleep(10);
    holds("one that is due and has not run is pending", answer)?;
    same("runs of a timer that was deleted", RAN.load(SeqCst), 0)
}

static GATE: AtomicU32 = AtomicU32::new(0);
static GATED: Timer = Timer::new(|_| {
    GATE.store(1, SeqCst);
    while GATE.load(SeqCst) == 1 {
        cpu::pause();
    }
    GATE.store(3, SeqCst);
});

fn delete_sync() -> Answer {
    if smp::cpus() < 2 {
        return Ok(());
    }
    GATE.store(0, SeqCst);
    let last = smp::cpus() - 1;
    GATED.add_on(last, 0, 0);
    while GATE.load(SeqCst) == 0 {
        cpu::pause();
    }
    let (pending, at_delete) = (GATED.delete(), GATE.load(SeqCst));
    static AFTER: AtomicU32 = AtomicU32::new(0);
    // With two CPUs the waiter may begin only when the timer has run: then it has nothing to wait for.
    let waiter = crew::start(smp::cpus().min(3) - 2, || {
        GATED.delete_sync();
        AFTER.store(GATE.load(SeqCst), SeqCst);
    })?;
    while smp::cpus() > 2 && AFTER.load(SeqCst) == 0 && !task::listing::is_running(waiter.id()) {
        task::yield_now();
    }
    GATE.store(2, SeqCst);
    waiter.join();
    holds("a timer that runs is not pending", !pending)?;
    same("delete came back while it ran, at the gate", at_delete, 1)?;
    same("delete_sync came back when it had run, at the gate", AFTER.load(SeqCst), 3)
}

static TIMES: AtomicU32 = AtomicU32::new(0);
static ITSELF: Timer = Timer::new(|left| {
    TIMES.fetch_add(1, SeqCst);
    if left > 1 {
        // Due at once: it must not keep the CPU for itself.
        ITSELF.add(0, left - 1);
    }
});

fn again() -> Answer {
    TIMES.store(0, SeqCst);
    ITSELF.add(0, 100);
    while TIMES.load(SeqCst) < 100 {
        task::yield_now();
    }
    ITSELF.delete_sync();
    same("runs", TIMES.load(SeqCst), 100)
}

fn modified() -> Answer {
    RAN.store(0, SeqCst);
    let far = cpu::cycles() + time::microseconds(1_000_000_000);
    ONE.add(far, 0);
    let answers: Vec<bool> = (1..4).map(|number| ONE.modify(far + number)).collect();
    let sooner = ONE.modify(0);
    while RAN.load(SeqCst) == 0 {
        task::yield_now();
    }
    let idle = ONE.modify(0);
    while RAN.load(SeqCst) == 1 {
        task::yield_now();
    }
    ONE.delete_sync();
    same("whether it was pending", (answers, sooner, idle), (alloc::vec![true; 3], true, false))?;
    same("runs", RAN.load(SeqCst), 2)
}
