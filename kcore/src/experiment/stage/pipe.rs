//! A round on pipes, with the account of their bytes and buffers.

use alloc::boxed::Box;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::heap::HeapRound;
use super::rig::{Refusal, Rig, with_room_for};
use super::round::Stage;
use crate::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use crate::errno::Errno;
use crate::pipe::Pipe;
use crate::scull::{Edition, Parameters};

/// A pipe, and the settings of a module of its own.
pub(in crate::experiment) struct Pipework<M: Rig> {
    pub(in crate::experiment) pipe: Arc<Pipe<M>>,
    pub(in crate::experiment) parameters: Arc<Parameters>,
    /// What was opened before the tasks began, for each of them.
    files: Vec<Opened<M>>,
}

/// An open file of a pipe.
pub(in crate::experiment) type Opened<M> = Box<dyn FileOperations<M>>;

impl<M: Rig> Pipework<M> {
    fn new(edition: Edition) -> Result<Self, Errno> {
        let parameters = Arc::new(Parameters::default());
        Ok(Pipework { pipe: Pipe::new(0, &parameters, edition)?, parameters, files: Vec::new() })
    }

    /// Opens the pipe, as the superuser.
    pub(in crate::experiment) fn open(&self, flags: OpenFlags) -> Result<Opened<M>, Errno> {
        Arc::clone(&self.pipe).open(flags, &Credentials::ROOT)
    }

    /// The file that was opened for task `who` before it began.
    pub(in crate::experiment) fn file(&self, who: u32) -> &Opened<M> {
        &self.files[who as usize]
    }
}

impl<M: Rig> Stage<'_, M> {
    /// One round: a fresh pipe for each unit of work; `body(who, pipe)` on each of them, one after the other,
    /// in both tasks at once. All files are closed when it returns.
    ///
    /// A byte that was read and was not there, or that lay past the end of a buffer, counts as a use of
    /// memory that is none; a byte that a pipe forgot counts as a lost update.
    ///
    /// Each pipe is open with `flags`, a file for each, before the tasks begin: what is in a pipe goes with
    /// its last file, and in the book's edition it is also forgotten when another task opens it.
    pub(in crate::experiment) fn pipe_round(
        &mut self,
        flags: &[OpenFlags],
        body: &(dyn Fn(u32, &Pipework<M>) + Sync),
    ) -> Result<(), Refusal> {
        let edition = Edition::of(self.resolved.lock).unwrap_or_default();
        // SAFETY: the pipes are dropped before it, and the crew's tasks, which use them, are joined before
        // that.
        let heap = unsafe { M::Heap::begin() }?;
        let mut all = with_room_for::<M, _>(self.resolved.quanta as usize)?;
        for _ in 0..self.resolved.quanta {
            let mut work = Pipework::new(edition)?;
            work.files = flags.iter().map(|flags| work.open(*flags)).collect::<Result<_, _>>()?;
            all.push(work);
        }
        self.race(&|who| {
            if who < 2 {
                all.iter().for_each(|work| body(who, work));
            }
        })?;
        all.iter_mut().for_each(|work| work.files.clear());
        self.account(&heap, &[], &mut |_| {});
        all.iter().for_each(|work| self.judge_pipe(&work.pipe));
        Ok(())
    }

    fn judge_pipe(&mut self, pipe: &Pipe<M>) {
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
