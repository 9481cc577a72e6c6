//! `insmod`, `rmmod`, `lsmod`: modules.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Arguments;

use kcore::dev::OpenFlags;
use kcore::errno::Errno;
use kcore::tools::options;

use super::command::{Command, misuse, unexpected};
use crate::dev::{self, Loaded, Refused};
use crate::process::Process;
use crate::{fs, module, print_to};

pub(super) const INSMOD: Command = Command::program(
    "insmod",
    "MODULE|FILE.ko [KEY=VALUE]...",
    "load a module: scull lock=none; or a driver in C: /mnt/scull.ko nr_devs=2",
    insmod,
);
pub(super) const MODINFO: Command = Command::program(
    "modinfo",
    "MODULE|FILE.ko",
    "a module's parameters; what a driver in C says of itself",
    modinfo,
);
pub(super) const MODPROBE: Command = Command::program(
    "modprobe",
    "[-r] MODULE [KEY=VALUE]...",
    "load a module, as insmod does; -r: unload it",
    modprobe,
);
pub(super) const RMMOD: Command = Command::program(
    "rmmod",
    "[-f] MODULE",
    "unload a module; -f though it is in use: its devices are unplugged",
    rmmod,
);
pub(super) const LSMOD: Command = Command::program("lsmod", "", "the loaded modules", lsmod);

fn insmod(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "+") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let Some((name, parameters)) = options.operands.split_first() else {
        return misuse(me, format_args!("which module? there are: {}", dev::available().join(", ")));
    };
    let module = module_of(name);
    let loaded =
        made(me, "init_module", format_args!("{module}, \"{}\"", parameters.join(" ")), || {
            match file(me, name) {
                Some(file) => module::insmod(file.map_err(Refused::from)?, parameters),
                None => dev::insmod(module, parameters),
            }
        });
    end(me, module, loaded)
}

/// What is in the file `name`, if there is one.
fn file(me: &Process, name: &str) -> Option<Result<Vec<u8>, Errno>> {
    let is_there = || fs::stat(&me.absolute(name)).is_ok();
    (name.ends_with(".ko") && is_there()).then(|| read(me, name))
}

fn read(me: &Process, name: &str) -> Result<Vec<u8>, Errno> {
    let (descriptor, mut bytes) = (me.open(name, OpenFlags::READ)?, Vec::new());
    let mut part = [0; 4096];
    let read = loop {
        match me.read(descriptor, &mut part) {
            Ok(0) => break Ok(()),
            Ok(count) if bytes.try_reserve(count).is_err() => break Err(Errno::ENOMEM),
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(errno) => break Err(errno),
        }
    };
    me.close(descriptor)?;
    read.map(|()| bytes)
}

fn modinfo(me: &Process, arguments: &[&str]) -> i32 {
    let [name] = arguments else {
        return misuse(me, format_args!("of which module?"));
    };
    let words = dev::words_of(module_of(name));
    if !words.is_empty() && fs::stat(&me.absolute(name)).is_err() {
        print_to!(me, "filename: (builtin)\nname: {}\n", module_of(name));
        words.iter().for_each(|word| print_to!(me, "parm: {word}\n"));
        return 0;
    }
    let info = read(me, name).map_err(Refused::from).and_then(|file| module::info(&file));
    let shown = info.map(|info| info.iter().for_each(|(key, value)| print_to!(me, "{key}: {value}\n")));
    end(me, name, shown)
}

fn modprobe(me: &Process, arguments: &[&str]) -> i32 {
    match arguments {
        ["-r", rest @ ..] => rmmod(me, rest),
        rest => insmod(me, rest),
    }
}

/// The module that a file of this name would be: the kernel's own are found wherever a script looks for them.
fn module_of(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".ko").unwrap_or(name)
}

fn rmmod(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "f") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let [name] = options.operands[..] else { return misuse(me, format_args!("which module?")) };
    let (name, forced) = (module_of(name), options.has('f'));
    let flags = if forced { "O_NONBLOCK|O_TRUNC" } else { "O_NONBLOCK" };
    let unloaded =
        made(me, "delete_module", format_args!("\"{name}\", {flags}"), || dev::rmmod(name, forced));
    end(me, name, unloaded)
}

/// Makes a call that loads or unloads, if `me` may.
fn made(
    me: &Process,
    call: &str,
    arguments: Arguments<'_>,
    make: impl FnOnce() -> Result<(), Refused>,
) -> Result<(), Refused> {
    let mut refused = Refused { errno: Errno::EPERM, why: String::new() };
    let make = || match if me.credentials().sys_admin { make() } else { Err(refused.clone()) } {
        Ok(()) => Ok(()),
        Err(why) => {
            refused = why;
            Err(refused.errno)
        }
    };
    me.makes(call, arguments, make).map_err(|_| refused)
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
