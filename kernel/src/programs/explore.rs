//! `explore EXPERIMENT` and `replay STRING`: every order of an experiment's steps, or one of them, made here.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use kcore::experiment::{Resolved, find, resolve};
use kcore::explore::account::{self, Told};
use kcore::explore::sheet::Sheet;
use kcore::explore::{MemoryModel, Recipe, Replay, Schedule, Trouble};
use kcore::probe::Plan;
use kcore::report::{Boot, Record, Summary};
use kcore::settings::{Config, Expect, Form, Policy, RunSettings, Usage, Verdict, time_to_search};

use crate::arch::exit::Exit;
use crate::arch::{cpu, smp};
use crate::console::com2;
use crate::experiments::explored::{self, Bounds};
use crate::observe::explorer::Mode;
use crate::println;

use super::{report, told};
use crate::time;

/// Refuses what is not what its steps tell.
fn fits(resolved: &Resolved, mode: Mode, preemptions: Option<u32>) -> Result<(), Usage> {
    let why = if !Config::OURS.smp() {
        "a kernel for one CPU explores nothing: its spinlocks keep no other out, whatever their steps tell"
    } else if mode.parts(resolved.writers as usize) > smp::cpus() as usize && mode.is_spread() {
        "each task, and what interrupts another CPU, is explored on a CPU of its own: cpus=2, or more"
    } else if mode.parts(1) > 1 && resolved.writers > 1 {
        "one task at a time is explored with an interrupt: writers=1"
    } else if mode.is_shared() && resolved.lock == Form::CpuOwned {
        "a lock that belongs to a CPU lets tasks of one CPU pass, and its steps do not tell which does"
    } else if preemptions.is_some() {
        "in the kernel all orders are made: no preemptions="
    } else {
        return Ok(());
    };
    Err(Usage::new(why))
}

/// Before the machine is given up, there is time to tell what is known.
fn bounds(settings: &RunSettings) -> Bounds {
    let time = time::microseconds(time_to_search(told().0.timeout) * 1000);
    Bounds { limit: settings.limit, deadline: cpu::cycles() + time }
}

/// An experiment in a form and sizes, as it is explored here.
struct Choice {
    resolved: Resolved,
    settings: RunSettings,
    mode: Mode,
    /// What is to be found.
    expected: Expect,
    /// An execution of it, of no steps.
    recipe: Recipe,
}

impl Choice {
    fn of(name: &str, settings: &RunSettings) -> Result<Self, Usage> {
        let entry = find(name)?;
        let mode = explored::mode(entry, settings.with)?;
        let settings = RunSettings { with: explored::with(mode), ..account::smallest(settings, entry) };
        let resolved = resolve(&settings, entry, smp::cpus(), Config::OURS)?;
        fits(&resolved, mode, settings.preemptions)?;
        // What comes at points comes by the explorer alone, and no task waits for others to meet them.
        let resolved = Resolved { plan: Plan::Fire { points: Vec::new() }, ..resolved };
        // Tasks that are kept apart are as if each had a CPU of its own.
        let cpus = if mode.is_apart() { smp::cpus().max(2) } else { smp::cpus() };
        let known = entry.cell(resolved.lock, cpus, Config::OURS).unwrap_or(Expect::Any);
        let recipe = Recipe::of(&resolved, &settings, MemoryModel::Sc, &Schedule::default());
        let recipe = Recipe { in_kernel: true, ..recipe };
        Ok(Choice { expected: settings.expect.unwrap_or(known), resolved, settings, mode, recipe })
    }

    fn replay(&self, schedule: &Schedule, then: Option<Policy>) -> Replay {
        explored::replay(&self.resolved, &self.settings, self.mode, schedule, then)
    }

    /// What is told before anything is made.
    fn heading(&self, boot: &Boot) {
        report::boot_lines(boot);
        println!("\n{}", account::heading(&self.resolved, self.recipe.model.word(), self.settings.with));
    }

