//! A task sleeps in the middle of its critical section.

use super::entry::{Cause, Certain, Defaults, Experiment, Placement, Work};
use super::matrix::{C, I, R, Row};
use super::needs::{Ground, Needs};
use super::stage::{Count, Meeting, Refusal, Rig, Stage};
use crate::settings::Form;

pub(super) static ENTRY: Experiment = Experiment {
    name: "sleep",
    title: "a task sleeps between load and store: which locks stand that, and which not",
    cause: Cause::Sleeping,
    races: &["R14", "R28"],
    sources: &[
        "LDD3 5.3, Semaphores and Mutexes",
        "LDD3 5.5, Spinlocks and Atomic Context",
        "LKD 9, Causes of Concurrency",
        "LKD 10, Semaphores; Semaphores Versus Mutexes",
    ],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::None, R),
        // In a kernel without preemption there is nothing to switch off, and no check notices.
        Row::each(Form::PreemptOff, [I, R, I, R, I, R]),
        Row::always(Form::IrqOff, I),
        Row::always(Form::Spinlock, I),
        Row::always(Form::Irqsave, I),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Mutex, C),
        Row::always(Form::RwSem, C),
        Row::always(Form::Completion, C),
    ],
    unit: "increments of each task, with a sleep of a millisecond in the middle",
    known_points: &["counter.load", "counter.store"],
    points: &["counter.store"],
    script: &["A.counter.load", "B.counter.load", "A.counter.store", "B.counter.store"],
    certain: Certain { off: true, ..Certain::NEVER },
    placement: Placement::OneCpu,
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults {
        natural: Work { quanta: 5, rounds: 2 },
        rendezvous: Work { quanta: 5, rounds: 2 },
        script: Work { quanta: 1, rounds: 1 },
    },
    invariants: &[
        "the counter is tasks x increments x rounds; what is missing was lost",
        "nobody sleeps while a spinlock is held, or with preemption or interrupts off",
    ],
    seven: [
        "Yes. The counter is global.",
        "No. Only tasks count here.",
        "Yes, but it takes no preemption: the task gives the CPU away itself.",
        "Yes, and this is the experiment. It leaves behind a lock that is held, or none, and a value that grows old.",
        "It is not freed.",
        "The same as on this one, where the tasks take turns.",
        "By a lock that the holder keeps while it sleeps: semaphore, mutex, completion.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Between load and store a task has to wait for a millisecond, and sleeps. Lose updates on one CPU in a kernel \
without preemption (--config up). Then try the lock that cured counter on any number of CPUs, and read what the machine says to it.";

const HINT: &str = "To sleep is to call the scheduler. Who runs meanwhile, and what does it find? If it finds a spinlock taken, what \
does it do on the only CPU there is?";

const EXPLANATION: &str = "A loads 7 and sleeps. The CPU goes to B, which loads 7 and sleeps. A wakes and stores 8. B wakes and stores \
8. No other CPU took part and nobody was interrupted: A left of its own accord, in the middle. This is the oldest kind of \
concurrency in a kernel, and the one that a kernel without preemption on one CPU still has. In a driver the sleep hides in \
something harmless: an allocation, a copy from user space, a lock that sleeps. (Nothing is left to chance: who has \
loaded sleeps on until the other has loaded too, or has come to a lock that is held.)\n\n\
The semaphore is made for this. A holds it while it sleeps. B finds no unit left, sleeps as well, and is woken by up. \
Mutex, reader/writer semaphore and completion do the same. The critical section stays closed for as long as the sleep \
lasts, which is slow and right.\n\n\
The spinlock must not be held here. If A slept with it, B would spin on the CPU that A needs in order to wake up and let \
go; on several CPUs all of them end up spinning for one that sleeps. That is why a spinlock switches preemption off: its \
holder is atomic, and whatever may sleep asks first whether it is called in atomic context. The machine then stops the \
run and names two places: where it became atomic, and where it was about to sleep. The verdict is invalid-context, whether or \
not a deadlock would have come of it this time.\n\n\
Interrupts off are a context of the same kind. The timer that is to end the sleep is an interrupt, and the next task would \
go on with interrupts off that it never switched off.\n\n\
Preemption off is the instructive form. In a kernel with preemption the sleep is reported. In a kernel without, \
preempt_disable is nothing: nobody counts, nobody complains, and updates are lost as without any guard. It never kept a \
task from sleeping; it kept others from taking the CPU.\n\n\
Wrong cures: a spinlock with a shorter sleep; to let the lock go before the sleep and take it again after it, without \
loading anew (the value is from before); to test whether the caller is atomic and sleep only if it is not (a plain kernel \
cannot know).";

/// How long one sleep takes, in microseconds.
const SLEEP: u64 = 1000;

/// One round: every task adds 1 to the counter, `quanta` times, and sleeps in the middle: once, and again
/// until the others have come as far as they can.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let count = Count::new(resolved.lock);
    let meeting = Meeting::new::<M>(resolved, resolved.writers);
    stage.race(&|who| {
        for _ in 0..resolved.quanta {
            meeting.come(who);
            count.increment_slowly(|| {
                meeting.go_in(who);
                M::sleep(SLEEP);
                while !meeting.is_complete(who) {
                    M::sleep(SLEEP);
                }
            });
        }
        meeting.leave(who);
    })?;
    count.close(u64::from(resolved.writers) * u64::from(resolved.quanta), stage);
    Ok(())
}
