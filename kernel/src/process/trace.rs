//! The calls of a process, shown while they are made (`strace`).

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use kcore::errno::Errno;
use kcore::machine::Cpu;
use kcore::tools::strace;

use super::Process;
use super::process::FILES;
use crate::fs::File;
use crate::machine::Kernel;
use crate::time;

/// The descriptor of what the calls are shown in: the last, so that those of the program are what they are
/// without it. What opens it gives it back with all others of a process that has died.
pub const DESCRIPTOR: usize = FILES - 1;

/// What is shown of a process.
pub struct Trace {
    /// The program that makes the calls.
    pub name: String,
    /// The calls that are shown; all, if there are none.
    pub only: Vec<String>,
    /// How long each has taken is shown, too.
    pub is_timed: bool,
}

/// A call that is under way, if it is shown.
#[must_use]
pub struct Shown<'p>(Option<Line<'p>>);

struct Line<'p> {
    process: &'p Process,
    text: String,
    /// It goes where the call itself writes: it is shown when that is through.
    is_kept: bool,
    since: u64,
}

impl Process {
    /// A call begins, and shows what is known of its arguments: a reader sees in which call it sleeps. `of`
    /// is the file that it is about.
    pub(super) fn begins(
        &self,
        call: &str,
        arguments: fmt::Arguments<'_>,
        of: Option<&Arc<File>>,
    ) -> Shown<'_> {
        let is_chosen = |trace: &Trace| trace.only.is_empty() || trace.only.iter().any(|only| only == call);
        // What has ended makes no calls any more, though its program has still to come to its end.
        if self.fate().is_some() || !self.traced().is_some_and(is_chosen) {
            return Shown(None);
        }
        let is_there = |of: &Arc<File>| self.file(DESCRIPTOR).is_ok_and(|to| Arc::ptr_eq(of, &to));
        let is_kept = of.is_some_and(is_there);
        let text = format!("{call}({arguments}");
        if !is_kept {
            self.show(&text);
        }
        Shown(Some(Line { process: self, text, is_kept, since: Kernel::cycles() }))
    }

    /// Makes a call that has a name and an answer, and nothing else that is not known before.
    pub fn makes<T>(
        &self,
        call: &str,
        arguments: fmt::Arguments<'_>,
        made: impl FnOnce() -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let shown = self.begins(call, arguments, None);
        let result = made();
        let _ = shown.ends(format_args!(""), result.as_ref().map_or_else(|errno| Err(*errno), |_| Ok(0)));
        result
    }

    /// Its program has ended with `status`: the last that is shown of it.
    pub fn has_ended(&self, status: i32) {
        match self.fate() {
            Some(fate) => self.show(&format!("+++ killed by {} +++\n", fate.signal())),
            None => {
                self.show(&format!(
                    "{:<40}= ?\n+++ exited with {status} +++\n",
                    format!("exit_group({status})")
                ));
            }
        }
    }

    /// What cannot be shown is not.
    fn show(&self, text: &str) {
        let Ok(to) = self.file(DESCRIPTOR) else { return };
        let mut rest = text.as_bytes();
        while let Ok(count @ 1..) = to.write(rest) {
            rest = &rest[count..];
        }
    }
}

impl Shown<'_> {
    /// The call has ended: shows the rest of its arguments, and what it came to, which is returned.
    pub(super) fn ends(self, rest: fmt::Arguments<'_>, result: Result<usize, Errno>) -> Result<usize, Errno> {
        let Some(Line { process, text, is_kept, since }) = self.0 else { return result };
        let rest = format!("{rest})");
        let told = match result {
            Err(Errno::EINTR) if process.fate().is_some() => Err(Errno::ERESTARTSYS),
            told => told,
        };
        let outcome = strace::outcome(text.chars().count() + rest.chars().count(), told);
        let micro = time::in_microseconds(Kernel::cycles() - since);
        let took = match process.traced() {
            Some(Trace { is_timed: true, .. }) => {
                format!(" <{}.{:06}>", micro / 1_000_000, micro % 1_000_000)
            }
            _ => String::new(),
        };
        let begun = if is_kept { &text[..] } else { "" };
        process.show(&format!("{begun}{rest}{outcome}{took}\n"));
        result
    }
}
