//! A lock that is one bit of a word.

use alloc::format;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::stage::{Owners, Refusal, Rig, Stage};
use crate::class;
use crate::event::{LockName, LockStep, Site};
use crate::settings::Form;
use crate::shared::probe;
use crate::sync::{Bits, Guard, Observed};

pub(super) static ENTRY: Experiment = Experiment {
    name: "bit-lock",
    title: "a lock of one bit: test_bit, then set_bit, and two tasks own it at once",
    cause: Cause::Smp,
    races: &["R22"],
    sources: &["LDD3 5.7, Bit Operations", "LKD 10, Atomic Bitwise Operations", "LKD 9, Locking"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::Broken, R),
        Row::always(Form::TestAndSet, C),
        Row::always(Form::Spinlock, C),
        Row::always(Form::Semaphore, C),
        Row::always(Form::Completion, C),
        Row::always(Form::Mutex, C),
    ],
    unit: "passes through the critical section",
    known_points: &["test", "set", "inside"],
    points: &["set", "inside"],
    script: &["A.test", "B.test", "A.set", "B.set", "A.inside"],
    certain: Certain { rendezvous: true, script: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(1000, 5),
    invariants: &["never more than one task is inside the critical section", "who leaves finds the bit set"],
    seven: [
        "Yes. A lock that only one task could reach would be no lock.",
        "No, here. A handler that wants the bit cannot wait for a task below it; it can try, and go away if the bit is set.",
        "Yes. A task that loses its CPU between test and set finds another one inside when it goes on; one CPU is enough.",
        "It may, with the bit set: it keeps no CPU, and who waits gives its own away.",
        "The bit lives in a word of what it protects, and so as long.",
        "Both find the bit clear, and both set it.",
        "By one step that sets the bit and says what it was before.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A device has a word of flags, and one bit of it says that the device is busy. A driver waits while test_bit \
says so, then calls set_bit, works, and clears the bit. Each of these functions is atomic. Put two tasks to work at once.";

const HINT: &str =
    "Each step is atomic, and there are two. What does the second one not tell? It works with one CPU, too.";

const EXPLANATION: &str = "A tests the bit: clear. B tests the bit: clear. A sets it. B sets it, where it is set already; set_bit \
does not say so. Both work. A clears the bit while B is still at work, so that C may join. When B leaves it clears a bit that \
is clear.\n\n\
Atomic bit operations do not disturb each other: of two tasks that set different bits of one word none is lost, where a load, \
an or, and a store would lose one. That is what they are for. But two atomic steps are not one, and a lock needs one that \
tests and sets: test_and_set_bit sets the bit and returns what it was before. Of all the tasks that try, one is told that \
it was clear. LDD3 shows the lock that this makes, and warns that you will meet it in old code rather than write it:\n\n\
while (test_and_set_bit(nr, addr) != 0) wait_for_a_while();\n\n\
then the work, and then\n\n\
if (test_and_clear_bit(nr, addr) == 0) something_went_wrong();\n\n\
Its last line is the second half of the lesson. The bit must be cleared after the work and not a moment before, for other CPUs, too: \
the operation that clears it must let no store of the work come after it. A test_and_clear_bit is a full barrier in Linux, and \
a clear_bit is none; who uses that has to say so beside it (smp_mb__before_clear_bit, and clear_bit_unlock today). It also tells what the bit was, and \
the book looks: a bit that was clear already means that there were two owners. The report counts such releases.\n\n\
A spinlock is the same with more around it: preemption off, so that no waiter spins for a holder that has lost its CPU; a wait that \
looks before it tries again; a name, and an owner for those who look for deadlocks. A semaphore or a mutex lets waiters sleep. The bit has \
one thing that they have not: it costs no byte where there is a word of flags anyway. So Linux still locks pages and buffers with it.\n\n\
Wrong cures: to test once more before set_bit; to test after it (the bit is set then, and no test says by which task); to use __set_bit, \
which is not even atomic; to count on one CPU (a task loses it between any two instructions).";

/// Before the bit is looked at: point `test`.
static TEST: Site = Site::new("test");

/// Before the bit is set: point `set`.
static SET: Site = Site::new("set");

/// The bit that is the lock.
const BUSY: usize = 0;

/// One round: every task passes through the critical section `quanta` times.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let bit = BitLock::<M>::new(resolved.lock == Form::Broken);
    let is_bit = matches!(resolved.lock, Form::Broken | Form::TestAndSet);
    let guard =
        Guard::<M>::new(if is_bit { Form::None } else { resolved.lock }, "bit.lock", class!("bit.lock"));
    let owners = Owners::default();
    stage.race(&|_| {
        for _ in 0..resolved.quanta {
            if is_bit {
                bit.acquire();
                owners.pass::<M>();
                bit.release();
            } else {
                let _held = guard.enter();
                owners.pass::<M>();
            }
        }
    })?;
    stage.add_lock(guard.stats());
    stage.run.owners = stage.run.owners.max(owners.most());
    let wrong = bit.wrong.load(Relaxed);
    if wrong > 0 {
        stage.note(format!("releases of a round that found the bit clear: {wrong}"));
    }
    Ok(())
}

/// The lock of LDD3's "Bit Operations", or what looks like it.
struct BitLock<M: Rig> {
    is_broken: bool,
    flags: Bits<M, 1>,
    watch: Observed,
    /// Releases that found the bit clear.
    wrong: AtomicU64,
}

impl<M: Rig> BitLock<M> {
    fn new(is_broken: bool) -> Self {
        // Its waiters give their CPU away, and its holder may sleep.
        let name = LockName::sleeps("bit.lock", class!("bit.lock"));
        BitLock { is_broken, flags: Bits::of([0]), watch: Observed::new(name), wrong: AtomicU64::new(0) }
    }

    #[track_caller]
    fn acquire(&self) {
        while self.test_and_set() {
            self.watch.tell::<M, _>(self, LockStep::Wait);
            // These looks are no probe points: a script names the one that decides.
            while self.flags.test_bit(BUSY) {
                M::relax();
                M::spinning();
                M::yield_now();
            }
        }
        self.watch.tell::<M, _>(self, LockStep::Acquired);
    }

    /// Sets the bit if it is clear, and says whether it was set: in one step, or in two.
    fn test_and_set(&self) -> bool {
        probe::<M>(&TEST);
        if !self.is_broken {
            probe::<M>(&SET);
            return self.flags.test_and_set_bit(BUSY);
        }
        let was_set = self.flags.test_bit(BUSY);
        if !was_set {
            probe::<M>(&SET);
            self.flags.set_bit(BUSY);
        }
        was_set
    }

    #[track_caller]
    fn release(&self) {
        self.watch.tell::<M, _>(self, LockStep::Release);
        let was_set = self.flags.test_and_clear_bit(BUSY);
        self.wrong.fetch_add(u64::from(!was_set), Relaxed);
    }
}
