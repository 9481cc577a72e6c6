//! R23: mutual exclusion from loads and stores.

use alloc::format;
use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, compiler_fence, fence};

use kcore::errno::Errno;
use kcore::event::{Events, LockName, LockStep, Mode, Waiting};
use kcore::experiment::{INSIDE, LOOK, WANT};
use kcore::machine::{Cpu, Sched};
use kcore::settings::{Lock, Probe};
use kcore::shared::{Shared, probe};
use kcore::sync::{Observed, Watch};

use crate::machine::{Guard, Kernel};
use crate::task::shortage;

use super::trial::{Refusal, Trial};

/// How long a round may take, in cycles: where the host has fewer cores than it needs, each meeting takes a time slice of
/// its own.
const PATIENCE_CYCLES: u64 = 250_000_000;
/// Looks at the other one's counter without a PAUSE in between.
const QUICK_LOOKS: u32 = 1000;
/// One of the two enters up to so many steps later than the other.
const MOST_SKEW: u64 = 64;

/// One round: the tasks play in pairs, and each passes `quanta` times through the critical section of its pair.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    if trial.is_sequential() {
        trial.note(
            "the accelerator runs one CPU at a time: no store waits in a buffer, so this cannot race".into(),
        );
    }
    let resolved = trial.resolved;
    let pairs = pairs(resolved.writers.div_ceil(2), resolved.lock)?;
    let deadline = Kernel::cycles() + PATIENCE_CYCLES;
    trial.race(&|who| {
        let (pair, me) = (&pairs[who as usize / 2], who as usize % 2);
        // At probe points the tasks meet by themselves, and who is alone meets nobody.
        let in_step = resolved.probe == Probe::Off && who ^ 1 < resolved.writers;
        for pass in 0..resolved.quanta {
            if in_step && !pair.meet(me, pass + 1, deadline) {
                break;
            }
            pair.pass(me);
        }
    })?;
    for pair in &pairs {
        trial.add_lock(pair.guard.stats());
        trial.run.owners = trial.run.owners.max(pair.most.load(Relaxed));
    }
    let met: u64 = pairs.iter().map(|pair| pair.met.load(Relaxed)).sum();
    if met > 0 {
        trial.note(format!("passes of a round that found the other one inside: {met}"));
    }
    Ok(())
}

fn pairs(count: u32, form: Lock) -> Result<Vec<Pair>, Errno> {
    let mut pairs = shortage::with_room_for(count as usize)?;
    pairs.resize_with(count as usize, || Pair::new(form));
    Ok(pairs)
}

/// Two tasks, what keeps them apart, and how often it did not.
struct Pair {
    form: Lock,
    /// Of the form that is a lock.
    guard: Guard,
    /// Of the others.
    peterson: Peterson,
    /// How often each of the two has come to the door: twice for each pass.
    arrivals: [Line; 2],
    inside: AtomicU64,
    most: AtomicU64,
    met: AtomicU64,
}

impl Pair {
    fn new(form: Lock) -> Self {
        let lock = if form == Lock::Spinlock { form } else { Lock::None };
        Pair {
            form,
            guard: Guard::new(lock, "peterson.lock", "peterson.lock"),
            peterson: Peterson::new(),
            arrivals: [Line::new(), Line::new()],
            inside: AtomicU64::new(0),
            most: AtomicU64::new(0),
            met: AtomicU64::new(0),
        }
    }

    /// Waits for the other one at the door, for the `pass`th time from 1, so that both enter at the same moment: two that
    /// take turns never race. False when the time is up.
    fn meet(&self, me: usize, pass: u32, deadline: u64) -> bool {
        let pass = u64::from(pass);
        self.arrivals[me].0.poke(2 * pass - 1);
        while !self.comes_soon(1 - me, 2 * pass - 1) {
            if Kernel::cycles() > deadline {
                return false;
            }
            Kernel::relax();
            // The other one may have to run on this CPU.
            Kernel::yield_now();
        }
        // Once more, now that both are awake.
        self.arrivals[me].0.poke(2 * pass);
        self.comes_soon(1 - me, 2 * pass);
        // Which of them is first, and by how much, goes through all that there is.
        let skew = if me == 0 { pass % MOST_SKEW } else { pass / MOST_SKEW % MOST_SKEW };
        let _ = (0..skew).find(|_| !self.has_come(1 - me, 2 * pass - 1));
        true
    }

