//! One run of an experiment, and what it found; and what the tasks of each do in a round.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::experiment::{self, Body, Experiment, Refusal, Resolved, of_kernel};
use kcore::probe::Plan;
use kcore::report::{LockStats, Oops, Run, Step, Wait};
use kcore::settings::RunSettings;

use crate::machine::Kernel;
use crate::observe::{Seen, Stop, Witness, run};
use crate::task::{Name, shortage};

use super::Stage;
use super::leaks::{self, Lost};
use super::rig::Books;

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

/// Runs an experiment.
pub fn run(resolved: &Resolved, settings: &RunSettings) -> Result<Outcome, Refusal> {
    let mut stage = Stage::new(resolved, settings);
    let body = body_of(resolved.experiment);
    shortage::check().map_err(|_| Refusal::NoMemory)?;
    // To log takes time at each store: where that is left to chance, it would narrow the race.
    let traced = !matches!(resolved.plan, Plan::Delay(_));
    run::begin(&resolved.plan, resolved.writers, traced, resolved.experiment.may_stop())
        .map_err(|_| Refusal::NoMemory)?;
    let rounds = stage.rounds(body, settings);
    let steps = run::end();
    match rounds {
        // The watchdog has ended it: that is a verdict.
        Ok(()) | Err(Refusal::Stopped) => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(judge(stage, steps))
}

/// A frame of its own: what is moved here has no room in that of the task that waits for the crew, where it
/// may die, and needs room for that.
#[inline(never)]
fn judge(mut stage: Stage<'_>, steps: Vec<Step>) -> Outcome {
    if let Some(note) = stage.books.hidden.note() {
        stage.note(note);
    }
    let disagreement = stage.books.disagreement.take();
    let broken_account = stage.judge(disagreement);
    let Stage { resolved, run, lock, notes, books: Books { lost, stop, .. }, .. } = stage;
    let stopped = stop.map(|stop| Stopped::new(&stop, resolved));
    Outcome { run, lost, lock, steps, stopped, notes, broken_account }
}

/// The bodies that only a kernel can have: one for each entry that says so.
static OWN: [(&Experiment, Body<Kernel>); of_kernel::COUNT] = [
    (of_kernel::irq, super::irq::round),
    (of_kernel::irq_other_cpu, super::irq::round_of_another),
    (of_kernel::softirq, super::irq::softirq_round),
    (of_kernel::tasklet, super::tasklet::round),
    (of_kernel::timer, super::timer::round),
    (of_kernel::workqueue, super::workqueue::round),
    (of_kernel::interrupted, super::interrupted::round),
    (of_kernel::stack_semaphore, super::stack_semaphore::round),
];

/// The body of `entry`.
pub(super) fn body_of(entry: &Experiment) -> Body<Kernel> {
    let own = || OWN.iter().find(|(of, _)| core::ptr::eq(*of, entry)).map(|(_, body)| *body);
    experiment::body::<Kernel>(entry).or_else(own).expect("an entry has its body in its file or above")
}
