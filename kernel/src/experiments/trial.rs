//! One run of an experiment: rounds, counts, verdict.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::experiment::{Resolved, is_expected};
use kcore::machine::{Cpu, Sched, Sleep};
use kcore::probe::Plan;
use kcore::report::{LockStats, Oops, Run, Step, Wait};
use kcore::scull::Geometry;
use kcore::settings::{Config, MAX_WRITERS, RunSettings};

use crate::arch::smp;
use crate::hooks;
use crate::kmemleak::clean;
use crate::machine::Kernel;
use crate::task::{Name, SpawnError, shortage};
use crate::time;
use crate::watchdog::{self, Seen, Stop, Witness};

use super::crew;
use super::hidden::Hidden;
use super::leaks::{self, Lost};

/// Leaked blocks that are described one by one; the others are counted.
pub const DESCRIBED: usize = 8;

/// Why a run could not be made at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The device refused its geometry, or there was no memory to set the round up.
    Device(Errno),
    /// Not enough tasks.
    Tasks(SpawnError),
    /// There was no memory for what it is made of, or a round was made with the last that there was.
    NoMemory,
    /// Whoever wanted it was signalled, and wants it no more.
    Interrupted,
    /// The watchdog has given its tasks up: no refusal of the run, only of the rest of its rounds.
    Stopped,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Refusal::Device(errno)
    }
}

impl From<SpawnError> for Refusal {
    fn from(error: SpawnError) -> Self {
        Refusal::Tasks(error)
    }
}

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// The numbers and the verdict.
    pub run: Run,
    /// The first blocks that leaked.
    pub lost: Vec<Lost>,
    /// The counters of the guard, summed over the rounds.
    pub lock: Option<LockStats>,
    /// Steps of the script that could not happen.
    pub steps: Vec<Step>,
    /// Why the watchdog has given the tasks up, if it has.
    pub stopped: Option<Stopped>,
    /// What the experiment has to say besides, a line each.
    pub notes: Vec<String>,
    /// The identity of the ledger that does not hold, if one does not: then no number is worth anything.
    pub broken_account: Option<String>,
}

/// Why the watchdog has given the tasks up, with the names of the tasks.
#[derive(Debug)]
pub struct Stopped {
    /// For people.
    pub text: String,
    /// For machines.
    pub waits: Vec<Wait>,
    /// The task that died, if that is why.
    pub oops: Option<Oops>,
    /// What the CPUs were doing.
    pub witnesses: Vec<(Witness, Name)>,
    /// What its tasks were doing.
    pub tasks: Vec<(Seen, Name)>,
}

impl Stopped {
    fn new(stop: &Stop, resolved: &Resolved) -> Self {
        let name = |task| leaks::name(task, resolved);
        Stopped {
            text: stop.cause.display(&name).to_string(),
            waits: stop.cause.records(&name),
            oops: stop.cause.oops(&name),
            witnesses: stop.witnesses.iter().map(|witness| (*witness, name(witness.task))).collect(),
            tasks: stop.tasks.iter().map(|seen| (*seen, name(seen.task.id))).collect(),
        }
    }
}

/// A run in the making.
pub(super) struct Trial<'a> {
    /// What to do.
    pub(super) resolved: &'a Resolved,
    /// The geometry of the devices: one that they can have, if the entry [needs](kcore::experiment::Needs) any.
    pub(super) geometry: Geometry,
    /// The sums so far.
    pub(super) run: Run,
    /// The first blocks that leaked; has room for [`DESCRIBED`].
    pub(super) lost: Vec<Lost>,
    /// The sums of the guard's counters.
    pub(super) lock: Option<LockStats>,
    /// Calls that failed with `-ENOMEM`, and tasks that had no memory to make one.
    pub(super) out_of_memory: u64,
    /// What else is to be said, a line each.
    pub(super) notes: Vec<String>,
    /// How kmemleak and the walk of a device disagreed about what is lost, if they did.
    pub(super) disagreement: Option<String>,
    /// Lost blocks that kmemleak would not report.
    pub(super) hidden: Hidden,
    /// Why the watchdog has given the tasks up, if it has.
    stop: Option<Stop>,
    /// Chance: seeded, so that a machine which is repeatable itself (icount) repeats its runs.
    chance: fastrand::Rng,
}

