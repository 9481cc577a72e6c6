//! `insmod`, `rmmod`, `lsmod`: modules.

use alloc::string::String;

use kcore::errno::Errno;

use super::command::{Command, misuse, unexpected};
use crate::dev::{self, Loaded, Refused};
use crate::print_to;
use crate::process::Process;

pub(super) const INSMOD: Command =
    Command::program("insmod", "MODULE [KEY=VALUE]...", "load a module: scull lock=none", insmod);
pub(super) const RMMOD: Command = Command::program(
    "rmmod",
    "[-f] MODULE",
    "unload a module; -f though it is in use: its devices are unplugged",
    rmmod,
);
pub(super) const LSMOD: Command = Command::program("lsmod", "", "the loaded modules", lsmod);

fn insmod(me: &Process, arguments: &[&str]) -> i32 {
    let Some((name, parameters)) = arguments.split_first() else {
        return misuse(me, format_args!("which module? there are: {}", dev::available().join(", ")));
    };
    let name = module_of(name);
    end(me, name, allowed(me).and_then(|()| dev::insmod(name, parameters)))
}

/// The module that a file of this name would be: modules are part of the kernel, wherever a script looks for
/// them.
fn module_of(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".ko").unwrap_or(name)
}

fn rmmod(me: &Process, arguments: &[&str]) -> i32 {
    let (name, forced) = match arguments {
        ["-f", name] => (name, true),
        [name] if !name.starts_with('-') => (name, false),
        _ => return misuse(me, format_args!("which module?")),
    };
    let name = module_of(name);
    end(me, name, allowed(me).and_then(|()| dev::rmmod(name, forced)))
}

fn allowed(me: &Process) -> Result<(), Refused> {
    match me.credentials().sys_admin {
        true => Ok(()),
        false => Err(Refused { errno: Errno::EPERM, why: String::new() }),
    }
}

fn end(me: &Process, name: &str, result: Result<(), Refused>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(Refused { errno, why }) => {
            me.complain(name, errno);
            if !why.is_empty() {
                me.say(format_args!("{why}"));
            }
            1
        }
    }
}

fn lsmod(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    print_to!(me, "{:<16}{:>8}  {}\n", "Module", "Used by", "Parameters");
    for Loaded { name, users, parameters, is_going } in dev::loaded() {
        let words: String = parameters.iter().map(|(key, value)| alloc::format!("{key}={value} ")).collect();
        print_to!(
            me,
            "{name:<16}{users:>8}  {}{}\n",
            words.trim_end(),
            if is_going { " (going)" } else { "" }
        );
    }
    0
}
