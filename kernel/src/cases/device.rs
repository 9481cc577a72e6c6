//! The machine's own device: its interrupt comes when it must, and where.

use alloc::format;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::traps::vector;
use crate::arch::{cpu, percpu, smp};
use crate::context::{self, Context};
use crate::irq::{counts, device};
use crate::param::MAX_CPUS;

crate::case! {
    "device::comes-at-once" => at_once;
    "device::waits-for-interrupts" => delayed;
    "device::two-at-once-are-one" => merged;
    "device::reaches-every-cpu" => everywhere;
    "device::handler-is-a-handler" => its_context;
    "device::is-counted" => counted;
}

static CAME: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

fn came(cpu: u32) -> u32 {
    CAME[cpu as usize].load(SeqCst)
}

/// Registers a handler that counts.
fn open() {
    CAME.iter().for_each(|count| count.store(0, SeqCst));
    device::open(|| {
        CAME[percpu::this_cpu() as usize].fetch_add(1, SeqCst);
    });
}

fn at_once() -> Answer {
    open();
    let right = crew::count(|cpu| {
        (1..=100).all(|number| {
            device::fire();
            came(cpu) == number
        })
    });
    device::close();
    same("CPUs that were interrupted at once, each time", right?, smp::cpus())
}

fn delayed() -> Answer {
    open();
    let this = percpu::this_cpu();
    let were_on = cpu::irq_save();
    device::fire();
    let (early, sent) = (came(this), device::in_flight());
    cpu::irq_restore(were_on);
    // The CPU may take an instruction more to notice.
    while device::in_flight() != 0 {
        cpu::pause();
    }
    device::close();
    same("interrupts while they were off", early, 0)?;
    same("interrupts in flight", sent, 1)?;
    same("interrupts afterwards", came(this), 1)
}

fn merged() -> Answer {
    open();
    let (this, before) = (percpu::this_cpu(), device::merged());
    let were_on = cpu::irq_save();
    device::fire();
    device::fire();
    cpu::irq_restore(were_on);
    // As above.
    while device::in_flight() != 0 {
        cpu::pause();
    }
    device::fire();
    device::close();
    same("interrupts", came(this), 2)?;
    same("interrupts that were one with another", device::merged() - before, 1)
}

fn everywhere() -> Answer {
    open();
    for cpu in 0..smp::cpus() {
        device::fire_at(cpu);
        while came(cpu) == 0 {
            core::hint::spin_loop();
        }
    }
    device::close();
    let wrong = (0..smp::cpus()).filter(|cpu| came(*cpu) != 1).count();
    same("CPUs with another number of interrupts than 1", wrong, 0)
}

static SEEN: AtomicU32 = AtomicU32::new(0);

fn its_context() -> Answer {
    SEEN.store(0, Relaxed);
    device::open(|| {
        let right = context::current() == Context::Hardirq && context::is_atomic() && !cpu::irq_are_on();
        SEEN.store(if right { 1 } else { 2 }, Relaxed);
    });
    device::fire();
    device::close();
    same("what the handler saw", SEEN.load(Relaxed), 1)?;
    same("the context of a task", context::current(), Context::Task)?;
    holds("a task with nothing switched off is not atomic", !context::is_atomic())
}

fn counted() -> Answer {
    open();
    let right = crew::count(|cpu| {
        let before = counts::of(cpu, vector::DEVICE);
        (0..10).for_each(|_| device::fire());
        counts::of(cpu, vector::DEVICE) == before + 10
    });
    device::close();
    same("CPUs that counted all", right?, smp::cpus())?;
    let ticks: u64 = (0..smp::cpus()).map(|cpu| counts::of(cpu, vector::TICK)).sum();
    holds(&format!("{ticks} ticks are no fewer than none"), counts::of(0, 3) == 0)
}
