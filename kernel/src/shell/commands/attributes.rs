//! `chmod`, `chgrp`: what users may do with a device that has a name in `/dev`.

use kcore::errno::Errno;
use kcore::tools::mode;

use super::command::{Command, misuse, status};
use crate::fs::{self, groups};
use crate::process::Process;

pub(super) const CHMOD: Command =
    Command::program("chmod", "MODE PATH...", "what users may do with a device in /dev: 664, go-w", chmod);
pub(super) const CHGRP: Command = Command::program(
    "chgrp",
    "GROUP PATH...",
    "the group of a device in /dev, of those in /etc/group",
    chgrp,
);

fn chmod(me: &Process, arguments: &[&str]) -> i32 {
    let [word, paths @ ..] = arguments else { return misuse(me, format_args!("which mode?")) };
    match mode(word, 0) {
        Some(_) => each(me, paths, ("fchmodat", word), |path| {
            fs::chmod(path, |before| mode(word, before).unwrap_or(before))
        }),
        None => no_mode(me, word),
    }
}

/// Says that `word` is no mode.
pub(super) fn no_mode(me: &Process, word: &str) -> i32 {
    misuse(me, format_args!("'{word}' is no mode: 0 to 777 in octal digits, or as in u=rw,go-w"))
}

fn chgrp(me: &Process, arguments: &[&str]) -> i32 {
    let [word, paths @ ..] = arguments else { return misuse(me, format_args!("which group?")) };
    match groups::number(word) {
        Some(group) => each(me, paths, ("fchownat", word), |path| fs::chgrp(path, group)),
        None => {
            me.say(format_args!("there is no group '{word}' (see /etc/group)"));
            1
        }
    }
}

/// Makes a `call` with each path and this `word`, as only the superuser may.
fn each(
    me: &Process,
    paths: &[&str],
    (call, word): (&str, &str),
    what: impl Fn(&str) -> Result<(), Errno>,
) -> i32 {
    if paths.is_empty() {
        return misuse(me, format_args!("which name?"));
    }
    let mut end = 0;
    for path in paths {
        let make = || if me.credentials().euid == 0 { what(&me.absolute(path)) } else { Err(Errno::EPERM) };
        let done = me.makes(call, format_args!("AT_FDCWD, \"{path}\", {word}"), make);
        end |= status(done.map_err(|errno| me.complain(path, errno)));
    }
    end
}
