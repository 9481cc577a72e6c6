//! One command of a pipeline, as a process.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::shell::{Call, Goal};

use super::commands::{self, Command, Run};
use super::state::Shell;
use crate::process::process::Files;
use crate::process::table::{self, Known};
use crate::process::{Group, Process};
use crate::task::spawn::least_busy_cpu;
use crate::task::{self, JoinHandle, SpawnError, shortage};

/// No such command (as in most shells).
const NOT_FOUND: i32 = 127;
/// The command is there and cannot be run.
pub(super) const CANNOT_RUN: i32 = 126;

/// A command with its words, ready to run.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) words: Vec<String>,
    redirections: Vec<(usize, Goal)>,
}

impl From<Call> for Stage {
    fn from(Call { words, redirections }: Call) -> Self {
        Stage { words, redirections }
    }
}

impl Stage {
    /// The command's name; empty when there are only redirections.
    pub(super) fn name(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// A process for it with these files.
    pub(super) fn process(&self, shell: &Shell, files: Files) -> Arc<Process> {
        let name = if self.words.is_empty() { "shell" } else { self.name() };
        Arc::new(Process::new(name, shell.credentials, &shell.directory, files))
    }

    /// Whether its descriptors lead elsewhere than those of its shell.
    pub(super) fn is_redirected(&self) -> bool {
        !self.redirections.is_empty()
    }

    /// Starts it as a task of `group`.
    pub(super) fn start(
        &self,
        process: &Arc<Process>,
        mut shell: Shell,
        group: &Arc<Group>,
    ) -> Result<JoinHandle, SpawnError> {
        let stage = self.clone();
        self.start_to(process, group, move |process| {
            let status = process.last_word(stage.run(process, &mut shell));
            process.close_all();
            process.end_status(status)
        })
    }

    /// Starts a task of `group` that does some `work` for it, as `process`. What a driver does to this task,
    /// it does not do to the shell.
    pub(super) fn start_to(
        &self,
        process: &Arc<Process>,
        group: &Arc<Group>,
        work: impl FnOnce(&Process) -> i32 + Send + 'static,
    ) -> Result<JoinHandle, SpawnError> {
        let name = process.name();
        let command = if self.words.is_empty() { name.to_string() } else { self.words.join(" ") };
        let known = Known {
            command,
            uid: process.credentials().uid,
            group: Arc::clone(group),
            process: Arc::clone(process),
        };
        let cpu = commands::find(name).and_then(|command| command.cpu).unwrap_or_else(least_busy_cpu);
        let process = Arc::clone(process);
        let body = move || {
            let _entry = table::entry();
            work(&process)
        };
        table::start(known, || task::spawn_mortal(name, cpu, body))
    }

    /// Runs it in the calling task, which is a process of its own meanwhile; what it ends with.
    pub(super) fn run_here(&self, shell: &mut Shell) -> i32 {
        let process = self.process(shell, shell.files.clone());
        let known = Known {
            command: self.words.join(" "),
            uid: shell.credentials.uid,
            group: shell.group.clone().unwrap_or_default(),
            process: Arc::clone(&process),
        };
        let Ok(_entry) = table::become_one(known) else { return CANNOT_RUN };
        let status = process.last_word(self.run(&process, shell));
        process.close_all();
        process.end_status(status)
    }

    /// Runs it in the calling task, as `process`. `shell` is whose builtin it is, if it is one.
    pub(super) fn run(&self, process: &Process, shell: &mut Shell) -> i32 {
        match self.redirect(process) {
            Ok(()) => self.command(process, shell),
            Err(_) => 1,
        }
    }

    /// Runs its command, whose descriptors lead where they are to.
    pub(super) fn command(&self, process: &Process, shell: &mut Shell) -> i32 {
        let Some((name, arguments)) = self.words.split_first() else { return 0 };
        // What the shell had to take for it is no failure of its own.
        shortage::take();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let command = commands::find(name);
        if let ([option], Some(command)) = (&arguments[..], command)
            && *option == "--help"
            && !is_plain(name)
        {
            process.print(format_args!("{}", command.manual()));
            return 0;
        }
        match command {
            Some(Command { run: Run::Builtin(main), .. }) => main(shell, process, &arguments),
            Some(command) => command.run_as(process, &arguments),
            None => {
                process.say(format_args!("command not found{} (help lists them)", commands::near(name)));
                NOT_FOUND
            }
        }
    }

    /// Leads the descriptors of `process` where they are to lead. Complains, and goes no further, when one
    /// cannot be.
    pub(super) fn redirect(&self, process: &Process) -> Result<(), Errno> {
        for (descriptor, to) in &self.redirections {
            let (what, done) = match to {
                Goal::File(path, flags) => (path.clone(), process.open_as(*descriptor, path, *flags)),
                Goal::Same(other) => {
                    (other.to_string(), process.file(*other).map(|file| process.set_file(*descriptor, file)))
                }
                // What is not open is closed.
                Goal::Nowhere => (String::new(), process.close(*descriptor).or(Ok(()))),
            };
            done.inspect_err(|errno| process.complain(&what, *errno))?;
        }
        Ok(())
    }
}

/// Commands to which `--help` is a word like others.
fn is_plain(name: &str) -> bool {
    matches!(name, "echo" | "true" | "false" | "test" | "[" | ":")
}
