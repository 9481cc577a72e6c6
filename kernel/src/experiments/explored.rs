//! All executions of an experiment, made here, and what they came to.

use alloc::format;
use alloc::vec::Vec;

use kcore::experiment::{Cause, Experiment, Placement, Refusal, Resolved, body, of_kernel};
use kcore::explore::{Driver, End, Follow, Jobs, Maker, Replay, Schedule, Search, Survey, Trouble, Want};
use kcore::settings::{Policy, RunSettings, Usage, With};

use crate::arch::{cpu, smp};
use crate::machine::Kernel;
use crate::observe::explorer::{self, Mode};
use crate::task;

use super::Stage;
use super::trial::body_of;

/// How `entry` is explored here, if it can be, `with` what was asked for.
///
/// # Errors
/// Something happens in it that is not told as a step, or is decided by another than the explorer.
pub fn mode(entry: &Experiment, with: Option<With>) -> Result<Mode, Usage> {
    let is = |own: &Experiment| core::ptr::eq(own, entry);
    let has_all = body::<Kernel>(entry).is_some() && !entry.is_silent;
    let mode = match entry.placement {
        _ if is(of_kernel::irq) || is(of_kernel::softirq) => Mode::Interrupted,
        _ if is(of_kernel::irq_other_cpu) || is(of_kernel::timer) => Mode::Elsewhere,
        _ if is(of_kernel::tasklet) => Mode::Spread,
        _ if is(of_kernel::workqueue) => Mode::Works,
        Placement::Spread if has_all => Mode::Apart,
        Placement::OneCpu if has_all && (entry.cause == Cause::Preemption || with == Some(With::Preempt)) => {
            Mode::Preempted
        }
        Placement::OneCpu if has_all => Mode::Shared,
        _ => {
            return Err(Usage::new(format!(
                "{} cannot be explored in the kernel: of something that it needs no step is told there",
                entry.name
            )));
        }
    };
    match with {
        Some(_) if self::with(mode) != with => {
            Err(Usage::new(format!("{} has nothing that could come: no with=", entry.name)))
        }
        _ => Ok(mode),
    }
}

/// What happens in that mode besides the steps of tasks.
pub fn with(mode: Mode) -> Option<With> {
    match mode {
        Mode::Interrupted | Mode::Elsewhere => Some(With::Irq),
        Mode::Preempted => Some(With::Preempt),
        Mode::Apart | Mode::Works | Mode::Shared | Mode::Spread => None,
    }
}

/// Where one has gone wrong and no limit was given, no more than so many are made on a CPU: they say what there
/// is to see, and all of them may be half a million.
pub const ENOUGH: u64 = 5_000;

/// How many executions are made at most, and until which cycle.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// So many; [`None`] for all, or [enough](ENOUGH) to know that it goes wrong.
    pub limit: Option<u64>,
    /// Until then; what is known by then is what is told.
    pub deadline: u64,
}

/// Makes executions of it until all were made, or as many as may be: on each CPU, if they can be made there at
/// once.
pub fn survey(resolved: &Resolved, settings: &RunSettings, mode: Mode, bounds: Bounds) -> Survey {
    let (tasks, parts) = (resolved.writers as usize, mode.parts(resolved.writers as usize));
    explorer::open(mode);
    let survey = explorer::survey(bounds.limit, |jobs, office| {
        let job = || {
            explorer::explore(tasks, Driver::Search(Search::new(parts, parts)), || {
                let stage = Stage::new(resolved, settings);
                jobs.work(office, &mut Explorer { stage, settings, jobs, bounds });
            });
        };
        match mode.is_for_each_cpu() && smp::cpus() > 1 {
            true => on_each_cpu(&job),
            false => job(),
        }
    });
    explorer::close();
    survey
}

/// Runs `job` in a task on each CPU, where there is room for one.
fn on_each_cpu(job: &(dyn Fn() + Sync)) {
    // SAFETY: it is used by these tasks alone, all of which are joined before this returns.
    let job = unsafe { core::mem::transmute::<&(dyn Fn() + Sync), &'static (dyn Fn() + Sync)>(job) };
    let started = (0..smp::cpus()).filter_map(|cpu| task::spawn("explorer", cpu, job).ok());
    let tasks: Vec<_> = started.collect();
    if tasks.is_empty() {
        job();
    }
    task::join_all(tasks);
}

/// A search on a CPU.
struct Explorer<'a> {
    stage: Stage<'a>,
    settings: &'a RunSettings,
    jobs: &'a Jobs,
    bounds: Bounds,
}

impl Maker for Explorer<'_> {
    fn make(&mut self, survey: &mut Survey) -> Result<(), Trouble> {
        let is_enough =
            self.bounds.limit.is_none() && survey.bad_executions > 0 && survey.executions + 1 >= ENOUGH;
        if is_enough || cpu::cycles() > self.bounds.deadline {
            self.jobs.stop();
        }
        let end = execution(&mut self.stage, self.settings);
        explorer::end(|driver| survey.count(Ok(end?), driver.trace(), false, Schedule::straight))
    }

    fn search<R>(&mut self, ask: impl FnOnce(&mut Search, &[Option<Want>]) -> R) -> R {
        explorer::search(ask)
    }
}

/// Makes the execution that `schedule` says, wherever it can, or as far as it can and then as `then` says;
/// and tells of each step.
pub fn replay(
    resolved: &Resolved,
    settings: &RunSettings,
    mode: Mode,
    schedule: &Schedule,
    then: Option<Policy>,
) -> Replay {
    let parts = mode.parts(resolved.writers as usize);
    let follow = Follow::new(parts, parts, schedule.parts(parts), then);
    explorer::open(mode);
    let replay = explorer::explore(resolved.writers as usize, Driver::Follow(follow), || {
        explorer::write_down();
        let mut stage = Stage::new(resolved, settings);
        let end = execution(&mut stage, settings);
        let trouble = explorer::end(|_| Ok(())).err().or(end.as_ref().err().cloned());
        let replay = explorer::replayed(end.unwrap_or_else(|_| End::of(&stage.run)), stage.notes.clone());
        Replay { trouble, ..replay }
    });
    explorer::close();
    replay
}

/// Makes one execution, from a fresh state, and says how it ended.
fn execution(stage: &mut Stage<'_>, settings: &RunSettings) -> Result<End, Trouble> {
    explorer::begin().map_err(|error| Trouble::Refused(error.into()))?;
    stage.again();
    match stage.rounds(body_of(stage.resolved.experiment), settings) {
        Ok(()) | Err(Refusal::Stopped) => {
            let broken = stage.judge(None);
            broken.map_or_else(|| Ok(End::of(&stage.run)), |why| Err(Trouble::Account(why)))
        }
        Err(refusal) => Err(Trouble::Refused(refusal)),
    }
}