/// What an experiment does in one round.
type Round = fn(&mut Trial<'_>) -> Result<(), Refusal>;

/// Runs an experiment.
pub fn run(resolved: &Resolved, settings: &RunSettings) -> Result<Outcome, Refusal> {
    let mut trial = Trial::new(resolved, settings);
    let round: Round = match resolved.experiment.name {
        "scull-leak" => super::scull_leak::round,
        "scull-size" => super::scull_size::round,
        "scull-trim" => super::scull_trim::round,
        "scull-torn" => super::scull_torn::round,
        "scull-read" => super::scull_read::round,
        "scull-publish" => super::scull_publish::round,
        "counter" => super::counter::round,
        "broken-lock" => super::broken_lock::round,
        "peterson" => super::peterson::round,
        "request-queue" => super::request_queue::round,
        "aba" => super::aba::round,
        "unplug" => super::unplug::round,
        "interrupted" => super::interrupted::round,
        "starvation" => super::starvation::round,
        "abba" => super::abba::round,
        "self-deadlock" => super::self_deadlock::round,
        "forgotten-unlock" => super::forgotten_unlock::round,
        "double-up" => super::double_up::round,
        "lost-wakeup" => super::lost_wakeup::round,
        "double-wake" => super::double_wake::round,
        "stack-semaphore" => super::stack_semaphore::round,
        "preempt" => super::preempt::round,
        "irq" => super::irq::round,
        "irq-other-cpu" => super::irq_other_cpu::round,
        "softirq" => super::softirq::round,
        "tasklet" => super::tasklet::round,
        "workqueue" => super::workqueue::round,
        "timer" => super::timer::round,
        "sleep" => super::sleep::round,
        "sleep-in-atomic" => super::sleep_in_atomic::round,
        "book-pipe-if" => super::book_pipe_if::round,
        "book-pipe-size" => super::book_pipe_size::round,
        "book-geometry" => super::book_geometry::round,
        "book-proc" => super::book_proc::round,
        "book-exchange" => super::book_exchange::round,
        "book-quantum" => super::book_quantum::round,
        "soak" => super::soak::round,
        "book-trim" => super::book_trim::round,
        "book-single" => super::book_single::round,
        "book-alloc" => super::book_alloc::round,
        "multithread-write" => super::multithread_write::round,
        name => unreachable!("{name} is in the catalogue and has no code"),
    };
    shortage::check().map_err(|_| Refusal::NoMemory)?;
    // To log takes time at each store: where that is left to chance, it would narrow the race.
    let traced = !matches!(resolved.plan, Plan::Delay(_));
    hooks::begin(&resolved.plan, resolved.writers, traced, resolved.experiment.may_stop())
        .map_err(|_| Refusal::NoMemory)?;
    let rounds = trial.rounds(round, settings);
    let steps = hooks::end();
    match rounds {
        // The watchdog has ended it: that is a verdict.
        Ok(()) | Err(Refusal::Stopped) => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(trial.judge(steps))
}

impl<'a> Trial<'a> {
    #[inline(never)]
    fn new(resolved: &'a Resolved, settings: &RunSettings) -> Self {
        let run = Run {
            experiment: resolved.experiment.name.to_string(),
            lock: resolved.lock.to_string(),
            probe: resolved.probe.to_string(),
            config: Config::OURS.to_string(),
            cpus: smp::cpus(),
            writers: resolved.writers,
            quanta: resolved.quanta,
            rounds: resolved.rounds,
            seed: settings.seed,
            expected: resolved.expected.to_string(),
            ..Run::default()
        };
        Trial {
            resolved,
            geometry: settings.geometry(),
            run,
            lost: Vec::with_capacity(DESCRIBED),
            lock: None,
            out_of_memory: 0,
            notes: Vec::new(),
            disagreement: None,
            hidden: Hidden::default(),
            stop: None,
            chance: fastrand::Rng::with_seed(settings.seed),
        }
    }

    /// Runs `body(who)` in every task at once. Each begins after a few PAUSEs, by chance; the time counts from the first
    /// begin to the last end.
    pub(super) fn race(&mut self, body: &(dyn Fn(u32) + Sync)) -> Result<(), Refusal> {
        let resolved = self.resolved;
        // Where one CPU runs at a time, each PAUSE of one gives all others a turn, which takes long if they are busy.
        let most = if self.is_sequential() { 3 } else { u8::MAX };
        let pauses: [u8; MAX_WRITERS as usize] = core::array::from_fn(|_| self.chance.u8(..=most));
        let begin = |who: u32| {
            (0..pauses[who as usize]).for_each(|_| Kernel::relax());
            body(who);
        };
        self.run.cycles += crew::run(resolved, &begin)?;
        self.take_stop()
    }

    /// What the watchdog has found, if it has. A frame of its own: what is moved here has no room in that of who waits for the
    /// crew, where a task may die, and needs room for that.
    #[inline(never)]
    fn take_stop(&mut self) -> Result<(), Refusal> {
        match watchdog::take() {
            None => Ok(()),
            Some(stop) => {
                self.run.stopped = stop.cause.verdict().to_string();
                self.stop = Some(stop);
                Err(Refusal::Stopped)
            }
        }
    }

    /// All rounds; or, if seconds are given, as many as begin in that time. The one that gives the verdict which they are
    /// made for is the last.
    fn rounds(&mut self, round: Round, settings: &RunSettings) -> Result<(), Refusal> {
        let cycles = |seconds| time::microseconds(u64::from(seconds) * 1_000_000);
        let end = settings.seconds.map(|seconds| Kernel::cycles().saturating_add(cycles(seconds)));
        let mut made = 0;
        while end.map_or(made < self.resolved.rounds, |end| Kernel::cycles() < end) {
            made += 1;
            if end.is_some() || settings.until.is_some() {
                self.run.rounds = made;
            }
            self.round(round)?;
            if settings.until.is_some_and(|until| is_expected(until, self.verdict())) {
                self.note(alloc::format!("round {made} was the last: {}", self.run.judge()));
                break;
            }
        }
        Ok(())
    }

    /// One round, on a stack on which none of the addresses of the last one are left. A signal ends the run with it: nothing of
    /// a round is left behind then.
    fn round(&mut self, round: Round) -> Result<(), Refusal> {
        clean::clear_stack_below();
        round(self)?;
        shortage::check().map_err(|_| Refusal::NoMemory)?;
        if Kernel::interrupted(Sleep::Interruptible) { Err(Refusal::Interrupted) } else { Ok(()) }
    }

    /// A number by chance, for a round.
    pub(super) fn luck(&mut self) -> u64 {
        self.chance.u64(..)
    }

    /// Whether the emulator runs one CPU at a time, so that no two CPUs ever access memory at the same moment.
    pub(super) fn is_sequential(&self) -> bool {
        smp::take_turns()
    }

    /// Says `line` in the report, once, however many rounds say it.
    pub(super) fn note(&mut self, line: String) {
        if !self.notes.contains(&line) {
            self.notes.push(line);
        }
    }

    /// Adds the counters of a guard.
    pub(super) fn add_lock(&mut self, stats: Option<LockStats>) {
        let Some(stats) = stats else { return };
        let sum =
            self.lock.get_or_insert_with(|| LockStats { name: stats.name.clone(), ..LockStats::default() });
        sum.acquire += stats.acquire;
        sum.test_and_set += stats.test_and_set;
        sum.hold_cycles += stats.hold_cycles;
        sum.wait_cycles += stats.wait_cycles;
    }

    /// What the rounds so far say.
    fn verdict(&mut self) -> &'static str {
        self.run.out_of_memory = self.out_of_memory;
        self.run.judge()
    }

    /// A frame of its own, as above.
    #[inline(never)]
    fn judge(mut self, steps: Vec<Step>) -> Outcome {
        if let Some(note) = self.hidden.note() {
            self.note(note);
        }
        let verdict = self.verdict();
        let broken_account = self.run.check_identities().err().or(self.disagreement);
        self.run.verdict = verdict.to_string();
        self.run.ok = self.resolved.is_ok(verdict) && broken_account.is_none();
        Outcome {
            run: self.run,
            lost: self.lost,
            lock: self.lock,
            steps,
            stopped: self.stop.map(|stop| Stopped::new(&stop, self.resolved)),
            notes: self.notes,
            broken_account,
        }
    }
}
