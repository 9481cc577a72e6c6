//! What the scheduler and interrupts tell, and in which order.

use alloc::string::String;
use core::sync::atomic::{
    AtomicU8, AtomicU32, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::event::{Event, IrqStep, Kinds, TaskStep, What};
use kcore::machine::{Context, TaskId};

use super::Answer;
use super::case::same;
use super::crew;
use crate::arch::traps::vector;
use crate::arch::{percpu, smp};
use crate::irq::device;
use crate::irq::softirq::{self, Softirq};
use crate::observe;
use crate::task::table::State;
use crate::task::{self, listing};

crate::case! {
    "events::of-a-task" => of_a_task;
    "events::of-a-task-that-waits-untold" => untold;
    "events::of-an-interrupt" => of_an_interrupt;
}

/// What was heard, a letter each.
static HEARD: [AtomicU8; 64] = [const { AtomicU8::new(0) }; 64];
static COUNT: AtomicUsize = AtomicUsize::new(0);
/// The task that listens.
static LISTENER: AtomicU32 = AtomicU32::new(0);
/// The task that it has started.
static TASK: AtomicU32 = AtomicU32::new(0);

fn note(letter: u8) {
    // One that there is no room for is missed in the end.
    if let Some(room) = HEARD.get(COUNT.fetch_add(1, Relaxed)) {
        room.store(letter, Release);
    }
}

/// What `act` has told to `ear`.
fn heard<R>(kinds: Kinds, ear: fn(&Event), act: impl FnOnce() -> R) -> (R, String) {
    COUNT.store(0, Relaxed);
    LISTENER.store(task::current().0, Relaxed);
    TASK.store(0, Relaxed);
    observe::hear(kinds, ear);
    let result = act();
    observe::hear_no_more();
    let letters = HEARD.iter().take(COUNT.load(Acquire));
    (result, letters.map(|letter| char::from(letter.load(Acquire))).collect())
}

/// Of the task that the listener has started: `s`tarted, has its CPU `>`, `b`egins, sleeps `z`, has left its
/// CPU `<`, was `w`oken, `e`nds.
fn ear_of_task(event: &Event) {
    let What::Task(step) = event.what else { return };
    let by_it = event.actor.task.0 == TASK.load(Acquire) && event.actor.context == Context::Task;
    match step {
        TaskStep::Spawned(task) if event.actor.task.0 == LISTENER.load(Relaxed) => {
            TASK.store(task.0, Release);
            note(b's');
        }
        TaskStep::Switched(TaskId(task)) if task == TASK.load(Acquire) => note(b'>'),
        TaskStep::Switched(_) if by_it => note(b'<'),
        TaskStep::Begun if by_it => note(b'b'),
        TaskStep::Block if by_it => note(b'z'),
        TaskStep::Woken(TaskId(task)) if task == TASK.load(Acquire) => note(b'w'),
        TaskStep::Ended if by_it => note(b'e'),
        _ => {}
    }
}

fn of_a_task() -> Answer {
    same("what was told", of_a_sleeper(task::block, task::wake).as_str(), "s>bz<w>e<")
}

/// The explorer's own waiting is no step of the task that waits, and its waking none of the one that wakes.
fn untold() -> Answer {
    let wake = |id| {
        task::wake_untold(id);
    };
    same("what was told", of_a_sleeper(task::block_untold, wake).as_str(), "s>b<>e<")
}

/// What is told of a task that sleeps once, by `sleep`, and is woken by `wake`.
fn of_a_sleeper(sleep: fn(), wake: fn(TaskId)) -> String {
    // No slice ends while it is listened.
    task::schedule::set_timed(false);
    let ((), told) = heard(Kinds::SCHEDULE, ear_of_task, || {
        let Ok(sleeper) = crew::start(smp::cpus() - 1, sleep) else { return };
        while listing::state_of(sleeper.id()) != Some(State::Blocked) {
            task::yield_now();
        }
        wake(sleeper.id());
        sleeper.join();
    });
    task::schedule::set_timed(true);
    told
}

/// Of the device's interrupt at this CPU `H` to `h`, and of the softirq that its handler raises `S` to `s`.
fn ear_of_interrupt(event: &Event) {
    const SOFTIRQ: u8 = Softirq::Experiment as u8;
    if event.cpu.0 != percpu::this_cpu() || event.actor.task.0 != LISTENER.load(Relaxed) {
        return;
    }
    match event.what {
        What::Irq(IrqStep::Enter(Context::Hardirq, vector::DEVICE)) => note(b'H'),
        What::Irq(IrqStep::Exit(Context::Hardirq, vector::DEVICE)) => note(b'h'),
        What::Irq(IrqStep::Enter(Context::Softirq, SOFTIRQ)) => note(b'S'),
        What::Irq(IrqStep::Exit(Context::Softirq, SOFTIRQ)) => note(b's'),
        _ => {}
    }
}

fn of_an_interrupt() -> Answer {
    softirq::open(Softirq::Experiment, || {});
    device::open(|| softirq::raise(Softirq::Experiment));
    let ((), told) = heard(Kinds::INTERRUPTS, ear_of_interrupt, || (0..2).for_each(|_| device::fire()));
    device::close();
    same("what was told", told.as_str(), "HhSsHhSs")
}
