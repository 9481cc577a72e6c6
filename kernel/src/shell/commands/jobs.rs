//! `jobs`, `fg`, `wait`, `kill`, `history`: what the shell remembers, and signals.

use alloc::string::String;

use kcore::errno::Errno;
use kcore::machine::TaskId;
use kcore::tools::{Options, options};

use crate::print_to;
use crate::process::{Fate, Process, fate, table};
use crate::shell::Shell;
use crate::shell::jobs::{Job, JobLine};
use crate::task::Signal;
use crate::tty::foreground;

use super::command::{Command, misuse, unexpected};

pub(super) const JOBS: Command =
    Command::builtin("jobs", "[-lp]", "what runs in the background; -p: the numbers of tasks; -l: too", jobs);
pub(super) const FG: Command = Command::builtin("fg", "[%JOB]", "wait for a job, and let Ctrl-C be its", fg);
pub(super) const WAIT: Command =
    Command::builtin("wait", "[%JOB | PID]...", "wait until jobs have ended; all, unless said which", wait);
pub(super) const HISTORY: Command =
    Command::builtin("history", "[-c]", "the lines before; -c forgets them", history);

/// No such job (as in most shells).
const NO_JOB: i32 = 127;
/// What the latest job is called by a user that does not say which.
const CURRENT: &str = "current";

fn jobs(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "lp") {
        Ok(Options { operands, .. }) if !operands.is_empty() => return unexpected(me, operands[0]),
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let line = |line: JobLine| match line.task {
        Some(task) if options.has('p') => alloc::format!("{}\n", task.0),
        Some(task) if options.has('l') => line.shown(&alloc::format!("{:>5} ", task.0)),
        _ => line.shown(" "),
    };
    let lines = match shell.jobs.list() {
        Ok(lines) => lines,
        Err(errno) => {
            me.complain("jobs", errno);
            return 1;
        }
    };
    let text: String = lines.into_iter().map(line).collect();
    me.print(format_args!("{text}"));
    0
}

fn fg(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let word = arguments.first().copied();
    // A user that has a job in the foreground can interrupt it.
    let is_allowed = |job: &Job| table::may_kill_group(&job.running.group, shell.credentials.euid);
    if shell.jobs.get(word).is_some_and(|job| !is_allowed(job)) {
        me.complain(word.unwrap_or(CURRENT), Errno::EPERM);
        return 1;
    }
    let Some(mut job) = shell.jobs.take(word) else { return no_job(me, arguments) };
    print_to!(me, "{}\n", job.text);
    let before = foreground::set(Some(job.running.group.clone()));
    let status = job.running.wait();
    foreground::set(before);
    if let Some(words) = fate::words(status) {
        print_to!(me, "{words}\n");
    }
    status
}

fn wait(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    if arguments.is_empty() {
        return shell.jobs.wait_for_all().map_or(Fate::Interrupted.status(), |()| 0);
    }
    let mut status = 0;
    for word in arguments {
        match shell.jobs.wait(word) {
            Some(Ok(ended)) => status = ended,
            Some(Err(_)) => return Fate::Interrupted.status(),
            None => status = no_job(me, &[word]),
        }
    }
    status
}

fn no_job(me: &Process, words: &[&str]) -> i32 {
    match words {
        [word, ..] => me.complain(word, Errno::ECHILD),
        [] => me.complain(CURRENT, Errno::ECHILD),
    }
    NO_JOB
}

fn history(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    match arguments {
        [] => {
            let lines = shell.editor.history().lines();
            let text: String = lines.map(|(number, line)| alloc::format!("{number:>5}  {line}\n")).collect();
            me.print(format_args!("{text}"));
        }
        ["-c"] => shell.editor.history().clear(),
        [word, ..] => return unexpected(me, word),
    }
    0
}

pub(super) const KILL: Command = Command::builtin(
    "kill",
    "[-0 | -INT | -KILL | -s SIGNAL | -l] PID | %JOB ...",
    "send a signal; KILL, unless said which; -0 none; -l lists them",
    kill,
);

fn kill(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let (word, targets) = match arguments {
        ["-l"] => {
            me.print(format_args!("INT KILL TERM\n"));
            return 0;
        }
        ["-s" | "-n", word, rest @ ..] => (*word, rest),
        [word, rest @ ..] if word.starts_with('-') => (&word[1..], rest),
        rest => ("KILL", rest),
    };
    let signal = match word.strip_prefix("SIG").unwrap_or(word) {
        "0" | "EXIT" => None,
        "INT" | "2" => Some(Signal::Interrupt),
        "KILL" | "9" | "TERM" | "15" => Some(Signal::Kill),
        _ => return misuse(me, format_args!("unknown signal '{word}'; valid: 0, INT, KILL")),
    };
    if targets.is_empty() {
        return misuse(me, format_args!("whom?"));
    }
    let mut status = 0;
    for target in targets {
        if let Err(errno) = send(shell, target, signal) {
            me.complain(target, errno);
            status = 1;
        }
    }
    status
}

fn send(shell: &Shell, target: &str, signal: Option<Signal>) -> Result<(), Errno> {
    let user = shell.credentials.euid;
    if target.starts_with('%') {
        let job = shell.jobs.get(Some(target)).ok_or(Errno::ESRCH)?;
        return table::kill_group(&job.running.group, signal, user);
    }
    let task = target.parse().map_err(|_| Errno::ESRCH)?;
    if signal.is_none() && task == shell.state.number {
        return Ok(());
    }
    table::kill(TaskId(task), signal, user)
}