    /// Looks for a while without a PAUSE, which takes an emulated CPU out of its step for longer than the race takes.
    fn comes_soon(&self, who: usize, times: u64) -> bool {
        (0..QUICK_LOOKS).any(|_| self.has_come(who, times))
    }

    fn has_come(&self, who: usize, times: u64) -> bool {
        self.arrivals[who].0.peek() >= times
    }

    /// Enters the critical section, counts, and leaves.
    fn pass(&self, me: usize) {
        match self.form {
            Lock::Spinlock => {
                let _held = self.guard.enter();
                self.count();
            }
            form => {
                self.peterson.enter(me, form == Lock::Fenced);
                self.count();
                self.peterson.leave(me);
            }
        }
    }

    /// Counts the owners, by atomic additions, which nothing can disturb.
    fn count(&self) {
        let owners = self.inside.fetch_add(1, Relaxed) + 1;
        if owners > 1 {
            self.most.fetch_max(owners, Relaxed);
            self.met.fetch_add(1, Relaxed);
        }
        probe::<Kernel>(&INSIDE);
        self.inside.fetch_sub(1, Relaxed);
    }
}

/// A word that shares its cache line with nothing: a store to it has far to go.
#[repr(align(64))]
struct Line(Shared<u64>);

impl Line {
    fn new() -> Self {
        Line(Shared::new(0))
    }
}

/// Peterson's lock for two. Its stores are not in the log of stores, since to log them takes a locked instruction, which
/// would be the fence that is missing.
struct Peterson {
    want: [Line; 2],
    /// Who goes first when both want to.
    turn: Line,
    watch: Observed,
}

impl Peterson {
    fn new() -> Self {
        // Who waits at the door waits for what the other one does, and not for a lock to be given back: the other one may have
        // wanted it first, and have no CPU to look.
        let name = LockName { name: "peterson.lock", class: "peterson.lock", waiting: Waiting::Event };
        Peterson { want: [Line::new(), Line::new()], turn: Line::new(), watch: Observed::new(name) }
    }

    /// Waits until the other one is not inside, or so it looks.
    fn enter(&self, me: usize, fenced: bool) {
        // The compiler keeps the order in both forms. The CPU does only in one.
        let order = || if fenced { fence(Ordering::SeqCst) } else { compiler_fence(Ordering::SeqCst) };
        probe::<Kernel>(&WANT);
        self.want[me].0.poke(1);
        // x86 keeps two stores in order by itself; Rust's memory model asks for this one, too.
        order();
        self.turn.0.poke(1 - me as u64);
        order();
        probe::<Kernel>(&LOOK);
        while self.must_wait(me) {
            self.announce(LockStep::Wait);
            Kernel::relax();
            Kernel::spinning();
            // The other one may have to run on this CPU.
            Kernel::yield_now();
        }
        fence(Ordering::Acquire);
        Kernel::preempt_disable();
        self.announce(LockStep::Acquired);
    }

    fn must_wait(&self, me: usize) -> bool {
        self.want[1 - me].0.peek() == 1 && self.turn.0.peek() == 1 - me as u64
    }

    fn leave(&self, me: usize) {
        self.announce(LockStep::Release);
        fence(Ordering::Release);
        self.want[me].0.poke(0);
        Kernel::preempt_enable();
    }

    #[track_caller]
    fn announce(&self, event: LockStep) {
        let address = core::ptr::from_ref(self).addr();
        Watch::<Kernel>::announce(&self.watch, event, Mode::Exclusive, address, Location::caller());
    }
}
