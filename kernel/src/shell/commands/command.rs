//! A command, and what all of them have to say.

use alloc::format;
use alloc::string::String;

use kcore::experiment::page::{self, wrap};
use kcore::tools::{Ended, options};

use super::terminal::width;

use crate::process::Process;
use crate::shell::Shell;

/// What a mistake in the arguments ends with.
pub(super) use crate::shell::program::MISUSE;

/// A command.
#[derive(Clone, Copy)]
pub(in crate::shell) struct Command {
    /// Its name.
    pub(in crate::shell) name: &'static str,
    /// Its arguments, as `help` shows them.
    pub(in crate::shell) usage: &'static str,
    /// One line.
    pub(in crate::shell) summary: &'static str,
    /// What `help` shows of it besides, when it is asked for this command.
    pub(in crate::shell) details: fn() -> String,
    /// What it does.
    pub(in crate::shell) run: Run,
    /// What a mistake in its arguments ends with.
    pub(in crate::shell) misuse: i32,
    /// The CPU on which its task runs; the one with the fewest tasks, if this is none.
    pub(in crate::shell) cpu: Option<u32>,
}

/// What a command does; what it ends with.
#[derive(Clone, Copy)]
pub(in crate::shell) enum Run {
    /// It runs as a process of its own.
    Program(fn(&Process, &[&str]) -> i32),
    /// The same, and it says what is wrong with its arguments.
    Tool(fn(&Process, &[&str]) -> Ended),
    /// It changes the shell, and runs in its task; the process has the files.
    Builtin(fn(&mut Shell, &Process, &[&str]) -> i32),
}

impl Command {
    /// A tool of every Unix.
    pub(super) const fn tool(
        name: &'static str,
        usage: &'static str,
        summary: &'static str,
        main: fn(&Process, &[&str]) -> Ended,
    ) -> Self {
        Command { run: Run::Tool(main), ..Command::program(name, usage, summary, |_, _| 0) }
    }

    /// A command that is a program.
    pub(super) const fn program(
        name: &'static str,
        usage: &'static str,
        summary: &'static str,
        main: fn(&Process, &[&str]) -> i32,
    ) -> Self {
        Command { name, usage, summary, details: String::new, run: Run::Program(main), misuse: 1, cpu: None }
    }

    /// A command that changes the shell.
    pub(super) const fn builtin(
        name: &'static str,
        usage: &'static str,
        summary: &'static str,
        main: fn(&mut Shell, &Process, &[&str]) -> i32,
    ) -> Self {
        Command {
            name,
            usage,
            summary,
            details: String::new,
            run: Run::Builtin(main),
            misuse: MISUSE,
            cpu: None,
        }
    }

    /// The same with more to show.
    pub(super) const fn explained(mut self, details: fn() -> String) -> Self {
        self.details = details;
        self
    }

    /// The same, where a mistake in the arguments is told from other failures.
    pub(super) const fn of_ours(mut self) -> Self {
        self.misuse = MISUSE;
        self
    }

    /// What `help` shows when it is asked for this command, and what `--help` does.
    pub(in crate::shell) fn manual(&self) -> String {
        let Command { name, usage, summary, details, .. } = self;
        let wrap = |text: &str, first, other| wrap(text, page::width_on(width()), first, other);
        let (usage, summary) = (wrap(&format!("{name} {usage}"), "", "    "), wrap(summary, "  ", "  "));
        format!("{usage}\n{summary}\n{}", details())
    }

    /// Runs it as `process`, unless it is the shell's own; what it ends with.
    pub(in crate::shell) fn run_as(&self, process: &Process, arguments: &[&str]) -> i32 {
        match self.run {
            Run::Program(main) => main(process, arguments),
            Run::Tool(main) => {
                main(process, arguments).unwrap_or_else(|why| misuse(process, format_args!("{why}")))
            }
            Run::Builtin(_) => MISUSE,
        }
    }

    /// The same on the CPU that booted the machine.
    pub(super) const fn on_first_cpu(mut self) -> Self {
        self.cpu = Some(0);
        self
    }
}

/// Says what is wrong with the arguments, and what would be right.
pub(in crate::shell) fn misuse(me: &Process, what: core::fmt::Arguments<'_>) -> i32 {
    let (usage, status) =
        super::find(me.name()).map_or(("", MISUSE), |command| (command.usage, command.misuse));
    let what = format!("{what}");
    let sign = if what.ends_with('?') { "" } else { ";" };
    me.say(format_args!(
        "{what}{sign} usage: {}{}{usage}",
        me.name(),
        if usage.is_empty() { "" } else { " " }
    ));
    status
}

/// Says that `word` is not understood, where there are no options.
pub(super) fn unexpected(me: &Process, word: &str) -> i32 {
    match options(&[word], "") {
        Err(why) => misuse(me, format_args!("{why}")),
        Ok(_) => misuse(me, format_args!("'{word}' is not understood")),
    }
}

/// What a result ends with: the function that had an error has said so.
pub(super) fn status<T, E>(result: Result<T, E>) -> i32 {
    i32::from(result.is_err())
}
