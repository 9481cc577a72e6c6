//! `probe`: how the tasks of the next commands pass the points of a driver.

use alloc::string::String;

use kcore::probe::{Defaults, Plan};
use kcore::settings::{MAX_WRITERS, Probe, Usage, number};

use super::command::{Command, MISUSE, misuse};
use crate::print_to;
use crate::process::Process;
use crate::seats;

pub(super) const COMMAND: Command = Command::program(
    "probe",
    "[off | rendezvous=POINT,... [TASKS] | script=STEP,... [TASKS] | pause | delay=N]",
    "let the next tasks (2) that touch a driver meet at a point: probe rendezvous=slot.store",
    main,
);

/// Tasks that are waited for when nobody says how many.
const TASKS: u32 = 2;

fn main(me: &Process, arguments: &[&str]) -> i32 {
    match arguments {
        [] => shown(me),
        ["off"] => over(me),
        [mode] => begun(me, offer(mode, TASKS)),
        [mode, tasks] => {
            let tasks = number("number of tasks", tasks, 1, MAX_WRITERS.into());
            begun(me, tasks.and_then(|tasks| offer(mode, tasks as u32)))
        }
        [_, _, extra, ..] => misuse(me, format_args!("'{extra}' is not understood")),
    }
}

fn offer(mode: &str, tasks: u32) -> Result<(), Usage> {
    let probe: Probe = mode.parse()?;
    if let Probe::Fire(_) = probe {
        return Err(Usage::new("no device interrupts here; valid: off, rendezvous, script, pause, delay"));
    }
    seats::offer(&Plan::new(&probe, &Defaults::default())?, tasks);
    Ok(())
}

fn begun(me: &Process, result: Result<(), Usage>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(usage) => {
            me.say(format_args!("{usage}"));
            MISUSE
        }
    }
}

fn shown(me: &Process) -> i32 {
    match seats::count() {
        (0, _) => print_to!(me, "off\n"),
        (tasks, came) => print_to!(me, "{came} of {tasks} tasks have come\n"),
    }
    0
}

/// Nobody waits any more; says which steps of a script could not happen.
fn over(me: &Process) -> i32 {
    let steps: String = seats::withdraw().iter().map(|step| alloc::format!("{step}\n")).collect();
    me.print(format_args!("{steps}"));
    0
}
