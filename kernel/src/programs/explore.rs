//! `explore EXPERIMENT`: every order of an experiment's steps, made here.

use alloc::vec::Vec;

use kcore::experiment::{Resolved, find, resolve};
use kcore::explore::{account, account::Told};
use kcore::probe::Plan;
use kcore::report::{Boot, Record, Summary};
use kcore::settings::{Config, Expect, Form, RunSettings, Usage};

use crate::arch::exit::Exit;
use crate::arch::{cpu, smp};
use crate::console::com2;
use crate::experiments::explored;
use crate::observe::explorer::Mode;
use crate::println;

use super::report;

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

/// Explores the experiment `name` as the program of the machine.
pub(super) fn main(name: &str, settings: &RunSettings, boot: &Boot) -> Result<Exit, Usage> {
    let entry = find(name)?;
    let mode = explored::mode(entry, settings.with)?;
    let with = explored::with(mode);
    let settings = &account::smallest(settings, entry);
    let resolved = resolve(settings, entry, smp::cpus(), Config::OURS)?;
    fits(&resolved, mode, settings.preemptions)?;
    // What comes at points comes by the explorer alone, and no task waits for others to meet them.
    let resolved = Resolved { plan: Plan::Fire { points: Vec::new() }, ..resolved };
    report::boot_lines(boot);
    println!();
    println!("{}", account::heading(&resolved, "sc", with));
    let began = cpu::cycles();
    let limit = settings.limit.unwrap_or(u64::MAX);
    let survey = explored::survey(&resolved, settings, mode, |survey| survey.executions < limit);
    let seconds = (cpu::cycles() - began) as f64 / (boot.tsc_hz as f64).max(1.0);
    // Tasks that are kept apart are as if each had a CPU of its own.
    let cpus = if mode.is_apart() { smp::cpus().max(2) } else { smp::cpus() };
    let known = entry.cell(resolved.lock, cpus, Config::OURS).unwrap_or(Expect::Any);
    let expected = settings.expect.unwrap_or(known);
    let told = Told { resolved: &resolved, survey: &survey, memory_model: "sc", with, expected, seconds };
    let record = told.record();
    println!("{}", account::findings(&record, if record.complete { "all" } else { "not all" }));
    told.turns().iter().for_each(|turns| println!("{turns}\n"));
    if let Some(trouble) = &survey.trouble {
        println!("{name}: {}", account::trouble(trouble));
    }
    println!("{}", account::verdict(&record));
    let ok = record.ok;
    com2::record(&Record::Explore(record));
    com2::record(&Record::Summary(Summary { passed: u32::from(ok), failed: u32::from(!ok) }));
    Ok(if ok { Exit::Success } else { Exit::Unexpected })
}
