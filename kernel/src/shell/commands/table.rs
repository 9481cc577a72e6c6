//! The table of all commands, and `help`, which shows it.

use alloc::format;
use alloc::string::String;

use kcore::experiment::page;
use kcore::settings::nearest;

use crate::print_to;
use crate::process::Process;

use super::command::{Command, Run};
use super::{
    attributes, check, experiments, explore, ioctl, jobs, language, ls, machine, modules, names, poll, probe,
    ps, status, strace, terminal, tools, user,
};

/// All commands, by name.
pub(in crate::shell) const ALL: &[Command] = &[
    language::COLON,
    language::BRACKET,
    tools::AWK,
    language::BREAK,
    tools::CAT,
    names::CD,
    check::COMMAND,
    attributes::CHGRP,
    attributes::CHMOD,
    terminal::CLEAR,
    language::CONTINUE,
    tools::CP,
    tools::DD,
    machine::DMESG,
    tools::ECHO,
    language::EXIT,
    experiments::EXPLAIN,
    explore::COMMAND,
    language::EXPORT,
    status::FALSE,
    jobs::FG,
    machine::FREE,
    tools::GREP,
    tools::HEAD,
    HELP,
    tools::HEXDUMP,
    jobs::HISTORY,
    user::ID,
    modules::INSMOD,
    ioctl::COMMAND,
    jobs::JOBS,
    jobs::KILL,
    experiments::LIST,
    names::LN,
    ls::COMMAND,
    modules::LSMOD,
    modules::MODINFO,
    names::MKNOD,
    modules::MODPROBE,
    names::MOUNT,
    tools::OD,
    poll::COMMAND,
    tools::PRINTF,
    probe::COMMAND,
    ps::COMMAND,
    names::PWD,
    language::READ,
    names::RM,
    modules::RMMOD,
    experiments::RUN,
    tools::SEQ,
    language::SET,
    language::SH,
    language::SHIFT,
    status::SLEEP,
    strace::COMMAND,
    user::SU,
    machine::SYNC,
    tools::TAIL,
    tools::TEE,
    language::TEST,
    tools::TOUCH,
    status::TRUE,
    terminal::TTY,
    machine::UNAME,
    language::UNSET,
    machine::UPTIME,
    jobs::WAIT,
    tools::WC,
];

/// The command called `name`.
pub(in crate::shell) fn find(name: &str) -> Option<&'static Command> {
    ALL.iter().find(|command| command.name == name)
}

/// The command that `name` may have been meant for, as a question.
pub(in crate::shell) fn near(name: &str) -> String {
    let near = nearest(name, ALL.iter().map(|command| command.name));
    near.map_or_else(String::new, |near| format!("; did you mean '{near}'?"))
}

/// Whether `name` is a command that changes the shell.
pub(in crate::shell) fn is_builtin(name: &str) -> bool {
    find(name).is_some_and(|command| matches!(command.run, Run::Builtin(_)))
}

const HELP: Command =
    Command::program("help", "[COMMAND]...", "the commands, or how one is used", help).of_ours();

const GRAMMAR: &str = "\
Between commands: a | b   a ; b   a && b   a || b   ! a   a &   ( a )   { a; }
Files: < FILE  > FILE  >> FILE  2> FILE  2>&1  >&-   time a: how long it takes
Words: 'as it is'  \"with $x\"  \\c  *.c  $(a)  $((1+1))  x=1     # a comment
if a; then b; else c; fi    for x in a b; do c; done    while a; do b; done\n";

fn help(me: &Process, names: &[&str]) -> i32 {
    if names.is_empty() {
        let line = |command: &Command| {
            let first = format!("  {:<9}", command.name);
            page::wrap(command.summary, page::width_on(terminal::width()), &first, &" ".repeat(11)) + "\n"
        };
        print_to!(me, "{}{GRAMMAR}", ALL.iter().map(line).collect::<String>());
        return 0;
    }
    let mut status = 0;
    for name in names {
        match find(name) {
            Some(command) => print_to!(me, "{}", command.manual()),
            None if *name == "time" => {
                print_to!(me, "time COMMAND...\n  how long a command, or a pipeline, takes\n")
            }
            None => {
                me.say(format_args!("there is no command '{name}'{}", near(name)));
                status = 1;
            }
        }
    }
    status
}
