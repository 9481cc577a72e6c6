//! A lock, taken twice by the same task.

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, D, Row};
use super::needs::{Ground, Needs};
use super::points::SIZE;
use super::stage::{Refusal, Rig, Stage};
use crate::class;
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::Guard;

pub(super) static ENTRY: Experiment = Experiment {
    name: "self-deadlock",
    title: "who holds the lock calls a function that takes it, and waits for itself",
    cause: Cause::Locks,
    races: &["R25"],
    sources: &["LDD3 5.6, Ambiguous Rules", "LKD 9, Deadlocks", "LKD 10, Spin Locks"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        // Without other CPUs a spinlock has no word that could be found taken.
        Row::each(Form::Spinlock, [D, D, D, D, C, C]),
        Row::always(Form::Semaphore, D),
        Row::always(Form::Mutex, D),
        Row::always(Form::Helper, C),
    ],
    unit: "appended bytes",
    known_points: &["size.load", "size.store"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(1),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::once(10),
    invariants: &[
        "nobody waits for a lock that is its own",
        "the size is the number of bytes that were appended",
    ],
    seven: [
        "Yes. The size belongs to the device, and the device to all who open it.",
        "No, here. With a handler the same mistake is made without a call: see the exhibit irq.",
        "Yes, and it does not matter: one task alone is enough for this one.",
        "With a semaphore or a mutex it does: it sleeps for the lock that it holds.",
        "The device lives as long as the machine.",
        "The other call waits for the lock, and rightly so. The trouble is the same processor's own second call.",
        "By one lock, which the functions that are called from outside take and the functions inside expect to be held.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "One task, one lock, and a program without an unlock missing anywhere. Make it wait for ever. Then find \
the configuration of the kernel in which the same code runs to its end, and say why that is no comfort.";

const HINT: &str =
    "append needs to know the size, and there is a function for that. Who takes the lock in it?";

const EXPLANATION: &str = "append takes scull0.lock, because it changes the device. It asks size() where the end is. size() \
is a good citizen: it may be called from anywhere, so it takes scull0.lock as well. The lock is taken. Its holder is the \
very task that waits for it, and the only one who could give it back is waiting.\n\n\
The lock does not say whose it is. A spinlock is one bit: taken. A semaphore is a number: none left. Neither can tell \
that the one who asks is the one who has it, and so the primitive waits as it would for anybody. A mutex knows its owner \
and could tell; in Linux it does, in kernels built for finding mistakes, and waits all the same. The report here names \
the lock, the task twice, and both lines.\n\n\
In a kernel for one CPU only, a spinlock has no bit: whoever keeps the CPU has the lock. There the second lock is taken \
without a word, the program runs, and the mistake waits for the day when somebody builds the kernel for two CPUs.\n\n\
The cure is a rule about functions, not about locks. Functions that are called from outside take the lock, and do nothing \
else with it; functions that do the work expect it to be held, say so in their comment, assert it, and are called from \
the former only. LDD3 has it so in scull: read and write take the lock, scull_follow and scull_trim assume it. That is \
the helper form.\n\n\
Wrong cures: a lock that its owner may take again and again (the inner function then works on data that the outer one has \
half changed, and believes it to be whole); to give the lock back around the inner call (what the outer function knew of \
the device is stale afterwards); to ask whether the lock is taken, and go on if it is (taken by whom?); a trylock that \
goes on without the lock when it fails.";

/// As much of a device as the mistake needs.
struct Device<M: Rig> {
    guard: Guard<M>,
    size: Shared<usize>,
    /// Whether the functions inside expect the lock to be held, and do not take it.
    helper: bool,
}

/// One round: every task appends one byte, `quanta` times.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let helper = resolved.lock == Form::Helper;
    let form = if helper { Form::Spinlock } else { resolved.lock };
    let guard = Guard::<M>::new(form, "scull0.lock", class!("scull.lock"));
    let device = Device { guard, size: Shared::new(0), helper };
    stage.race(&|_| {
        for _ in 0..resolved.quanta {
            device.append();
        }
    })?;
    stage.add_lock(device.guard.stats());
    let appended = u64::from(resolved.writers) * u64::from(resolved.quanta);
    stage.run.lost_updates += appended - device.size.audit() as u64;
    Ok(())
}

impl<M: Rig> Device<M> {
    /// Called from outside: takes the lock.
    fn append(&self) {
        let _held = self.guard.enter();
        let end = if self.helper { self.size_locked() } else { self.size() };
        self.size.store::<M>(&SIZE, end + 1);
    }

    /// Called from outside: takes the lock. But `append` calls it, too.
    fn size(&self) -> usize {
        let _held = self.guard.enter();
        self.size_locked()
    }

    /// Called from inside: the lock is held.
    fn size_locked(&self) -> usize {
        assert!(self.guard.is_held(), "whoever calls this has the lock");
        self.size.load::<M>(&SIZE)
    }
}
