//! A round on pipes, with the account of their bytes and buffers.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::pipe;
use kcore::scull::{Edition, Parameters};

use crate::machine::{Kernel, SpinLock};
use crate::mm::heap;

use super::trial::{Refusal, Trial};

/// A pipe of this machine.
pub(super) type Pipe = pipe::Pipe<Kernel>;

/// A pipe, and the settings of a module of its own.
pub(super) struct Stage {
    pub(super) pipe: Arc<Pipe>,
    pub(super) parameters: Arc<Parameters>,
    /// Stays open until the round is over.
    kept: SpinLock<Option<Opened>>,
}

/// An open file of a pipe.
pub(super) type Opened = Box<dyn FileOperations<Kernel>>;

impl Stage {
    fn new(edition: Edition) -> Result<Self, Errno> {
        let parameters = Arc::new(Parameters::default());
        Ok(Stage { pipe: Pipe::new(0, &parameters, edition)?, parameters, kept: SpinLock::new(None) })
    }

    /// Opens the pipe, as the superuser.
    pub(super) fn open(&self, flags: OpenFlags) -> Result<Opened, Errno> {
        Arc::clone(&self.pipe).open(flags, &Credentials::ROOT)
    }

    /// Leaves `file` open until the round is over, and with it what is in the pipe: whoever comes later finds it there. One
    /// file of each pipe.
    pub(super) fn keep(&self, file: Opened) {
        *self.kept.lock() = Some(file);
    }

    /// Closes what was kept.
    fn close(&self) {
        // Two statements: to close a file may sleep.
        let kept = self.kept.lock().take();
        drop(kept);
    }
}

impl Trial<'_> {
    /// One round: a fresh pipe for each unit of work; `body(who, pipe)` on each of them, one after the other, in both tasks
    /// at once. All files are closed when it returns.
    ///
    /// A byte that was read and was not there, or that lay past the end of a buffer, counts as a use of memory that is none;
    /// a byte that a pipe forgot counts as a lost update.
    pub(super) fn pipe_round(&mut self, body: &(dyn Fn(u32, &Stage) + Sync)) -> Result<(), Refusal> {
        let edition = Edition::of(self.resolved.lock).unwrap_or_default();
        // SAFETY: the pipes are dropped before it, and the crew's tasks, which use them, are joined before that.
        let experiment = unsafe { heap::Experiment::begin() }?;
        let mut stages = Vec::new();
        stages.try_reserve_exact(self.resolved.quanta as usize).map_err(|_| Errno::ENOMEM)?;
        for _ in 0..self.resolved.quanta {
            stages.push(Stage::new(edition)?);
        }
        self.race(&|who| {
            if who < 2 {
                stages.iter().for_each(|stage| body(who, stage));
            }
        })?;
        stages.iter().for_each(Stage::close);
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
