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
use crate::process::process::STDIN;
use crate::process::{Draft, Group, Process};
use crate::task::{self, signal};

impl Shell {
    /// Runs a builtin; what it ends with.
    pub(super) fn builtin(&mut self, stage: &Stage) -> i32 {
        let is_alone = self.group.is_none();
        let group = self.group.get_or_insert_default().clone();
        if is_alone {
            group.add(task::current());
        }
        let before = self.to_foreground(Some(Arc::clone(&group)));
        let is_led = stage.is_redirected() || self.is_led;
        let status = if is_led { self.redirected(stage, &group) } else { self.direct(stage) };
        self.to_foreground(before);
        if is_alone {
            group.remove(task::current());
            self.group = None;
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
        let written = match self.open_with(stage, &writer, group, {
            let draft = Arc::clone(&draft);
            move |writer| draft.write_as(writer)
        }) {
            Err(refused) => refused,
            Ok(mut running) => {
                if let Ok(input) = writer.file(STDIN) {
                    process.set_file(STDIN, input);
                }
                let status = process.last_word(stage.command(&process, self));
                let status = process.end_status(status);
                draft.finish();
                match running.wait() {
                    0 | 1 if status != 0 => status,
                    written => written,
                }
            }
        };
        tell(written);
        written
    }

    /// Has a task open the files of `stage` as `process`, and then do something with them, after which it
    /// closes them. When this returns they are open; or that task has ended with this.
    pub(super) fn open_with(
        &self,
        stage: &Stage,
        process: &Arc<Process>,
        group: &Arc<Group>,
        then: impl FnOnce(&Process) + Send + 'static,
    ) -> Result<Running, i32> {
        let is_open = Arc::new(AtomicBool::new(false));
        let work = opening(stage.clone(), Arc::clone(&is_open), then);
        let started = stage.start_to(process, group, work);
        let mut running = Running::of(Arc::clone(group));
        running.add(started.map_err(|error| cannot_start(process, error)));
        match running.ended_before(|| is_open.load(SeqCst)) {
            Some(refused) => Err(refused),
            None => Ok(running),
        }
    }
}

/// What the task does that opens the files: it says so to the caller when they are, and then does the rest.
fn opening(
    stage: Stage,
    is_open: Arc<AtomicBool>,
    then: impl FnOnce(&Process) + Send + 'static,
) -> impl FnOnce(&Process) -> i32 + Send + 'static {
    let shell = task::current();
    move |process| {
        let opened = stage.redirect(process);
        if opened.is_ok() {
            is_open.store(true, SeqCst);
            task::wake(shell);
            then(process);
        }
        let status = process.last_word(i32::from(opened.is_err()));
        process.close_all();
        process.end_status(status)
    }
}
