//! A round on pipes, with the account of their bytes and buffers.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::pipe;
use kcore::scull::{Edition, Parameters};

use crate::machine::Kernel;
use crate::mm::heap;
use crate::task::shortage;

use super::trial::{Refusal, Trial};

/// A pipe of this machine.
pub(super) type Pipe = pipe::Pipe<Kernel>;

/// A pipe, and the settings of a module of its own.
pub(super) struct Stage {
    pub(super) pipe: Arc<Pipe>,
    pub(super) parameters: Arc<Parameters>,
    /// What was opened before the tasks began, for each of them.
    files: Vec<Opened>,
}

/// An open file of a pipe.
pub(super) type Opened = Box<dyn FileOperations<Kernel>>;

impl Stage {
    fn new(edition: Edition) -> Result<Self, Errno> {
        let parameters = Arc::new(Parameters::default());
        Ok(Stage { pipe: Pipe::new(0, &parameters, edition)?, parameters, files: Vec::new() })
    }

    /// Opens the pipe, as the superuser.
    pub(super) fn open(&self, flags: OpenFlags) -> Result<Opened, Errno> {
        Arc::clone(&self.pipe).open(flags, &Credentials::ROOT)
    }

    /// The file that was opened for task `who` before it began.
    pub(super) fn file(&self, who: u32) -> &Opened {
        &self.files[who as usize]
    }
}

impl Trial<'_> {
    /// One round: a fresh pipe for each unit of work; `body(who, pipe)` on each of them, one after the other, in both tasks
    /// at once. All files are closed when it returns.
    ///
    /// A byte that was read and was not there, or that lay past the end of a buffer, counts as a use of memory that is none;
    /// a byte that a pipe forgot counts as a lost update.
    ///
    /// Each pipe is open with `flags`, a file for each, before the tasks begin: what is in a pipe goes with its last file, and
    /// in the book's edition it is also forgotten when somebody else opens it.
    pub(super) fn pipe_round(
        &mut self,
        flags: &[OpenFlags],
        body: &(dyn Fn(u32, &Stage) + Sync),
    ) -> Result<(), Refusal> {
        let edition = Edition::of(self.resolved.lock).unwrap_or_default();
        // SAFETY: the pipes are dropped before it, and the crew's tasks, which use them, are joined before that.
        let experiment = unsafe { heap::Experiment::begin() }?;
        let mut stages = shortage::with_room_for(self.resolved.quanta as usize)?;
        for _ in 0..self.resolved.quanta {
            let mut stage = Stage::new(edition)?;
            stage.files = flags.iter().map(|flags| stage.open(*flags)).collect::<Result<_, _>>()?;
            stages.push(stage);
        }
        self.race(&|who| {
            if who < 2 {
                stages.iter().for_each(|stage| body(who, stage));
            }
        })?;
        stages.iter_mut().for_each(|stage| stage.files.clear());
        self.account(&experiment, &[], &mut |_| {});
        stages.iter().for_each(|stage| self.judge_pipe(&stage.pipe));
        Ok(())
    }

    fn judge_pipe(&mut self, pipe: &Pipe) {
        let damage = pipe.damage();
        self.run.use_after_free += damage.stale + damage.beyond;
        self.run.lost_updates += damage.forgotten;
        self.add_lock(Some(pipe.lock_stats()));
        for (bytes, what) in [
            (damage.stale, "read that were not in the pipe"),
            (damage.beyond, "past the end of the buffer"),
            (damage.forgotten, "written and forgotten before they were read"),
        ] {
            if bytes > 0 {
                self.note(format!("{}: bytes {what}: {bytes}", pipe.name()));
            }
        }
    }
}
