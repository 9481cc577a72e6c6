//! `su`, `id`: as which user the shell acts.

use kcore::dev::Credentials;
use kcore::errno::Errno;
use kcore::tools::{Options, options};

use super::command::{Command, misuse, unexpected};
use crate::print_to;
use crate::process::Process;
use crate::shell::Shell;

pub(super) const SU: Command = Command::builtin(
    "su",
    "[UID [TERMINAL]]",
    "act as a user (of a terminal); without one, as who was before",
    su,
);
pub(super) const ID: Command =
    Command::program("id", "[-u [-r]]", "as whom the shell acts; -u the number alone", id);

fn su(shell: &mut Shell, me: &Process, arguments: &[&str]) -> i32 {
    let (uid, terminal) = match arguments {
        [] => {
            // The user that was there before was let in before.
            shell.credentials = shell.before.pop().unwrap_or(shell.credentials);
            return 0;
        }
        [uid] => (uid.parse(), Ok(shell.credentials.terminal.unwrap_or(0))),
        [uid, terminal] => (uid.parse(), terminal.parse()),
        _ => return misuse(me, format_args!("one user is enough")),
    };
    let (Ok(uid), Ok(terminal)) = (uid, terminal) else {
        return misuse(me, format_args!("a user and a terminal are numbers"));
    };
    if shell.credentials.euid != 0 && shell.credentials.uid != uid {
        me.complain(arguments[0], Errno::EPERM);
        return 1;
    }
    shell.before.push(shell.credentials);
    shell.credentials = match uid {
        0 => Credentials { terminal: Some(terminal), ..Credentials::ROOT },
        uid => Credentials::user(uid, terminal),
    };
    0
}

fn id(me: &Process, arguments: &[&str]) -> i32 {
    let options = match options(arguments, "ur") {
        Err(why) => return misuse(me, format_args!("{why}")),
        Ok(Options { operands, .. }) if !operands.is_empty() => return unexpected(me, operands[0]),
        Ok(options) => options,
    };
    let Credentials { uid, euid, dac_override, sys_admin, terminal } = me.credentials();
    if !options.found.is_empty() {
        if !options.has('u') {
            return misuse(me, format_args!("-r is for -u"));
        }
        print_to!(me, "{}\n", if options.has('r') { uid } else { euid });
        return 0;
    }
    print_to!(me, "uid={uid} euid={euid}");
    if let Some(terminal) = terminal {
        print_to!(me, " terminal={terminal}");
    }
    let capabilities = [("CAP_DAC_OVERRIDE", dac_override), ("CAP_SYS_ADMIN", sys_admin)];
    for (name, _) in capabilities.iter().filter(|(_, has)| **has) {
        print_to!(me, " {name}");
    }
    print_to!(me, "\n");
    0
}
