//! `check`: what is wrong with a driver in C, found without a word of its author.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::counted::Counted;
use kcore::experiment::page::wrap;
use kcore::explore::account::WIDTH;
use kcore::report::{self, Record};

use super::command::{Command, misuse};
use crate::console::com2;
use crate::print_to;
use crate::process::Process;
use crate::shell::checked::{Checker, Finding, Wrong};
use crate::shell::explored::{self, Asked, Work};

pub(super) const COMMAND: Command = Command::program(
    "check",
    "MODULE [--ioctl NUMBER]... [--seconds N] [-v]",
    "try all that can be tried with a driver in C",
    check,
)
.explained(details)
.on_first_cpu()
.of_ours();

fn details() -> String {
    "Its init, and the reads, writes and opens of its devices and files, by one task while its calls for memory\n\
     and its copies fail one after the other, and by two and three tasks in every order, on a new device and on\n\
     one that was written to. It ends with 0 when nothing was found, and with 1 otherwise. No trial begins after\n\
     --seconds N. -v says what is tried.\n"
        .to_string()
}

/// What is to be checked.
#[derive(Default)]
struct Order<'w> {
    module: &'w str,
    /// Numbers for ioctl.
    commands: Vec<String>,
    is_verbose: bool,
    /// No trial begins after so many.
    seconds: Option<u64>,
    /// What is typed to explore it, but for what is done with it.
    again: Option<&'w str>,
}

impl<'w> Order<'w> {
    fn of(words: &[&'w str]) -> Result<Self, String> {
        let mut order = Order::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} has no value"));
            match word {
                "--ioctl" => order.commands.push(value()?.to_string()),
                "--seconds" => {
                    let number = value()?;
                    order.seconds =
                        Some(number.parse().map_err(|_| format!("'{number}' is no number of seconds"))?);
                }
                "--again" => order.again = Some(value()?),
                "-v" => order.is_verbose = true,
                _ if !word.starts_with('-') && order.module.is_empty() => order.module = word,
                _ => return Err(format!("'{word}' is not understood")),
            }
        }
        if order.module.is_empty() { Err("which module? lsmod shows them".into()) } else { Ok(order) }
    }

    /// What is typed to see a finding happen.
    fn again(&self, finding: &Finding) -> String {
        let asked = Asked {
            setup: finding.setup.as_deref(),
            tasks: finding.tasks.iter().map(String::as_str).collect(),
            after: finding.after.as_deref(),
            check: None,
            fault: finding.fault,
            keeps_open: finding.keeps_open,
            is_atomic: finding.kind == Wrong::Atomic,
            schedule: &finding.made,
        };
        let own = || format!("explore {}", self.module);
        format!("{}{asked}", self.again.map_or_else(own, ToString::to_string))
    }
}

fn check(me: &Process, arguments: &[&str]) -> i32 {
    let order = match Order::of(arguments) {
        Ok(order) => order,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    explored::alone(me, "check", || {
        let mut work = Work::of(me, order.module, Vec::new())?;
        work.end_after(order.seconds);
        Ok(checked(me, &order, work) == 0)
    })
}

/// Tries all, and tells what was found; how much that is.
fn checked(me: &Process, order: &Order<'_>, work: Work) -> usize {
    let mut tell = |what: &str| {
        if order.is_verbose || !what.starts_with(' ') {
            print_to!(me, "{what}\n");
        }
    };
    let checker = Checker::new(work, &mut tell).run(&order.commands);
    for (number, finding) in (1..).zip(&checker.found) {
        print_to!(me, "\n{}", told(number, finding));
        print_to!(me, "   again: {}\n", order.again(finding));
        com2::record(&Record::Finding(record(order, finding)));
    }
    for trouble in &checker.troubled {
        print_to!(me, "\nnot tried: {}\n", wrap(trouble, WIDTH, "", "  "));
    }
    let (trials, executions) = (Counted(checker.trials, "trial"), Counted(checker.executions, "execution"));
    let parts = [
        (checker.cut, "broken off before every order was made"),
        (checker.bounded, "with something that the driver would have done later once more"),
        (checker.troubled.len() as u64, "not tried"),
        (checker.late, "not made, for want of time (--timeout)"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let cut = if parts.is_empty() { "each in every order".to_string() } else { parts.join(", ") };
    let found = Counted(checker.found.len() as u64, "finding");
    print_to!(me, "\n{}: {trials}, {executions}, {cut}: {found}\n", order.module);
    checker.found.len()
}

/// A finding, in lines.
fn told(number: u32, finding: &Finding) -> String {
    let Finding { kind, at, what, setup, tasks, after, keeps_open, fault, share, .. } = finding;
    let mut text = format!("{number}. {} {at}\n", kind.word());
    text += &wrap(what, WIDTH, "   ", "   ");
    text += "\n";
    if let Some(line) = setup {
        text += &format!("   first: {line}\n");
    }
    for line in tasks {
        text += &format!("   task: {line}\n");
    }
    if *keeps_open {
        text += "   each keeps its file open until the others are through\n";
    }
    if let Some(line) = after {
        text += &format!("   then: {line}\n");
    }
    if let Some(fault) = fault {
        text += &format!("   with --fail {fault}\n");
    }
    if tasks.len() > 1 && share.0 > 0 {
        text += &format!("   in {} of {} orders that were made\n", share.0, share.1);
    }
    text
}

fn record(order: &Order<'_>, finding: &Finding) -> report::Finding {
    let (file, line) = finding.at.rsplit_once(':').unwrap_or((&finding.at, ""));
    report::Finding {
        kind: finding.kind.word().to_string(),
        file: file.to_string(),
        line: line.parse().unwrap_or(0),
        what: finding.what.clone(),
        tasks: finding.tasks.clone(),
        replay: order.again(finding),
    }
}
