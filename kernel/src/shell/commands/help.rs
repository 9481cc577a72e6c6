//! `help`: the commands.

use alloc::string::String;

use super::command::Command;
use crate::print_to;
use crate::process::Process;

pub(super) const COMMAND: Command =
    Command::program("help", "[COMMAND]...", "the commands, or how one is used", main);

const GRAMMAR: &str = "\
Between commands: a | b   a ; b   a && b   a || b   a &     Files: < FILE  > FILE  >> FILE  2> FILE  2>&1
Words: 'as it is'  \"with $? and $!\"  \\c     # a comment     time COMMAND: how long it takes\n";

fn main(me: &Process, names: &[&str]) -> i32 {
    if names.is_empty() {
        let line = |command: &Command| alloc::format!("  {:<9}{}\n", command.name, command.summary);
        print_to!(me, "{}{GRAMMAR}", super::ALL.iter().map(line).collect::<String>());
        return 0;
    }
    let mut status = 0;
    for name in names {
        match super::find(name) {
            Some(Command { usage, summary, details, .. }) => {
                print_to!(me, "{name} {usage}\n  {summary}\n{}", details())
            }
            None if *name == "time" => {
                print_to!(me, "time COMMAND...\n  how long a command, or a pipeline, takes\n")
            }
            None => {
                me.say(format_args!("there is no command '{name}'"));
                status = 1;
            }
        }
    }
    status
}
