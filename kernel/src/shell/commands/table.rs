//! The table of all commands.

use super::command::{Command, Run};
use super::{
    cat, dd, devices, dmesg, echo, experiments, help, hexdump, ioctl, jobs, kill, ls, machine, modules,
    places, poll, probe, ps, sleep, status, terminal, text, user,
};

/// All commands, by name.
pub(in crate::shell) const ALL: &[Command] = &[
    cat::COMMAND,
    places::CD,
    terminal::CLEAR,
    dd::COMMAND,
    dmesg::COMMAND,
    echo::COMMAND,
    status::EXIT,
    experiments::EXPLAIN,
    status::FALSE,
    jobs::FG,
    machine::FREE,
    text::HEAD,
    help::COMMAND,
    hexdump::COMMAND,
    jobs::HISTORY,
    user::ID,
    modules::INSMOD,
    ioctl::COMMAND,
    jobs::JOBS,
    kill::COMMAND,
    experiments::LIST,
    ls::COMMAND,
    modules::LSMOD,
    devices::MKNOD,
    devices::MOUNT,
    poll::COMMAND,
    probe::COMMAND,
    ps::COMMAND,
    places::PWD,
    devices::RM,
    modules::RMMOD,
    experiments::RUN,
    sleep::COMMAND,
    user::SU,
    machine::SYNC,
    text::TAIL,
    status::TRUE,
    terminal::TTY,
    machine::UNAME,
    machine::UPTIME,
    jobs::WAIT,
    text::WC,
];

/// The command called `name`.
pub(in crate::shell) fn find(name: &str) -> Option<&'static Command> {
    ALL.iter().find(|command| command.name == name)
}

/// Whether `name` is a command that changes the shell.
pub(in crate::shell) fn is_builtin(name: &str) -> bool {
    find(name).is_some_and(|command| matches!(command.run, Run::Builtin(_)))
}
