//! `run`, `list`, `explain`: the catalogue, at the prompt.

use alloc::format;
use alloc::string::String;

use kcore::experiment::page::{self, Reader, fit, wrap};
use kcore::experiment::{check, find, resolve};
use kcore::races;
use kcore::settings::{Command as Program, CommandLine, Config, Key, MachineSettings, RunSettings, Usage};

use super::command::{Command, MISUSE, misuse, unexpected};
use super::terminal::{room, width};
use crate::arch::smp;
use crate::experiments::alone;
use crate::process::process::{STDERR, STDOUT};
use crate::process::{Process, output};
use crate::programs;
use crate::shell::state::machine;

/// Experiments are made for a task that starts them on the CPU that booted, as it is without a shell.
pub(super) const RUN: Command =
    Command::program("run", "EXPERIMENT [KEY=VALUE]...", "run an experiment; help run shows the keys", run)
        .explained(keys)
        .on_first_cpu()
        .of_ours();
pub(super) const LIST: Command = Command::program("list", "", "the experiments", list).of_ours();
pub(super) const EXPLAIN: Command = Command::program(
    "explain",
    "EXPERIMENT | RACE",
    "what an experiment, or a race like R1, is about",
    explain,
)
.of_ours();

/// A reader at the prompt.
fn reader() -> Reader {
    Reader {
        width: page::width_on(width()),
        heading: |text| String::from(text),
        command: |entry, lock| format!("run {} lock={lock} probe={}", entry.name, entry.forced()),
    }
}

fn run(me: &Process, arguments: &[&str]) -> i32 {
    let Some((name, options)) = arguments.split_first().filter(|(name, _)| !name.contains('=')) else {
        return misuse(me, format_args!("which experiment? list shows them"));
    };
    match alone(|| perform(me, name, options)) {
        Err(errno) => {
            me.complain(name, errno);
            1
        }
        Ok(Ok(ok)) => i32::from(!ok),
        Ok(Err(usage)) => wrong(me, &usage),
    }
}

/// Says what is wrong with the words.
fn wrong(me: &Process, usage: &Usage) -> i32 {
    let room = room(me, STDERR).map(|columns| columns.saturating_sub(me.name().len() + ": ".len()));
    me.say(format_args!("{}", room.map_or(format!("{usage}"), |room| fit(&usage.message, room))));
    MISUSE
}

fn perform(me: &Process, name: &str, options: &[&str]) -> Result<bool, Usage> {
    let entry = find(name)?;
    let settings = settings(name, options)?;
    check(&settings, entry)?;
    let resolved = resolve(&settings, entry, smp::cpus(), Config::OURS)?;
    let file = me.file(STDOUT).map_err(|errno| Usage::new(format!("{errno}")))?;
    let perform = || programs::perform(&resolved, &settings, None, machine().boot);
    let (performed, written) = output::divert(file, room(me, STDOUT), perform);
    if let Err(errno) = written {
        me.lose_output(errno);
    }
    performed
}

/// The keys, each with what it is.
fn keys() -> String {
    let width = page::width_on(width());
    let line = |key: &Key| {
        wrap(&key.help(), width, &format!("  {:10}", format!("{}=", key.name)), "            ") + "\n"
    };
    taken().map(line).collect()
}

/// Those that a run takes.
pub(in crate::shell) fn taken() -> impl Iterator<Item = &'static Key> {
    RunSettings::KEYS.iter().filter(|key| key.is_for("run"))
}

/// The settings of a run of the experiment `name` on this machine.
fn settings(name: &str, options: &[&str]) -> Result<RunSettings, Usage> {
    let mut settings = RunSettings::default();
    for option in options {
        let (key, value) = option.split_once('=').ok_or_else(|| Program::unexpected(option))?;
        if !settings.set(key, value)? {
            return Err(match MachineSettings::KEYS.iter().any(|machine| machine.name == key) {
                true => Usage::new(format!("{key}= makes the machine, which is made already")),
                false => Key::unknown(key, taken()),
            });
        }
    }
    let (command, machine) = (Program::Run(String::from(name)), MachineSettings::default());
    let line = CommandLine { command, run: settings, machine };
    line.check().map(|()| line.run)
}

fn list(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    me.print(format_args!("{}", page::list(reader(), |_| String::new())));
    0
}

fn explain(me: &Process, arguments: &[&str]) -> i32 {
    let [name] = arguments else { return misuse(me, format_args!("which experiment? list shows them")) };
    let race = races::find(name).map(|race| races::explain(race, reader()));
    match race.map_or_else(|| find(name).map(|entry| page::explain(entry, reader())), Ok) {
        Ok(text) => {
            me.print(format_args!("{text}"));
            0
        }
        Err(usage) => wrong(me, &usage),
    }
}
