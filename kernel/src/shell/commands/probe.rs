//! `probe`: how the tasks of the next commands pass the points of a driver.

use alloc::string::String;

use kcore::experiment;
use kcore::probe::{Defaults, Plan};
use kcore::settings::{MAX_WRITERS, Probe, Usage, number};

use super::command::{Command, MISUSE, misuse};
use crate::experiments::alone;
use crate::observe::run;
use crate::print_to;
use crate::process::Process;

pub(super) const COMMAND: Command = Command::program(
    "probe",
    "[off | rendezvous=POINT,... [TASKS] | script=STEP,... [TASKS] | pause | delay=N]",
    "let the next tasks (2) that touch a driver meet at a point: probe rendezvous=slot.store",
    main,
)
.of_ours();

/// Tasks that are waited for when the user does not say how many.
const TASKS: u32 = 2;

fn main(me: &Process, arguments: &[&str]) -> i32 {
    match arguments {
        [] => shown(me),
        ["off"] => over(me),
        [mode] => begin(me, planned(mode), TASKS),
        [mode, tasks] => match number("number of tasks", tasks, 1, MAX_WRITERS.into()) {
            Ok(tasks) => begin(me, planned(mode), tasks as u32),
            Err(usage) => begin(me, Err(usage), TASKS),
        },
        [_, _, extra, ..] => misuse(me, format_args!("'{extra}' is not understood")),
    }
}

fn planned(mode: &str) -> Result<Plan, Usage> {
    let probe: Probe = mode.parse()?;
    if let Probe::Fire(_) = probe {
        return Err(Usage::new("no device interrupts here; valid: off, rendezvous, script, pause, delay"));
    }
    let plan = Plan::new(&probe, &Defaults::default())?;
    plan.check("the drivers", &experiment::of_drivers())?;
    Ok(plan)
}

fn begin(me: &Process, plan: Result<Plan, Usage>, tasks: u32) -> i32 {
    match plan.map(|plan| alone(|| run::offer(&plan, tasks))) {
        Ok(Ok(())) => 0,
        Ok(Err(_)) => {
            me.say(format_args!("an experiment runs, and has all points for itself"));
            1
        }
        Err(usage) => {
            me.say(format_args!("{usage}"));
            MISUSE
        }
    }
}

fn shown(me: &Process) -> i32 {
    match run::seats() {
        (0, _) => print_to!(me, "off\n"),
        (tasks, came) => print_to!(me, "{came} of {tasks} tasks have come\n"),
    }
    0
}

/// No task waits any more; says which steps of a script could not happen.
fn over(me: &Process) -> i32 {
    // If an experiment runs, what was said before is over already.
    let steps = alone(run::withdraw).unwrap_or_default();
    let steps: String = steps.iter().map(|step| alloc::format!("{step}\n")).collect();
    me.print(format_args!("{steps}"));
    0
}