    fn troubled(&self, trouble: &Trouble) {
        println!("{}: {}", self.resolved.experiment.name, account::trouble(trouble));
    }

    /// Tells the verdict, and reports what was made.
    fn end(&self, verdict: Verdict, ok: bool, records: impl IntoIterator<Item = Record>) -> Exit {
        println!("{}", account::said(verdict, self.expected, ok));
        records.into_iter().for_each(|record| com2::record(&record));
        com2::record(&Record::Summary(Summary { passed: u32::from(ok), failed: u32::from(!ok) }));
        if ok { Exit::Success } else { Exit::Unexpected }
    }
}

/// Explores the experiment `name` as the program of the machine.
pub(super) fn main(name: &str, settings: &RunSettings, boot: &Boot) -> Result<Exit, Usage> {
    let choice = Choice::of(name, settings)?;
    choice.heading(boot);
    let Choice { resolved, settings, mode, .. } = &choice;
    let began = cpu::cycles();
    let mut survey = explored::survey(resolved, settings, *mode, bounds(settings));
    let seconds = (cpu::cycles() - began) as f64 / (boot.tsc_hz as f64).max(1.0);
    let shortest =
        Replay::shortest(&survey, u32::MAX, |schedule| Some(choice.replay(schedule, None))).flatten();
    let trouble = shortest.as_ref().and_then(|replay| replay.trouble.clone());
    survey.trouble = survey.trouble.or(trouble);
    let shortest = shortest.map(|replay| Sheet::of(&replay, &choice.recipe));
    let told = Told {
        resolved,
        survey: &survey,
        shortest: shortest.as_ref(),
        memory_model: choice.recipe.model.word(),
        with: settings.with,
        expected: choice.expected,
        seconds,
    };
    let record = told.record();
    println!("{}", account::findings(&record, if record.complete { "all there are" } else { "not all" }));
    if !record.complete && settings.limit.is_none() && shortest.is_some() {
        println!("That it goes wrong is known; --limit N makes N executions.\n");
    }
    if let Some(sheet) = &shortest {
        let what = if survey.complete { "The shortest that" } else { "The shortest found that" };
        let again = account::again(&sheet.replay);
        println!("{}", account::counterexample(sheet, what, None, &again).trim());
    }
    survey.trouble.iter().for_each(|trouble| choice.troubled(trouble));
    let (verdict, ok) = (record.verdict, record.ok);
    Ok(choice.end(verdict, ok, shortest.map(Record::Execution).into_iter().chain([Record::Explore(record)])))
}

/// Makes the execution again that `string` describes, with what `told` says otherwise, as the program of the
/// machine.
pub(super) fn replay(string: &str, told: &RunSettings, boot: &Boot) -> Result<Exit, Usage> {
    let recipe: Recipe = string.parse().map_err(|why: String| Usage::new(why))?;
    if !recipe.in_kernel {
        return Err(Usage::new(format!("'{string}' is of an execution on the host, whose steps are others")));
    }
    let mut settings = recipe.settings();
    for (key, word) in told.told() {
        settings.set(key.name, &word)?;
    }
    let choice = Choice::of(&recipe.experiment, &settings)?;
    choice.heading(boot);
    let then = Policy::NonPreemptive;
    let replay = choice.replay(&recipe.schedule, Some(then));
    let recipe = Recipe { schedule: recipe.schedule, ..choice.recipe.clone() };
    let sheet = Sheet::again(&replay, &recipe, then);
    println!("{}", sheet.text_again(&account::again(&sheet.replay)));
    replay.trouble.iter().for_each(|trouble| choice.troubled(trouble));
    let verdict = if replay.trouble.is_some() { Verdict::NotTried } else { sheet.end.verdict };
    let ok = replay.trouble.is_none() && choice.expected.allows(verdict);
    Ok(choice.end(verdict, ok, [Record::Execution(sheet)]))
}
