//! What runs in the background.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::errno::Errno;
use kcore::machine::TaskId;

use super::running::Running;
use crate::console::screen;
use crate::mm::shortage;
use crate::process::fate;

/// A list that runs in the background.
pub(super) struct Job {
    pub(super) number: u32,
    /// Shells that were forked since share it.
    pub(super) text: Arc<str>,
    pub(super) running: Running,
    /// Its last task, by which `$!` knows it.
    last: Option<TaskId>,
    /// What it ended with.
    status: Option<i32>,
}

/// Jobs whose end was told, and can still be waited for by their last task.
const REMEMBERED: usize = 16;

/// The jobs of a shell, the oldest first.
pub(super) struct Jobs {
    jobs: Vec<Job>,
    /// What jobs have ended with that were told of, the latest last.
    told: VecDeque<(TaskId, i32)>,
    /// Those of another shell, whose command lists them in a pipeline, unless there was no memory for them.
    of_other: Option<Vec<JobLine>>,
}

/// What is told of a job.
pub(super) struct JobLine {
    number: u32,
    /// Its last task.
    pub(super) task: Option<TaskId>,
    /// What it ended with.
    status: Option<i32>,
    text: Arc<str>,
}

impl Default for Jobs {
    fn default() -> Self {
        Jobs { jobs: Vec::new(), told: VecDeque::new(), of_other: Some(Vec::new()) }
    }
}

impl Jobs {
    /// For a shell that a command of a pipeline runs in: it has none, and can list these. Few such shells do: for
    /// want of memory none fails but the one that lists.
    pub(super) fn seen(&self) -> Jobs {
        let lines = shortage::with_room_for(self.jobs.len()).ok().map(|mut lines: Vec<_>| {
            lines.extend(self.jobs.iter().map(Job::line));
            lines
        });
        Jobs { of_other: lines, ..Jobs::default() }
    }

    /// Makes room for one more, before it is started.
    pub(super) fn make_room(&mut self) {
        self.jobs.reserve(1);
    }

    /// Adds a job; its number.
    pub(super) fn add(&mut self, text: String, running: Running) -> u32 {
        let number = self.jobs.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        let last = running.last();
        self.jobs.push(Job { number, text: text.into(), running, last, status: None });
        number
    }

    /// Says which jobs have ended since the last time, and forgets them.
    pub(super) fn announce(&mut self) {
        self.look();
        let ended = self.jobs.iter().filter(|job| job.status.is_some());
        let text: String = ended.map(|job| job.line().shown(" ")).collect();
        self.forget();
        if !text.is_empty() {
            screen::fresh_line();
            screen::write(text.as_bytes());
        }
    }

    /// Forgets those that have ended, silently.
    pub(super) fn reap(&mut self) {
        self.look();
        self.forget();
    }

    /// All of them. Those that have ended are told of for the last time.
    ///
    /// # Errors
    /// [`Errno::ENOMEM`] when there was no memory for those of the shell that this one is a fork of.
    pub(super) fn list(&mut self) -> Result<Vec<JobLine>, Errno> {
        self.look();
        let mut lines = self.of_other.replace(Vec::new()).ok_or(Errno::ENOMEM)?;
        lines.extend(self.jobs.iter().map(Job::line));
        self.forget();
        Ok(lines)
    }

    /// Those that have ended are no jobs any more, but a waiter that names one by its task is told what it
    /// ended with: that it was announced a moment before is no reason to say that it never was.
    fn forget(&mut self) {
        let ended = self.jobs.iter().filter_map(|job| job.last.zip(job.status));
        self.told.extend(ended);
        let too_many = self.told.len().saturating_sub(REMEMBERED);
        self.told.drain(..too_many);
        self.jobs.retain(|job| job.status.is_none());
    }

    fn look(&mut self) {
        for job in self.jobs.iter_mut().filter(|job| job.status.is_none()) {
            job.status = job.running.ended();
        }
    }

    /// Waits until the job that `word` means has ended; what with. [`None`] when there is no such job,
    /// [`Errno::ERESTARTSYS`] when a signal came first.
    pub(super) fn wait(&mut self, word: &str) -> Option<Result<i32, Errno>> {
        match self.find(Some(word)) {
            Some(index) => Some(self.jobs[index].wait()),
            None => self.status_told(word).map(Ok),
        }
    }

    fn status_told(&self, word: &str) -> Option<i32> {
        let task = TaskId(word.parse().ok()?);
        self.told.iter().rev().find(|(last, _)| *last == task).map(|(_, status)| *status)
    }

    /// Waits until all have ended.
    pub(super) fn wait_for_all(&mut self) -> Result<(), Errno> {
        self.jobs.iter_mut().try_for_each(|job| job.wait().map(drop))
    }

    /// Takes out the job that `word` means: `%2`, a task's number, or `%%` and nothing for the latest.
    pub(super) fn take(&mut self, word: Option<&str>) -> Option<Job> {
        let index = self.find(word)?;
        Some(self.jobs.remove(index))
    }

    /// The job that `word` means.
    pub(super) fn get(&self, word: Option<&str>) -> Option<&Job> {
        self.find(word).map(|index| &self.jobs[index])
    }

    fn find(&self, word: Option<&str>) -> Option<usize> {
        match word {
            None | Some("%%" | "%+" | "%") => self.jobs.len().checked_sub(1),
            Some(word) => match word.strip_prefix('%') {
                Some(number) => {
                    let number = number.parse::<u32>().ok()?;
                    self.jobs.iter().position(|job| job.number == number)
                }
                None => {
                    let task = TaskId(word.parse().ok()?);
                    self.jobs.iter().position(|job| job.running.has(task))
                }
            },
        }
    }
}

impl Job {
    fn wait(&mut self) -> Result<i32, Errno> {
        let status = self.status.map_or_else(|| self.running.wait_interruptible(), Ok)?;
        self.status = Some(status);
        Ok(status)
    }

    fn line(&self) -> JobLine {
        let Job { number, text, last, status, .. } = self;
        JobLine { number: *number, task: *last, status: *status, text: Arc::clone(text) }
    }
}

impl JobLine {
    /// `[1]  Done          sleep 1`, with something before the state.
    pub(super) fn shown(&self, before: &str) -> String {
        let JobLine { number, status, text, .. } = self;
        let state = match *status {
            None => "Running".to_string(),
            Some(0) => "Done".to_string(),
            Some(130) => "Interrupt".to_string(),
            Some(status) => fate::words(status).map_or_else(|| format!("Exit {status}"), ToString::to_string),
        };
        format!("[{number}] {before}{state:<12}{text}\n")
    }
}
