//! Tasklets: never on two CPUs at once, and nothing that was asked for is lost.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::{cpu, percpu, smp};
use crate::context::{self, Context};
use crate::irq::{Tasklet, device};
use crate::task;
use kcore::class;

crate::case! {
    "tasklets::never-on-two-cpus" => never_together;
    "tasklets::one-found-running-is-put-back" => deferred;
    "tasklets::scheduled-twice-runs-once" => once;
    "tasklets::run-in-a-softirq-where-scheduled" => its_context;
    "tasklets::schedule-themselves" => again;
    "tasklets::wait-while-disabled" => disabled;
    "tasklets::kill-waits" => killed;
}

static INSIDE: AtomicU32 = AtomicU32::new(0);
static TOGETHER: AtomicU32 = AtomicU32::new(0);
/// What was asked for and not done: a run takes all of it.
static ASKED: AtomicU32 = AtomicU32::new(0);

static SHARED: Tasklet = Tasklet::new(
    |_| {
        TOGETHER.fetch_add(INSIDE.fetch_add(1, SeqCst), SeqCst);
        ASKED.store(0, SeqCst);
        (0..20).for_each(|_| cpu::pause());
        INSIDE.fetch_sub(1, SeqCst);
    },
    0,
);

fn never_together() -> Answer {
    TOGETHER.store(0, SeqCst);
    crew::run(smp::cpus(), |_| {
        for _ in 0..300 {
            ASKED.store(1, SeqCst);
            SHARED.schedule();
            task::cond_resched();
        }
    })?;
    SHARED.kill();
    same("times that two CPUs were inside", TOGETHER.load(SeqCst), 0)?;
    same("what was asked for after the last run had begun", ASKED.load(SeqCst), 0)
}

static GATE: AtomicU32 = AtomicU32::new(0);

/// Waits until the gate is opened.
static GATED: Tasklet = Tasklet::new(
    |_| {
        GATE.fetch_add(1, SeqCst);
        while GATE.load(SeqCst) == 1 {
            cpu::pause();
        }
    },
    0,
);

/// Starts `GATED` on the last CPU and waits until it is inside; the caller is on another one.
fn gated() -> Result<(), alloc::string::String> {
    GATE.store(0, SeqCst);
    let task = crew::start(smp::cpus() - 1, || _ = GATED.schedule())?;
    while GATE.load(SeqCst) == 0 {
        cpu::pause();
    }
    // The task that scheduled it lies beneath it.
    GATE_TASK.lock_irqsave().push(task);
    Ok(())
}

static GATE_TASK: crate::machine::SpinLock<Vec<task::JoinHandle>> =
    crate::machine::SpinLock::new(class!("test"), Vec::new());

fn open_gate() {
    GATE.fetch_add(1, SeqCst);
    let tasks = core::mem::take(&mut *GATE_TASK.lock_irqsave());
    task::join_all(tasks);
}

fn deferred() -> Answer {
    if smp::cpus() == 1 {
        return Ok(());
    }
    let (times, deferrals) = (GATED.times(), GATED.deferrals());
    gated()?;
    let new = GATED.schedule();
    while GATED.deferrals() == deferrals {
        cpu::pause();
    }
    let meanwhile = GATED.times() - times;
    open_gate();
    GATED.kill();
    holds("it could be scheduled while it ran", new)?;
    same("runs that began while it ran", meanwhile, 1)?;
    same("runs in all", GATED.times() - times, 2)
}

static PLAIN: Tasklet = Tasklet::new(|_| (), 0);

fn once() -> Answer {
    let times = PLAIN.times();
    context::bh_disable();
    let answers = [PLAIN.schedule(), PLAIN.schedule()];
    let early = PLAIN.times() - times;
    context::bh_enable();
    same("what the two calls said", answers, [true, false])?;
    same("runs while softirqs were off", early, 0)?;
    same("runs", PLAIN.times() - times, 1)
}

static RIGHT: AtomicU32 = AtomicU32::new(0);
static WHERE: Tasklet = Tasklet::new(
    |wanted| {
        let right = percpu::this_cpu() as usize == smp::cpus() as usize - 1 && wanted == 7;
        RIGHT.fetch_add(u32::from(right && context::current() == Context::Softirq), SeqCst);
    },
    7,
);

fn its_context() -> Answer {
    RIGHT.store(0, SeqCst);
    let times = WHERE.times();
    device::open(|| _ = WHERE.schedule());
    device::fire_at(smp::cpus() - 1);
    while WHERE.times() == times {
        cpu::pause();
    }
    WHERE.kill();
    device::close();
    same("runs in a softirq of the CPU that was interrupted", RIGHT.load(SeqCst), 1)
}

static LEFT: AtomicU32 = AtomicU32::new(0);
static ITSELF: Tasklet = Tasklet::new(
    |_| {
        if LEFT.fetch_sub(1, SeqCst) > 1 {
            ITSELF.schedule();
        }
    },
    0,
);

fn again() -> Answer {
    let times = ITSELF.times();
    LEFT.store(100, SeqCst);
    ITSELF.schedule();
    while LEFT.load(SeqCst) > 0 {
        task::yield_now();
    }
    ITSELF.kill();
    same("runs", ITSELF.times() - times, 100)
}

fn disabled() -> Answer {
    let times = PLAIN.times();
    PLAIN.disable();
    PLAIN.disable();
    device::open(|| _ = PLAIN.schedule());
    device::fire();
    PLAIN.enable();
    let early = PLAIN.times() - times;
    PLAIN.enable();
    PLAIN.kill();
    device::close();
    same("runs while it was disabled", early, 0)?;
    same("runs", PLAIN.times() - times, 1)?;
    PLAIN.disable();
    PLAIN.enable();
    same("runs without being asked", PLAIN.times() - times, 1)
}

fn killed() -> Answer {
    if smp::cpus() == 1 {
        return Ok(());
    }
    gated()?;
    static KILLED: AtomicU32 = AtomicU32::new(0);
    KILLED.store(0, Relaxed);
    let killer = crew::start(0, || {
        GATED.kill();
        KILLED.store(GATE.load(SeqCst), SeqCst);
    })?;
    (0..50).for_each(|_| task::yield_now());
    let early = KILLED.load(SeqCst);
    open_gate();
    killer.join();
    same("the gate when the killer came back too early", early, 0)?;
    holds(&format!("{GATED:?} is at rest"), !GATED.is_running() && KILLED.load(SeqCst) == 2)
}
