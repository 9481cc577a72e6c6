//! An error path that returns with the lock held.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, Row, S};
use super::needs::Needs;
use super::points::SIZE;
use super::stage::{Refusal, Rig, Stage};
use crate::class;
use crate::errno::Errno;
use crate::event::Class;
use crate::machine::TaskId;
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::{Completion, Guard, Held};

pub(super) static ENTRY: Experiment = Experiment {
    name: "forgotten-unlock",
    title: "an error path returns with the lock held; the next caller waits for ever",
    cause: Cause::Locks,
    races: &["R26"],
    sources: &["LDD3 5.3, Using Semaphores in scull", "LDD3 5.6, Ambiguous Rules", "LKD 9, Deadlocks"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        // Without other CPUs a spinlock has no word that could stay taken.
        Row::each(Form::Spinlock, [S, S, S, S, C, C]),
        Row::always(Form::Semaphore, S),
        Row::always(Form::Mutex, S),
        Row::always(Form::Guarded, C),
    ],
    unit: "calls: A makes one, which is refused, and after that all others make so many",
    known_points: &["size.load", "size.store"],
    certain: Certain { off: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::of_two_unheard(),
    defaults: Defaults::once(1),
    invariants: &[
        "a task that has returned holds no lock",
        "the size is the number of bytes whose write was not refused",
    ],
    seven: [
        "Yes. Everybody who opens the device reaches it.",
        "No. Only tasks write.",
        "Yes. It could be preempted anywhere; the lock that stays taken needs no help from that.",
        "In Linux the copy from user space may sleep. It may also fail, and that is where the lock is forgotten.",
        "The device lives as long as the machine.",
        "The other one waits for the lock. After the mistake it waits for ever.",
        "By one lock, and by a way out that gives it back whatever happened: one label in C, a guard in Rust.",
    ],
    is_silent: true,
    ..Experiment::USUAL
};

const GOAL: &str = "A device works for weeks. Then a user passes a bad address; write returns -EFAULT, as it should. From \
that moment on every other call hangs. Find the line.";

const HINT: &str = "The task that is at fault has long gone when the first one hangs. Ask the lock, not the task that waits: \
who took it last, and where?";

const EXPLANATION: &str = "A calls write with a bad address. write takes scull0.lock, finds that the bytes cannot be copied, \
and returns -EFAULT. The line that gives the lock back stands at the end of the function, and A never came to it. A's \
program prints its error and exits. B asks for the size, waits for scull0.lock, and so waits for a task that is no more. There \
is no circle here, which is why it is not called a deadlock: the chain has an end, and at the end is nobody. B is stuck.\n\n\
The place where it hangs and the place of the mistake have nothing in common: other task, other call, other day. That is \
why the report names both: where B waits, and where the lock was taken that B waits for.\n\n\
With a semaphore or a mutex B sleeps; with a spinlock it keeps a CPU busy. The spinlock has a second effect: the task \
that forgets it goes on with preemption off, and Linux then complains at its next sleep that it is scheduling while \
atomic. In a kernel for one CPU the spinlock has no word that could stay taken, so nothing hangs there.\n\n\
The cure is to have one way out. In C, each error jumps to a label at the end of the function, where everything that was \
taken is given back in the reverse order: read any function of scull. In Rust the lock returns a guard, and the compiler \
gives the lock back wherever the guard's scope ends, by return, by the question mark or by the end: that is the guarded \
form. It is the same code here, but for the one line that throws the guard away.\n\n\
Wrong cures: to add an unlock before that one return (the next error path will be written by somebody else); a timeout \
for those who wait (then every call fails, which is only a more polite way to hang); to let the next caller take the \
lock by force (the device may be half changed); to give up the lock in exit (the kernel cannot know which locks belong \
to which task, and some are meant to be given back by another one).";

/// As much of a device as the mistake needs.
struct Device<M: Rig> {
    guard: Guard<M>,
    size: Shared<usize>,
    /// Whether the error path forgets the lock.
    forgets: bool,
}

/// Where the bytes of a write come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum User {
    Good,
    /// Nothing can be copied from there.
    BadAddress,
}

/// One round: A makes one write, which is refused; when it has ended, all others ask for the size and make a
/// good write, `quanta` times.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let guarded = resolved.lock == Form::Guarded;
    let form = if guarded { Form::Spinlock } else { resolved.lock };
    let guard = Guard::<M>::new(form, "scull0.lock", class!("scull.lock"));
    let device = Device { guard, size: Shared::new(0), forgets: !guarded };
    let first = AtomicU32::new(0);
    let refused = Completion::<M>::new(Class::EVENT);
    let accepted = AtomicU64::new(0);
    stage.race(&|who| {
        if who == 0 {
            first.store(M::task().0, Relaxed);
            let _ = device.write(User::BadAddress);
            refused.complete_all();
            return;
        }
        refused.wait();
        wait_for_the_end_of::<M>(TaskId(first.load(Relaxed)));
        for _ in 0..resolved.quanta {
            device.size();
            accepted.fetch_add(u64::from(device.write(User::Good).is_ok()), Relaxed);
        }
    })?;
    stage.add_lock(device.guard.stats());
    stage.run.lost_updates += accepted.into_inner() - device.size.audit() as u64;
    Ok(())
}

/// Looks until `task`, which is about to end, has ended. If it were only about to, on the same CPU, a task
/// that spins there would keep it from that, and the two would wait for each other: another exhibit.
fn wait_for_the_end_of<M: Rig>(task: TaskId) {
    while !M::has_ended(task) {
        M::yield_now();
    }
}

impl<M: Rig> Device<M> {
    /// Appends one byte.
    fn write(&self, from: User) -> Result<(), Errno> {
        let held = self.guard.enter();
        if from == User::BadAddress {
            if self.forgets {
                self.forget(held);
            }
            return Err(Errno::EFAULT);
        }
        let end = self.size.load::<M>(&SIZE);
        self.size.store::<M>(&SIZE, end + 1);
        Ok(())
    }

    /// The size.
    fn size(&self) -> usize {
        let _held = self.guard.enter();
        self.size.load::<M>(&SIZE)
    }

    /// What a C function does that returns without the line that unlocks. Preemption is on again, as if only
    /// the lock's word had been forgotten: else the task would be found out at once, when it ends, for
    /// another reason.
    fn forget(&self, held: Held<'_, M>) {
        core::mem::forget(held);
        if self.guard.lock() == Form::Spinlock {
            M::preempt_enable();
        }
    }
}
