//! `cd`, `pwd`: the directory.

use kcore::errno::Errno;

use super::command::{Command, misuse, unexpected};
use crate::fs::{self, Kind};
use crate::print_to;
use crate::process::Process;
use crate::shell::Shell;

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
