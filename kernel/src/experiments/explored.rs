//! All executions of an experiment, made here, and what they came to.

use alloc::format;

use kcore::experiment::{Cause, Experiment, Placement, Refusal, Resolved, body, of_kernel};
use kcore::explore::{Driver, End, Follow, Replay, Schedule, Search, Survey, Trouble};
use kcore::settings::{Policy, RunSettings, Usage, With};

use crate::machine::Kernel;
use crate::observe::explorer::{self, Mode};

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

/// Makes executions of it until all were made, or `goes_on` says that it is enough: it is asked after each.
pub fn survey(
    resolved: &Resolved,
    settings: &RunSettings,
    mode: Mode,
    mut goes_on: impl FnMut(&Survey) -> bool,
) -> Survey {
    let parts = mode.parts(resolved.writers as usize);
    explorer::open(resolved.writers as usize, mode, Driver::Search(Search::new(parts, parts)));
    let mut survey = Survey::default();
    let mut stage = Stage::new(resolved, settings);
    loop {
        let end = execution(&mut stage, settings);
        match explorer::end(|driver| survey.count(Ok(end?), driver.trace(), false, Schedule::straight)) {
            Err(trouble) => survey.trouble = Some(trouble),
            Ok(false) => survey.complete = true,
            Ok(true) if goes_on(&survey) => continue,
            Ok(true) => {}
        }
        break;
    }
    drop(stage);
    explorer::close();
    survey
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
    explorer::open(resolved.writers as usize, mode, Driver::Follow(follow));
    explorer::write_down();
    let mut stage = Stage::new(resolved, settings);
    let end = execution(&mut stage, settings);
    let trouble = explorer::end(|_| Ok(())).err().or(end.as_ref().err().cloned());
    let replay = explorer::replayed(end.unwrap_or_else(|_| End::of(&stage.run)), stage.notes.clone());
    drop(stage);
    explorer::close();
    Replay { trouble, ..replay }
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
