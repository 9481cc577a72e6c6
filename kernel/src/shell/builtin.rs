//! Builtins: they change the shell, and so run in its own task.
//!
//! No driver is called in there: what it does to its caller, it would do to the shell. Where redirections
//! lead to drivers, it is a writer that calls them, in a task that can die alone.
//!
//! ```text
//!   the shell                         the writer
//!                                     opens the files
//!   the builtin, which writes
//!   a draft
//!                                     writes that to the files, and closes them
//! ```

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::Shell;
use super::execute::{cannot_start, tell};
use super::running::Running;
use super::stage::Stage;
use crate::process::{Draft, Group, Process};
use crate::task::{self, signal};

impl Shell {
    /// Runs a builtin; what it ends with.
    pub(super) fn builtin(&mut self, stage: &Stage) -> i32 {
        let group = self.group.clone().unwrap_or_else(|| {
            let group = Arc::new(Group::default());
            group.add(task::current());
            group
        });
        let before = self.to_foreground(Some(Arc::clone(&group)));
        let status = if stage.is_redirected() { self.redirected(stage, &group) } else { self.direct(stage) };
        self.to_foreground(before);
        if self.group.is_none() {
            group.remove(task::current());
        }
        // It was the builtin's.
        signal::take();
        status
    }

    /// Runs a builtin that reads and writes where its shell does.
    fn direct(&mut self, stage: &Stage) -> i32 {
        let process = stage.process(self, self.files.clone());
        let status = process.last_word(stage.command(&process, self));
        process.end_status(status)
    }

    /// Runs a builtin that writes elsewhere, if it can be written there.
    fn redirected(&mut self, stage: &Stage, group: &Arc<Group>) -> i32 {
        let writer = stage.process(self, self.files.clone());
        let process = stage.process(self, Vec::new());
        let draft = Draft::of(&process);
        let is_open = Arc::new(AtomicBool::new(false));
        let work = writing(stage.clone(), Arc::clone(&draft), Arc::clone(&is_open));
        let started = stage.start_to(&writer, group, work);
        let mut running = Running::of(Arc::clone(group));
        running.add(started.map_err(|error| cannot_start(&writer, error)));
        let mut status = 0;
        let refused = running.ended_before(|| is_open.load(SeqCst));
        let written = refused.unwrap_or_else(|| {
            status = process.last_word(stage.command(&process, self));
            status = process.end_status(status);
            draft.finish();
            running.wait()
        });
        tell(written);
        match written {
            0 | 1 if status != 0 => status,
            written => written,
        }
    }
}

/// What the writer does: it opens the files, says so to the caller, and writes the draft when that is
/// finished.
fn writing(
    stage: Stage,
    draft: Arc<Draft>,
    is_open: Arc<AtomicBool>,
) -> impl FnOnce(&Process) -> i32 + Send + 'static {
    let shell = task::current();
    move |writer| {
        let opened = stage.redirect(writer);
        if opened.is_ok() {
            is_open.store(true, SeqCst);
            task::wake(shell);
            draft.write_as(writer);
        }
        let status = writer.last_word(i32::from(opened.is_err()));
        writer.close_all();
        writer.end_status(status)
    }
}
