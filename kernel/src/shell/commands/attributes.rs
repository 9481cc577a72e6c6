//! `chmod`, `chgrp`: what users may do with a device that has a name in `/dev`.

use kcore::errno::Errno;

use super::command::{Command, misuse, status};
use crate::fs::{self, groups};
use crate::process::Process;

pub(super) const CHMOD: Command =
    Command::program("chmod", "MODE PATH...", "what users may do with a device in /dev: 664", chmod);
pub(super) const CHGRP: Command = Command::program(
    "chgrp",
    "GROUP PATH...",
    "the group of a device in /dev, of those in /etc/group",
    chgrp,
);

fn chmod(me: &Process, arguments: &[&str]) -> i32 {
    let [word, paths @ ..] = arguments else { return misuse(me, format_args!("which mode?")) };
    match mode(word) {
        Some(mode) => each(me, paths, |path| fs::chmod(path, mode)),
        None => misuse(me, format_args!("'{word}' is no mode from 0 to 777, in octal digits")),
    }
}

/// A mode in octal digits.
pub(super) fn mode(word: &str) -> Option<u16> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    u16::from_str_radix(word, 8).ok().filter(|mode| digits && *mode <= 0o777)
}

fn chgrp(me: &Process, arguments: &[&str]) -> i32 {
    let [word, paths @ ..] = arguments else { return misuse(me, format_args!("which group?")) };
    match groups::number(word) {
        Some(group) => each(me, paths, |path| fs::chgrp(path, group)),
        None => {
            me.say(format_args!("there is no group '{word}' (see /etc/group)"));
            1
        }
    }
}

/// Does it with each path, which only the superuser may.
fn each(me: &Process, paths: &[&str], what: impl Fn(&str) -> Result<(), Errno>) -> i32 {
    if paths.is_empty() {
        return misuse(me, format_args!("which name?"));
    }
    let mut end = 0;
    for path in paths {
        let done = if me.credentials().euid == 0 { what(&me.absolute(path)) } else { Err(Errno::EPERM) };
        end |= status(done.map_err(|errno| me.complain(path, errno)));
    }
    end
}
