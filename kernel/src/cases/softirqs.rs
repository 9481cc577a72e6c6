//! Softirqs: when they run, in which context, and that one which raises itself does not keep the CPU.

use core::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::{cpu, smp};
use crate::context::{self, Context};
use crate::irq::device;
use crate::irq::softirq::{self, Softirq};
use crate::task;

crate::case! {
    "softirqs::run-on-the-way-out-of-an-interrupt" => on_exit;
    "softirqs::wait-while-they-are-off" => bh_off;
    "softirqs::switched-off-twice" => nested;
    "softirqs::raised-by-a-task" => by_a_task;
    "softirqs::raised-with-interrupts-off" => irq_off;
    "softirqs::one-that-raises-itself-starves-nobody" => starvation;
}

/// What the softirq of these cases saw: how often it ran, and whether ever in a wrong context.
static RAN: AtomicU32 = AtomicU32::new(0);
static WRONG: AtomicU32 = AtomicU32::new(0);

fn note() {
    let right = context::current() == Context::Softirq && context::is_atomic() && cpu::irq_are_on();
    WRONG.fetch_add(u32::from(!right), Relaxed);
    RAN.fetch_add(1, SeqCst);
}

fn ran() -> u32 {
    RAN.load(SeqCst)
}

/// The device's handler raises the softirq, which notes that it ran.
fn open() {
    RAN.store(0, SeqCst);
    WRONG.store(0, SeqCst);
    softirq::open(Softirq::Experiment, note);
    device::open(|| softirq::raise(Softirq::Experiment));
}

fn contexts() -> Answer {
    device::close();
    same("runs in a wrong context", WRONG.load(SeqCst), 0)
}

fn on_exit() -> Answer {
    open();
    let mut late = 0;
    for number in 1..=100 {
        device::fire();
        late += u32::from(ran() != number);
    }
    contexts()?;
    same("softirqs that were late", late, 0)
}

fn bh_off() -> Answer {
    open();
    context::bh_disable();
    device::fire();
    let (early, atomic) = (ran(), context::is_atomic());
    context::bh_enable();
    let late = ran();
    contexts()?;
    same("runs while softirqs were off", early, 0)?;
    holds("a task that has switched softirqs off is atomic", atomic)?;
    same("runs when they were on again", late, 1)
}

fn nested() -> Answer {
    open();
    context::bh_disable();
    context::bh_disable();
    device::fire();
    context::bh_enable();
    let early = ran();
    context::bh_enable();
    let late = ran();
    contexts()?;
    same("runs while softirqs were off", early, 0)?;
    same("runs when they were on again", late, 1)
}

/// No interrupt is under way that would look on its way out.
fn by_a_task() -> Answer {
    open();
    for number in 1..=100 {
        softirq::raise(Softirq::Experiment);
        while ran() < number {
            cpu::pause();
        }
    }
    contexts()
}

fn irq_off() -> Answer {
    open();
    let were_on = cpu::irq_save();
    context::bh_disable();
    softirq::raise(Softirq::Experiment);
    context::bh_enable();
    let early = ran();
    cpu::irq_restore(were_on);
    while ran() == 0 {
        cpu::pause();
    }
    contexts()?;
    same("runs while interrupts were off", early, 0)
}

/// While it is set, the softirq raises itself.
static AGAIN: AtomicU32 = AtomicU32::new(0);

fn starvation() -> Answer {
    RAN.store(0, SeqCst);
    AGAIN.store(1, SeqCst);
    softirq::open(Softirq::Experiment, || {
        RAN.fetch_add(1, SeqCst);
        if AGAIN.load(SeqCst) == 1 {
            softirq::raise(Softirq::Experiment);
        }
    });
    let cpu = smp::cpus() - 1;
    crew::start(cpu, || softirq::raise(Softirq::Experiment))?.join();
    // Tasks of that CPU begin, take turns, sleep and end all the same.
    crew::start(cpu, || {
        for _ in 0..10 {
            let before = ran();
            while ran() == before {
                task::yield_now();
            }
            task::sleep(10);
        }
    })?
    .join();
    AGAIN.store(0, SeqCst);
    // What is still raised there runs now, and not in the middle of another case.
    let last = crew::start(cpu, || {
        context::bh_disable();
        context::bh_enable();
    })?;
    last.join();
    holds("the softirq went on", ran() > 10)
}
