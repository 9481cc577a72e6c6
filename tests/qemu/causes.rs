//! The causes of concurrency: what the rows of the catalogue do not say. Exact counts, and the places that
//! are named.

use kcore::report::Run;
use kcore::settings::{Config, Form, Verdict};
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::case::waits;
use tests::ensure::{Answer, holds, same};

use crate::deadlocks::LIMIT;
use crate::races::clean;

pub(crate) fn trials() -> Vec<Trial> {
    let mut cases: Vec<Case> = preempt().chain(counters()).chain(handlers()).collect();
    cases.extend(sleeps().chain(many_tasklets()));
    cases.extend([handler_that_sleeps(), timer(), timer_deleted(), other_cpu_that_is_not_there()]);
    cases.into_iter().map(Case::trial).collect()
}

/// Two tasks of one CPU, s slots, a tick before each store: s quanta, on machines of any size. Without
/// preemption none. Ten rounds: none of them can lose more than s, so if all together lose ten times as many,
/// each loses s.
fn preempt() -> impl Iterator<Item = Case> {
    let machines =
        [(1, Config::Full), (4, Config::Full), (1, Config::Preempt), (1, Config::Smp), (1, Config::Up)];
    machines.into_iter().flat_map(|(cpus, config)| {
        [Form::None, Form::CpuOwned].map(move |lock| {
            let words = format!("run preempt lock={lock} probe=fire quanta=37 rounds=10 cpus={cpus}");
            let case =
                Case::new(format!("causes::preempt::{lock}::{cpus}-cpus::{config}"), words).config(config);
            match config.preempt() {
                true => case.run(|run| preempted(run, 37 * 10)),
                false => case.run(clean),
            }
        })
    })
}

fn preempted(run: &Run, slots: u64) -> Answer {
    same("leaked quanta", run.leaked.quantum, slots)?;
    same("allocated quanta", run.allocated.quantum, 2 * slots)?;
    same("leaked nodes and arrays", run.leaked.node + run.leaked.array, 0)?;
    same("the verdict", run.verdict, Verdict::Raced)
}

/// What comes between load and store loses what it adds, each time.
fn counters() -> impl Iterator<Item = Case> {
    let table = [
        ("irq", Form::None, "fire", 4),
        ("irq", Form::PreemptOff, "fire", 1),
        ("softirq", Form::None, "fire", 4),
        ("softirq", Form::PreemptOff, "fire", 1),
        ("irq-other-cpu", Form::None, "fire", 2),
        ("irq-other-cpu", Form::IrqOff, "fire", 4),
        ("tasklet", Form::None, "off", 2),
        ("tasklet", Form::IrqOff, "off", 4),
        ("workqueue", Form::None, "rendezvous", 1),
        ("workqueue", Form::IrqOff, "rendezvous", 4),
        ("sleep", Form::None, "off", 1),
        ("sleep", Form::None, "off", 4),
    ];
    table.into_iter().map(|(name, lock, probe, cpus)| {
        let words = format!("run {name} lock={lock} probe={probe} quanta=20 rounds=2 cpus={cpus}");
        Case::new(format!("causes::lost::{name}::{lock}::{cpus}-cpus"), words).run(|run| {
            same("lost updates", run.lost_updates, 20 * 2)?;
            same("the verdict", run.verdict, Verdict::Raced)
        })
    })
}

/// A handler that spins for what the task below it has: both are named, with both places.
fn handlers() -> impl Iterator<Item = Case> {
    let table = [
        ("irq", Form::Spinlock, "hardirq", "irq.rs"),
        ("irq", Form::Bh, "hardirq", "irq.rs"),
        ("softirq", Form::Spinlock, "softirq", "irq.rs"),
    ];
    table.into_iter().flat_map(|(name, lock, context, file)| {
        [1, 4].map(move |cpus| {
            let words = format!("run {name} lock={lock} probe=fire cpus={cpus} {LIMIT}");
            let case = Case::new(format!("causes::deadlock::{name}::{lock}::{cpus}-cpus"), words);
            let case = case.run(|run| same("the verdict", run.verdict, Verdict::Deadlock));
            let case = case.says("waits for counter.lock at").says("writer-A holds it since irq.rs:");
            case.check(move |outcome| {
                let edges = waits(outcome);
                same("edges", edges.len(), 2)?;
                holds("both are in the cycle", edges.iter().all(|edge| edge.in_cycle))?;
                let (handler, task) = (edges[0], edges[1]);
                same("the handler", handler.waiter.as_str(), format!("writer-A ({context})").as_str())?;
                same("it waits for", handler.lock.as_str(), "counter.lock")?;
                same("whose is", handler.holder.as_deref(), Some("writer-A"))?;
                holds("the handler's place is named", is_in(&handler.at, file))?;
                holds(
                    "the task's place is named",
                    is_in(handler.held_since.as_deref().unwrap_or(""), "irq.rs"),
                )?;
                same("the task", task.waiter.as_str(), "writer-A")?;
                same("its CPU", task.lock.as_str(), format!("CPU {}", cpus - 1).as_str())
            })
        })
    })
}

