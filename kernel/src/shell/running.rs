//! A pipeline that runs, and how it ends.

use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::machine::{Sched, Sleep, TaskId};

use crate::machine::Kernel;
use crate::process::{Group, fate};
use crate::task::JoinHandle;

/// The tasks of a pipeline.
#[derive(Default)]
pub(super) struct Running {
    members: Vec<Member>,
    pub(super) group: Arc<Group>,
    /// The last of them is a shell, which has told how its commands ended.
    is_shell: bool,
}

struct Member {
    /// Taken when the task has been joined.
    handle: Option<JoinHandle>,
    status: i32,
}

impl Running {
    /// Nothing yet, in this group.
    pub(super) fn of(group: Arc<Group>) -> Self {
        Running { group, ..Running::default() }
    }

    /// Adds a task, or what it ended with when it could not be started.
    pub(super) fn add(&mut self, started: Result<JoinHandle, i32>) {
        let (handle, status) = match started {
            Ok(handle) => (Some(handle), 0),
            Err(status) => (None, status),
        };
        self.members.push(Member { handle, status });
        self.is_shell = false;
    }

    /// [`add`](Running::add) for a shell.
    pub(super) fn add_shell(&mut self, started: Result<JoinHandle, i32>) {
        self.add(started);
        self.is_shell = true;
    }

    /// Whether its status is that of a shell.
    pub(super) fn is_shell(&self) -> bool {
        self.is_shell
    }

    /// The task of its last command, if that runs.
    pub(super) fn last(&self) -> Option<TaskId> {
        self.members.last()?.handle.as_ref().map(JoinHandle::id)
    }

    /// Whether `task` is one of its.
    pub(super) fn has(&self, task: TaskId) -> bool {
        self.members.iter().any(|member| member.handle.as_ref().is_some_and(|handle| handle.id() == task))
    }

    /// What it ended with, if all its tasks have ended: the status of the last. Else the caller is woken when
    /// one ends.
    pub(super) fn ended(&mut self) -> Option<i32> {
        self.members.iter_mut().for_each(Member::join_if_ended);
        let have_ended = self.members.iter().all(|member| member.handle.is_none());
        have_ended.then(|| self.members.last().map_or(0, |member| member.status))
    }

    /// Waits for its end.
    pub(super) fn wait(&mut self) -> i32 {
        loop {
            match self.ended() {
                Some(status) => return status,
                None => Kernel::block(),
            }
        }
    }

    /// Waits until `condition` is true, which one of its tasks makes so and then wakes the caller: [`None`].
    /// Or for its end, if that comes first.
    pub(super) fn ended_before(&mut self, condition: impl Fn() -> bool) -> Option<i32> {
        while !condition() {
            match self.ended() {
                Some(status) => return Some(status),
                None => Kernel::block(),
            }
        }
        None
    }

    /// Waits for its end, or for a signal: [`Errno::ERESTARTSYS`].
    pub(super) fn wait_interruptible(&mut self) -> Result<i32, Errno> {
        loop {
            match self.ended() {
                Some(status) => return Ok(status),
                None if Kernel::interrupted(Sleep::Interruptible) => return Err(Errno::ERESTARTSYS),
                None => Kernel::block(),
            }
        }
    }
}

impl Member {
    fn join_if_ended(&mut self) {
        match self.handle.take().map(JoinHandle::try_join) {
            Some(Ok(code)) => self.status = fate::status_of(code),
            Some(Err(handle)) => self.handle = Some(handle),
            None => {}
        }
    }
}
