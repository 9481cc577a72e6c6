//! `kill`: signals.

use kcore::errno::Errno;
use kcore::machine::TaskId;

use super::command::{Command, misuse};
use crate::process::{Process, table};
use crate::shell::Shell;
use crate::task::Signal;

pub(super) const COMMAND: Command =
    Command::builtin("kill", "[-INT | -KILL] PID | %JOB ...", "send a signal; KILL, unless said which", main);

fn main(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let (signal, targets) = match arguments {
        ["-INT" | "-2" | "-SIGINT", rest @ ..] => (Signal::Interrupt, rest),
        ["-KILL" | "-9" | "-SIGKILL" | "-TERM" | "-15", rest @ ..] => (Signal::Kill, rest),
        [word, ..] if word.starts_with('-') => {
            return misuse(me, format_args!("unknown signal '{word}'; valid: -INT, -KILL"));
        }
        rest => (Signal::Kill, rest),
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

fn send(shell: &Shell, target: &str, signal: Signal) -> Result<(), Errno> {
    let user = shell.credentials.euid;
    if target.starts_with('%') {
        let job = shell.jobs.get(Some(target)).ok_or(Errno::ESRCH)?;
        return table::kill_group(&job.running.group, signal, user);
    }
    let task = target.parse().map_err(|_| Errno::ESRCH)?;
    table::kill(TaskId(task), signal, user)
}
