//! How often each task gets the lock: statistics.

use alloc::format;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::entry::{Cause, Certain, Defaults, Experiment, Work};
use super::matrix::{A, Row};
use super::needs::{Ground, Needs};
use super::points::INSIDE;
use super::stage::{Refusal, Rig, Stage, with_room_for};
use crate::class;
use crate::errno::Errno;
use crate::event::Site;
use crate::probe::Name;
use crate::settings::{Form, Probe};
use crate::shared::{Shared, probe};
use crate::sync::Guard;

pub(super) static ENTRY: Experiment = Experiment {
    name: "starvation",
    title: "a lock that nobody breaks, a task that never gets it: fairness in numbers",
    cause: Cause::Life,
    races: &["R28"],
    sources: &["LKD 9, Contention and Scalability", "LKD 10, Spin Locks", "LDD3 5.5, Spinlocks"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[
        Row::always(Form::Spinlock, A),
        Row::always(Form::Ticket, A),
        Row::always(Form::Semaphore, A),
        Row::always(Form::Convoy, A),
        Row::always(Form::Mutex, A),
    ],
    unit: "turns for each task, if they were dealt out fairly",
    known_points: &["inside"],
    points: &["inside"],
    script: &["A.inside", "B.inside"],
    certain: Certain::NEVER,
    tasks: Some(4),
    needs: Needs::on(Ground::Own),
    defaults: Defaults {
        natural: Work { quanta: 1000, rounds: 1 },
        rendezvous: Work { quanta: 25, rounds: 1 },
        script: Work { quanta: 2, rounds: 1 },
    },
    invariants: &[
        "all turns together are as many as there were: no task ever had one that it should not have had",
    ],
    seven: [
        "Yes. The lock is there for all.",
        "No. Only tasks get here.",
        "Yes; and a task that loses its CPU while it waits loses its chance with it.",
        "Under the semaphores and the mutex. Who sleeps is woken in turn; who spins is not in any queue.",
        "The lock lives as long as its users.",
        "Each tries; which of them succeeds is decided by the cache, not by who came first.",
        "It is protected. What is missing is a promise of when.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "Four tasks want the same lock again and again. Nothing is lost and nothing is broken. Count how often each of \
them gets it, and how long the unluckiest waits: with a spinlock, with tickets, with a semaphore, \
with a semaphore whose waiters sleep at once, with a mutex.";

const HINT: &str = "When a spinlock is given back, whose test-and-set comes first? Think of who has the cache line at that moment.";

const EXPLANATION: &str = "A lock promises that one task at a time is inside. It does not promise that everyone gets there. The \
spinlock of this laboratory is a bare test-and-set: whoever tries at the right moment has it. The one that has just given it \
back has the best chance, for the lock's cache line is still in its own cache, while the others have yet to hear that there \
was a store. So a task may get long series of turns, and another none for a long time. On a machine that emulates its CPUs \
it is worse: a CPU whose thread the host does not run does not try at all.\n\n\
The ticket lock is the same test-and-set, and it is had in the order in which the tasks came: everyone has as many turns as \
all others. See what a turn takes, and then see it with --cpus 2 on a host of two cores. With more CPUs than cores the next \
in line is often a CPU that the host does not run: the lock is free, the others spin, and none of them may have it.\n\n\
The form convoy is a semaphore as Linux has it: a waiter goes to sleep, and the unit is handed to the one that has waited longest. \
No task starves, and each has the same number of turns, nearly. It is paid for with time: each turn waits until the next in line \
has been woken, even if three others are awake and could go in at once. That is a convoy. \
The semaphore of this laboratory avoids it: a waiter looks for about as long as a wake-up takes, and takes the unit if it is there. \
Only then does it sleep, and to those that sleep the unit is handed in turn. \
The mutex does it the other way round: it frees itself and lets any task that runs take \
it, until a sleeper has come too late several times; then that one is handed the mutex. Fair enough, and fast enough.\n\n\
Linux went the same way. Its spinlocks were a test-and-set for years, became tickets (first come, first served) when machines \
grew and starved some of their CPUs, and then queues in which each waiter spins on a line of its own. In a virtual machine \
both are dangerous, so there its waiters go to sleep after a while, and the holder wakes the next in line.\n\n\
There is no verdict here: luck is not a race, and no number of turns is wrong. Look at the figures, and repeat them.\n\n\
Wrong cures: to sleep a while after each turn (it is fair to the others at the price of idle time, and nobody knows how \
long); to raise the priority of the one that starves (it spins no better for that); to hold the lock for longer, in order to \
need it less often (then everyone waits for longer); a ticket lock wherever there are more CPUs than cores.";

/// Turns that are left: no point.
static LEFT: Site = Site::new("left");

/// PAUSEs that a turn takes: long enough for the others to come and wait.
const PAUSES: u32 = 8;

/// What one task has got.
#[derive(Default)]
struct Share {
    turns: AtomicU64,
    /// In cycles.
    longest_wait: AtomicU64,
}

/// One round: there are `quanta` turns for each task, and each task that gets the lock uses one of them.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let guard = Guard::<M>::new(resolved.lock, "fair.lock", class!("fair.lock"));
    let turns = u64::from(resolved.writers) * u64::from(resolved.quanta);
    // Changed under the guard alone.
    let left = Shared::new(turns);
    let shares = shares::<M>(resolved.writers)?;
    let present = AtomicU32::new(0);
    stage.race(&|who| {
        let share = &shares[who as usize];
        present.fetch_add(1, Relaxed);
        // The task that comes first has no advantage. At probe points the tasks begin as these say.
        while !M::EXPLORES && resolved.probe == Probe::Off && present.load(Relaxed) < resolved.writers {
            M::spinning();
            M::relax();
            M::yield_now();
        }
        loop {
            let since = M::cycles();
            let _held = guard.enter();
            share.longest_wait.fetch_max(M::cycles().saturating_sub(since), Relaxed);
            match left.look::<M>(&LEFT) {
                0 => break,
                some => left.put::<M>(&LEFT, some - 1),
            }
            probe::<M>(&INSIDE);
            if !M::EXPLORES {
                (0..PAUSES).for_each(|_| M::relax());
            }
            share.turns.fetch_add(1, Relaxed);
        }
    })?;
    stage.add_lock(guard.stats());
    let taken: u64 = shares.iter().map(|share| share.turns.load(Relaxed)).sum();
    stage.run.lost_updates += taken.abs_diff(turns);
    if stage.notes.is_empty() {
        tell(&shares, stage);
    }
    Ok(())
}

fn shares<M: Rig>(writers: u32) -> Result<Vec<Share>, Errno> {
    let mut shares = with_room_for::<M, _>(writers as usize)?;
    shares.resize_with(writers as usize, Share::default);
    Ok(shares)
}

/// The figures of the first round.
fn tell<M: Rig>(shares: &[Share], stage: &mut Stage<'_, M>) {
    for (who, share) in shares.iter().enumerate() {
        let (turns, longest) = (share.turns.load(Relaxed), share.longest_wait.load(Relaxed));
        stage.note(format!("{}: {turns} turns, the longest wait {longest} cycles", Name(who as u8)));
    }
}
