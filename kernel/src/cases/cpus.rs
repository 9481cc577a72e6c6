//! CPUs: their numbers, clocks and interrupts.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::Answer;
use super::case::{different, holds, same};
use super::crew;
use crate::arch::{apic, cpu, percpu, smp};
use crate::kmemleak::world;
use crate::machine::SpinLock;
use crate::param::MAX_CPUS;
use kcore::class;

crate::case! {
    "cpus::a-task-runs-where-it-was-put" => placed;
    "cpus::apic-ids-differ" => apic_ids;
    "cpus::clock-never-goes-back" => clock;
    "cpus::call-reaches-each-once" => calls;
    "cpus::call-comes-with-interrupts-off" => calls_are_interrupts;
    "cpus::interrupts-stay-as-they-were" => interrupts;
    "cpus::tasks-begin-with-interrupts-on" => interrupts_of_tasks;
    "cpus::unmasked-interrupts-of-many-senders" => unmasked;
}

/// Whether interrupts are on.
fn irq_is_on() -> bool {
    let were_on = cpu::irq_save();
    cpu::irq_restore(were_on);
    were_on
}

fn placed() -> Answer {
    let right = crew::count(|cpu| percpu::this_cpu() == cpu)?;
    same("tasks on their CPU", right, smp::cpus())
}

fn apic_ids() -> Answer {
    let own = crew::count(|cpu| percpu::apic_id(cpu) == apic::id())?;
    same("CPUs that know their APIC", own, smp::cpus())?;
    let ids: Vec<u32> = (0..smp::cpus()).map(percpu::apic_id).collect();
    same("different APIC ids", different(&ids) as u32, smp::cpus())
}

fn clock() -> Answer {
    let forward = crew::count(|_| {
        let readings: Vec<u64> = (0..2000).map(|_| cpu::cycles()).collect();
        readings.is_sorted()
    })?;
    same("CPUs whose clock goes forward", forward, smp::cpus())
}

static CALLED: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];
static CALLED_WITH_IRQ_ON: AtomicU32 = AtomicU32::new(0);
/// Calls are made by one CPU at a time.
static CALLER: SpinLock<()> = SpinLock::new(class!("test"), ());

fn calls() -> Answer {
    let _only = CALLER.lock();
    let before: Vec<u32> = CALLED.iter().map(|count| count.load(Relaxed)).collect();
    const CALLS: u32 = 100;
    for _ in 0..CALLS {
        smp::call_others(|| {
            CALLED[percpu::this_cpu() as usize].fetch_add(1, Relaxed);
        });
    }
    for cpu in 0..MAX_CPUS as u32 {
        let others = cpu != percpu::this_cpu() && cpu < smp::cpus();
        let came = CALLED[cpu as usize].load(Relaxed) - before[cpu as usize];
        same(&format!("calls of CPU {cpu}"), came, if others { CALLS } else { 0 })?;
    }
    Ok(())
}

fn calls_are_interrupts() -> Answer {
    let _only = CALLER.lock();
    smp::call_others(|| {
        CALLED_WITH_IRQ_ON.fetch_add(u32::from(irq_is_on()), Relaxed);
    });
    same("calls with interrupts on", CALLED_WITH_IRQ_ON.load(Relaxed), 0)
}

fn interrupts() -> Answer {
    let lock = SpinLock::new(class!("test"), ());
    holds("interrupts are on in a task", irq_is_on())?;
    let guard = lock.lock_irqsave();
    holds("they are off under a lock that says so", !irq_is_on())?;
    drop(guard);
    holds("they are on again behind it", irq_is_on())?;
    let were_on = cpu::irq_save();
    drop(lock.lock_irqsave());
    let stayed_off = !irq_is_on();
    cpu::irq_restore(were_on);
    holds("a lock taken with interrupts off leaves them off", stayed_off)?;
    holds("and whoever switched them off has them back on", irq_is_on())
}

fn interrupts_of_tasks() -> Answer {
    same("CPUs with interrupts on", crew::count(|_| irq_is_on())?, smp::cpus())
}

/// Non-maskable interrupts that no CPU waits for, of all CPUs to all others, while one stops the world again
/// and again: each that comes was sent, whichever CPU has asked for it.
fn unmasked() -> Answer {
    let survived = crew::count(|cpu| {
        for _ in 0..100 {
            (0..smp::cpus()).filter(|other| *other != cpu).for_each(smp::interrupt_unmasked);
            if cpu == 0 {
                let were_on = cpu::irq_save();
                let stopped = world::stop(|_| ());
                cpu::irq_restore(were_on);
                if stopped.is_err() {
                    return false;
                }
            }
        }
        true
    })?;
    same("CPUs that have sent all theirs, and stood still when they were to", survived, smp::cpus())
}
