//! `cd`, `pwd`, `mknod`, `ln`, `rm`, `mount`: directories and names.

use kcore::dev::DeviceNumber;
use kcore::errno::Errno;
use kcore::tools::{self, options};

use crate::fs::{self, Kind};
use crate::print_to;
use crate::process::Process;
use crate::shell::Shell;

use super::attributes::no_mode;
use super::command::{Command, misuse, status, unexpected};

pub(super) const CD: Command = Command::builtin("cd", "[DIRECTORY]", "go to a directory", cd);
pub(super) const PWD: Command = Command::program("pwd", "", "the directory", pwd);

fn cd(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let path = match arguments {
        [] => "/",
        [path] => path,
        _ => return misuse(me, format_args!("one directory is enough")),
    };
    let whole = me.absolute(path);
    let is_directory = match fs::stat(&whole) {
        Ok(entry) if entry.kind == Kind::Directory => Ok(()),
        Ok(_) => Err(Errno::ENOTDIR),
        Err(errno) => Err(errno),
    };
    match is_directory {
        Ok(()) => {
            shell.directory = fs::shortest(&whole);
            0
        }
        Err(errno) => {
            me.complain(path, errno);
            1
        }
    }
}

fn pwd(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    print_to!(me, "{}\n", me.directory());
    0
}

pub(super) const MKNOD: Command =
    Command::program("mknod", "[-m MODE] PATH c MAJOR MINOR", "give a device a name below /dev", mknod);
pub(super) const LN: Command = Command::program(
    "ln",
    "-s[f] PATH NAME",
    "a name below /dev that stands for another; -f: instead of one",
    ln,
);
pub(super) const RM: Command =
    Command::program("rm", "[-f] PATH...", "take names below /dev away; -f: those that are there", rm);
pub(super) const MOUNT: Command = Command::program("mount", "", "what the directories are", mount);

/// The mode of a new name (LDD3 ch. 3: `scull_load`).
const MODE: u16 = 0o666;

fn mknod(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "m:") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let mut mode = MODE;
    for (_, word) in options.found {
        match tools::mode(word, MODE) {
            Some(told) => mode = told,
            None => return no_mode(me, word),
        }
    }
    let (path, number) = match &options.operands[..] {
        [path, "c", major, minor] => match DeviceNumber::of_words(major, minor) {
            Some(number) => (path, number),
            None => return misuse(me, format_args!("invalid device '{major} {minor}', beyond 4095 1048575")),
        },
        [_, kind, _, _] => return misuse(me, format_args!("unknown kind of device '{kind}'; valid: c")),
        _ => return misuse(me, format_args!("four words are needed")),
    };
    if me.credentials().euid != 0 {
        me.complain(path, Errno::EPERM);
        return 1;
    }
    let arguments =
        format_args!("AT_FDCWD, \"{path}\", S_IFCHR|0{mode:o}, makedev({}, {})", number.major, number.minor);
    let made = me.makes("mknodat", arguments, || fs::mknod(&me.absolute(path), number, mode));
    status(made.map_err(|errno| me.complain(path, errno)))
}

fn ln(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "sf") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let forced = options.has('f');
    let (true, [to, path]) = (options.has('s'), &options.operands[..]) else {
        return misuse(me, format_args!("-s, a path and a name are needed"));
    };
    let whole = me.absolute(path);
    let link = || {
        if me.credentials().euid != 0 {
            return Err(Errno::EPERM);
        }
        if forced {
            match fs::unlink(&whole) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        me.makes("symlinkat", format_args!("\"{to}\", AT_FDCWD, \"{path}\""), || fs::symlink(to, &whole))
    };
    status(link().map_err(|errno| me.complain(path, errno)))
}

fn rm(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "f") {
        Ok(options) => options,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    let (forced, paths) = (options.has('f'), options.operands);
    if paths.is_empty() && forced {
        return 0;
    }
    if paths.is_empty() {
        return misuse(me, format_args!("which name?"));
    }
    let mut end = 0;
    for path in paths {
        let unlink =
            || if me.credentials().euid == 0 { fs::unlink(&me.absolute(path)) } else { Err(Errno::EPERM) };
        let removed = me.makes("unlinkat", format_args!("AT_FDCWD, \"{path}\", 0"), unlink);
        let removed = if forced && removed == Err(Errno::ENOENT) { Ok(()) } else { removed };
        end |= status(removed.map_err(|errno| me.complain(path, errno)));
    }
    end
}

fn mount(me: &Process, arguments: &[&str]) -> i32 {
    match arguments {
        [] => {}
        // What is there need not be mounted.
        ["-t", kind, _, place] if fs::MOUNTS.contains(&(kind, place)) => return 0,
        [.., word] => return misuse(me, format_args!("'{word}' cannot be mounted: nothing can")),
    }
    for (kind, place) in fs::MOUNTS {
        print_to!(me, "{kind} on {place} type {kind}\n");
    }
    0
}
