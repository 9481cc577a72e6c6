//! R23: mutual exclusion from loads and stores.

use alloc::format;
use alloc::vec::Vec;
use core::panic::Location;
use core::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, compiler_fence, fence};

use kcore::errno::Errno;
use kcore::experiment::{INSIDE, LOOK, WANT};
use kcore::machine::{Cpu, Hooks, LockEvent, LockName, Sched, Waiting};
use kcore::settings::Lock;
use kcore::shared::{Shared, probe};
use kcore::sync::{Observed, Watch};

use crate::machine::{Guard, Kernel};

use super::trial::{Refusal, Trial};

/// One round: the tasks play in pairs, and each passes `quanta` times through the critical section of its pair.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    if trial.is_sequential() {
        trial.note(
            "the accelerator runs one CPU at a time: no store waits in a buffer, so this cannot race".into(),
        );
    }
    let resolved = trial.resolved;
    let pairs = pairs(resolved.writers.div_ceil(2), resolved.lock)?;
    trial.race(|who| {
        let pair = &pairs[who as usize / 2];
        for _ in 0..resolved.quanta {
            pair.pass(who as usize % 2);
        }
    })?;
    for pair in &pairs {
        trial.add_lock(pair.guard.stats());
        trial.run.owners = trial.run.owners.max(pair.most.load(Relaxed));
    }
    let met: u64 = pairs.iter().map(|pair| pair.met.load(Relaxed)).sum();
    if met > 0 {
        let passes = u64::from(resolved.writers) * u64::from(resolved.quanta);
        trial.note(format!("of {passes} passes of a round, {met} found the other one inside"));
    }
    Ok(())
}

fn pairs(count: u32, form: Lock) -> Result<Vec<Pair>, Errno> {
    let mut pairs = Vec::new();
    pairs.try_reserve_exact(count as usize).map_err(|_| Errno::ENOMEM)?;
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
            inside: AtomicU64::new(0),
            most: AtomicU64::new(0),
            met: AtomicU64::new(0),
        }
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
        let name = LockName { name: "peterson.lock", class: "peterson.lock", waiting: Waiting::Spins };
        let line = || Line(Shared::new(0));
        Peterson { want: [line(), line()], turn: line(), watch: Observed::new(name) }
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
            self.announce(LockEvent::Wait);
            Kernel::relax();
            Kernel::spinning();
            // The other one may have to run on this CPU.
            Kernel::yield_now();
        }
        fence(Ordering::Acquire);
        Kernel::preempt_disable();
        self.announce(LockEvent::Acquired);
    }

    fn must_wait(&self, me: usize) -> bool {
        self.want[1 - me].0.peek() == 1 && self.turn.0.peek() == 1 - me as u64
    }

    fn leave(&self, me: usize) {
        self.announce(LockEvent::Release);
        fence(Ordering::Release);
        self.want[me].0.poke(0);
        Kernel::preempt_enable();
    }

    #[track_caller]
    fn announce(&self, event: LockEvent) {
        let address = core::ptr::from_ref(self).addr();
        Watch::<Kernel>::announce(&self.watch, event, address, Location::caller());
    }
}