/// A task is about to sleep where it must not: the place of the sleep, and the place from which on it must
/// not.
fn sleeps() -> impl Iterator<Item = Case> {
    let table = [
        ("sleep-in-atomic", Form::Spinlock, "list.lock", "sleep_in_atomic.rs", Config::Full),
        ("sleep-in-atomic", Form::Spinlock, "list.lock", "sleep_in_atomic.rs", Config::Up),
        ("sleep-in-atomic", Form::PreemptOff, "preemption off", "sleep_in_atomic.rs", Config::Preempt),
        ("sleep", Form::Irqsave, "counter.lock", "sleep.rs", Config::Full),
        ("sleep", Form::IrqOff, "interrupts off", "sleep.rs", Config::Smp),
    ];
    table.into_iter().map(|(name, lock, what, file, config)| {
        let words = format!("run {name} lock={lock}");
        let case = Case::new(format!("causes::sleeps::{name}::{lock}::{config}"), words).config(config);
        let case = case.run(|run| same("the verdict", run.verdict, Verdict::InvalidContext));
        let case =
            case.says(format!("is about to sleep at {file}:")).says(format!("{what} held since {file}:"));
        case.check(move |outcome| {
            let edges = waits(outcome);
            same("edges", edges.len(), 1)?;
            let (slept, began) =
                (line(&edges[0].at, file)?, line(edges[0].held_since.as_deref().unwrap_or(""), file)?);
            holds("it began to be atomic before it was to sleep", began < slept)
        })
    })
}

/// A handler has no task to put to sleep.
fn handler_that_sleeps() -> Case {
    Case::new("causes::sleeps::irq::semaphore", "run irq lock=semaphore probe=fire")
        .run(|run| same("the verdict", run.verdict, Verdict::InvalidContext))
        .says("is about to sleep at irq.rs:")
        .says("in an interrupt handler on top of it")
}

/// More tasks than CPUs: some tasklets meet, others wait below those that do. None waits for ever.
fn many_tasklets() -> impl Iterator<Item = Case> {
    [Form::None, Form::Tasklet, Form::Spinlock].into_iter().flat_map(|lock| {
        [(1, 3), (2, 5), (4, 9)].map(move |(cpus, tasks)| {
            let words = format!("run tasklet lock={lock} cpus={cpus} writers={tasks} quanta=20");
            let case = Case::new(format!("causes::tasklets::{lock}::{tasks}-on-{cpus}"), words);
            match lock == Form::None && cpus > 1 {
                true => case.run(|run| same("the verdict", run.verdict, Verdict::Raced)),
                false => case.run(clean),
            }
        })
    })
}

/// Each object is written to once after it was freed.
fn timer() -> Case {
    Case::new("causes::timer::none", "run timer lock=none quanta=15 rounds=2").run(|run| {
        same("writes after free", run.use_after_free, 15 * 2)?;
        same("objects", (run.allocated.quantum, run.freed.quantum), (15 * 2, 15 * 2))
    })
}

fn timer_deleted() -> Case {
    Case::new("causes::timer::synchronous", "run timer lock=synchronous quanta=15 rounds=2").run(|run| {
        clean(run)?;
        same("objects", (run.allocated.quantum, run.freed.quantum), (15 * 2, 15 * 2))
    })
}

/// It takes two CPUs, and the kernel says so.
fn other_cpu_that_is_not_there() -> Case {
    Case::new("causes::irq-other-cpu::one-cpu", "run irq-other-cpu cpus=1")
        .ends(Status::Usage)
        .says("irq-other-cpu with lock=none does not fit a machine of cpus=1")
}

/// Whether `place` is a line of `file`.
fn is_in(place: &str, file: &str) -> bool {
    line(place, file).is_ok()
}

/// The line of `file` that `place` names.
fn line(place: &str, file: &str) -> Result<u32, String> {
    let (path, line) = place.rsplit_once(':').ok_or_else(|| format!("'{place}' is no place"))?;
    holds(&format!("'{place}' is in {file}"), path.rsplit('/').next() == Some(file))?;
    line.parse().map_err(|_| format!("'{place}' has no line"))
}
