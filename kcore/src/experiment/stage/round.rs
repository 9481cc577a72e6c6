//! A run in the making: its rounds, its counts, its tasks.

#![forbid(unsafe_code)]

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::rig::{Refusal, Rig, Walk};
use crate::experiment::{Resolved, Verdict};
use crate::machine::Sleep;
use crate::report::{LockStats, Run};
use crate::scull::Geometry;
use crate::settings::{Config, MAX_WRITERS, RunSettings};

/// What an experiment does in one round.
pub type Body<M> = fn(&mut Stage<'_, M>) -> Result<(), Refusal>;

/// A run in the making.
pub struct Stage<'a, M: Rig> {
    /// What to do.
    pub resolved: &'a Resolved,
    /// The geometry of the devices: one that they can have, if the entry [needs](crate::experiment::Needs)
    /// any.
    pub geometry: Geometry,
    /// The sums so far.
    pub run: Run,
    /// The sums of the guard's counters.
    pub lock: Option<LockStats>,
    /// Calls that failed with `-ENOMEM`, and tasks that had no memory to make one.
    pub out_of_memory: u64,
    /// What else is to be said, a line each.
    pub notes: Vec<String>,
    /// What the machine has written down.
    pub books: M::Books,
    /// Chance: seeded, so that a machine which is repeatable itself (icount) repeats its runs.
    chance: fastrand::Rng,
}

impl<'a, M: Rig> Stage<'a, M> {
    /// Nothing has been done yet.
    #[inline(never)]
    pub fn new(resolved: &'a Resolved, settings: &RunSettings) -> Self {
        let run = Run {
            experiment: resolved.experiment.name.to_string(),
            lock: resolved.lock.to_string(),
            probe: resolved.probe.to_string(),
            config: Config::OURS.to_string(),
            cpus: M::cpus(),
            writers: resolved.writers,
            quanta: resolved.quanta,
            rounds: resolved.rounds,
            seed: settings.seed,
            expected: resolved.expected,
            ..Run::default()
        };
        Stage {
            resolved,
            geometry: settings.geometry(),
            run,
            lock: None,
            out_of_memory: 0,
            notes: Vec::new(),
            books: M::Books::default(),
            chance: fastrand::Rng::with_seed(settings.seed),
        }
    }

    /// Nothing has been done yet, once more.
    pub fn again(&mut self) {
        let Run { experiment, lock, probe, config, .. } = core::mem::take(&mut self.run);
        let resolved = self.resolved;
        self.run = Run {
            experiment,
            lock,
            probe,
            config,
            cpus: M::cpus(),
            writers: resolved.writers,
            quanta: resolved.quanta,
            rounds: resolved.rounds,
            expected: resolved.expected,
            ..Run::default()
        };
        (self.lock, self.out_of_memory, self.books) = (None, 0, M::Books::default());
    }

    /// All rounds; or, if seconds are given, as many as begin in that time. The one that gives the verdict
    /// which they are made for is the last.
    pub fn rounds(&mut self, body: Body<M>, settings: &RunSettings) -> Result<(), Refusal> {
        let cycles = |seconds| M::cycles_of(u64::from(seconds) * 1_000_000);
        let end = settings.seconds.map(|seconds| M::cycles().saturating_add(cycles(seconds)));
        let mut made = 0;
        while end.map_or(made < self.resolved.rounds, |end| M::cycles() < end) {
            made += 1;
            if end.is_some() || settings.until.is_some() {
                self.run.rounds = made;
            }
            self.round(body)?;
            if settings.until.is_some_and(|until| until.allows(self.verdict())) {
                self.note(format!("round {made} was the last: {}", self.run.judge()));
                break;
            }
        }
        Ok(())
    }

    /// What the rounds so far say.
    fn verdict(&mut self) -> Verdict {
        self.run.out_of_memory = self.out_of_memory;
        self.run.judge()
    }

    /// One round, on a stack on which none of the addresses of the last one are left. A signal ends the run
    /// with it: nothing of a round is left behind then.
    fn round(&mut self, body: Body<M>) -> Result<(), Refusal> {
        M::clear_stack();
        body(self)?;
        if M::was_short() {
            return Err(Refusal::NoMemory);
        }
        if M::interrupted(Sleep::Interruptible) { Err(Refusal::Interrupted) } else { Ok(()) }
    }

    /// Runs `body(who)` in every task at once. Each begins after a few PAUSEs, by chance; the time counts
    /// from the first begin to the last end.
    pub fn race(&mut self, body: &(dyn Fn(u32) + Sync)) -> Result<(), Refusal> {
        let most = M::pauses();
        let pauses: [u8; MAX_WRITERS as usize] = core::array::from_fn(|_| self.chance.u8(..=most));
        M::race(self, &|who| {
            (0..pauses[who as usize]).for_each(|_| M::relax());
            body(who);
        })
    }

    /// Adds what was allocated and freed in this round, what is alive, what of it `walk` leads to, which
    /// begins with the links at the addresses `links`, and what is lost.
    pub fn account(&mut self, heap: &M::Heap, links: &[usize], walk: &mut Walk<'_>) {
        let account = M::account(self, heap, links, walk);
        let run = &mut self.run;
        run.allocated += account.allocated;
        run.freed += account.freed;
        run.live += account.live;
        run.reachable += account.reachable;
        run.leaked += account.leaked;
        run.leaked_bytes += account.leaked_bytes;
        run.double_free += account.double_free;
        run.use_after_free += account.written_after_free;
    }

    /// A number by chance, for a round.
    pub fn luck(&mut self) -> u64 {
        self.chance.u64(..)
    }

    /// Says `line` in the report, once, however many rounds say it.
    pub fn note(&mut self, line: String) {
        if !self.notes.contains(&line) {
            self.notes.push(line);
        }
    }

    /// Adds the counters of a guard.
    pub fn add_lock(&mut self, stats: Option<LockStats>) {
        let Some(stats) = stats else { return };
        let sum =
            self.lock.get_or_insert_with(|| LockStats { name: stats.name.clone(), ..LockStats::default() });
        sum.acquire += stats.acquire;
        sum.test_and_set += stats.test_and_set;
        sum.hold_cycles += stats.hold_cycles;
        sum.wait_cycles += stats.wait_cycles;
    }

    /// All rounds are over: the verdict. Returns why no number is worth anything, if that is so: the ledger's
    /// account does not hold, or `doubt` says something else.
    #[inline(never)]
    pub fn judge(&mut self, doubt: Option<String>) -> Option<String> {
        let verdict = self.verdict();
        let broken = self.run.check_identities().err().or(doubt);
        self.run.verdict = verdict;
        self.run.ok = self.resolved.is_ok(verdict) && broken.is_none();
        broken
    }
}
