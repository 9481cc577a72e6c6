//! Lists and pipelines.

use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use kcore::machine::Cpu;
use kcore::shell::tree::{List, Pipeline, When};
use kcore::shell::{SyntaxError, parse};

use super::commands;
use super::running::Running;
use super::stage::{CANNOT_RUN, Stage};
use super::state::{Shell, machine};
use crate::console::screen;
use crate::fs::File;
use crate::kmemleak::clear_stack_below;
use crate::machine::Kernel;
use crate::process::pipe::pipe;
use crate::process::table::{self, Known};
use crate::process::{Group, Process, fate, null};
use crate::task::{self, SpawnError, shortage};
use crate::tty::foreground;

/// What Ctrl-C ends a line with.
const INTERRUPTED: i32 = 130;

impl Shell {
    /// Does what `line` says. Nothing of it is done when it is not understood.
    ///
    /// What earlier lines have left on the stack is cleared, so that no word of this line's frames is an
    /// address of theirs: the shell waits in these frames while its commands search for leaks.
    pub(super) fn line(&mut self, line: &str) -> Result<(), SyntaxError> {
        // What was typed with the last memory is done, if that can be done.
        shortage::take();
        clear_stack_below();
        self.obey(line)
    }

    #[inline(never)]
    fn obey(&mut self, line: &str) -> Result<(), SyntaxError> {
        for list in &parse(line)? {
            if list.background {
                self.in_background(list);
            } else {
                self.list(list);
            }
            if self.exit.is_some() {
                break;
            }
            if foreground::was_interrupted() {
                self.status = INTERRUPTED;
                break;
            }
        }
        if !self.is_interactive {
            self.jobs.reap();
        }
        Ok(())
    }

    fn list(&mut self, list: &List) {
        for (when, pipeline) in &list.pipelines {
            let its_turn = match when {
                When::Always => true,
                When::Success => self.status == 0,
                When::Failure => self.status != 0,
            };
            if its_turn {
                let began = Kernel::cycles();
                clear_stack_below();
                self.status = self.pipeline(pipeline);
                if pipeline.timed {
                    self.took(Kernel::cycles() - began);
                }
            }
            if self.exit.is_some() || self.is_interrupted() {
                return;
            }
        }
    }

    /// Whether what this shell runs is to come to its end: Ctrl-C came, or the job that it is was signalled.
    fn is_interrupted(&self) -> bool {
        self.group.as_ref().map_or_else(foreground::was_interrupted, |group| group.was_signalled())
    }

    fn took(&self, cycles: u64) {
        let hz = machine().boot.tsc_hz.max(1);
        let ms = (u128::from(cycles) * 1000 / u128::from(hz)) as u64;
        let text = alloc::format!("real\t{}m{}.{:03}s\n", ms / 60_000, ms / 1000 % 60, ms % 1000);
        screen::write(text.as_bytes());
    }

    /// Runs a pipeline to its end; what it ended with.
    #[inline(never)]
    fn pipeline(&mut self, pipeline: &Pipeline) -> i32 {
        if let [only] = &pipeline.commands[..] {
            let stage = Stage::new(only, self);
            if commands::is_builtin(stage.name()) {
                return self.builtin(&stage);
            }
        }
        let stdin = self.files[0].clone().unwrap_or_else(null::open);
        let group = self.group.clone().unwrap_or_default();
        // Before any task in it runs, and reads what is typed.
        let before = self.to_foreground(Some(Arc::clone(&group)));
        let mut running = self.start(pipeline, stdin, group, self.is_background);
        let status = running.wait();
        self.to_foreground(before);
        tell(status);
        status
    }

    /// A shell in the background leaves the foreground to others.
    pub(super) fn to_foreground(&self, group: Option<Arc<Group>>) -> Option<Arc<Group>> {
        if self.is_background { None } else { foreground::set(group) }
    }

    /// Starts the commands of a pipeline in `group`, each reading what the one before it writes. When memory
    /// is gone the shell has enough of the reserve to see one line to its end, but none for what `stays`
    /// beside the next ones.
    fn start(&self, pipeline: &Pipeline, stdin: Arc<File>, group: Arc<Group>, stays: bool) -> Running {
        let mut running = Running::of(group);
        let mut input = Some(stdin);
        for (index, simple) in pipeline.commands.iter().enumerate() {
            let is_last = index + 1 == pipeline.commands.len();
            let (next, output) = if is_last {
                (None, self.files[1].clone())
            } else {
                let (reader, writer) = pipe();
                (Some(reader), Some(writer))
            };
            let files = vec![input.take(), output, self.files[2].clone()];
            input = next;
            let stage = Stage::new(simple, self);
            let process = stage.process(self, files);
            let shell = self.fork(Vec::new());
            let started = match stays && shortage::is_noted() {
                true => Err(SpawnError::NoMemory),
                false => stage.start(&process, shell, &running.group),
            };
            let started = started.map_err(|error| cannot_start(&process, error));
            running.add(started);
        }
        running
    }

    fn in_background(&mut self, list: &List) {
        shortage::take();
        let text = list.text.to_string();
        self.jobs.make_room();
        let running = match &list.pipelines[..] {
            [(_, only)] if !only.timed => self.start(only, null::open(), Arc::default(), true),
            _ => self.start_list(list),
        };
        let Some(last) = running.last() else {
            self.status = CANNOT_RUN;
            return;
        };
        self.background = last.0;
        self.status = 0;
        let number = self.jobs.add(text, running);
        if self.is_interactive {
            screen::write(alloc::format!("[{number}] {}\n", last.0).as_bytes());
        }
    }

    /// A shell of its own for a list of several pipelines.
    fn start_list(&self, list: &List) -> Running {
        let mut running = Running::default();
        let files = vec![Some(null::open()), self.files[1].clone(), self.files[2].clone()];
        let process = Arc::new(Process::new("shell", self.credentials, &self.directory, files.clone()));
        let mut shell = self.fork(files);
        shell.is_background = true;
        shell.group = Some(Arc::clone(&running.group));
        let known = Known {
            command: list.text.to_string(),
            uid: self.credentials.uid,
            group: Arc::clone(&running.group),
            process: Arc::clone(&process),
        };
        let list = list.clone();
        let body = move || {
            let _entry = table::entry();
            shell.list(&list);
            shell.exit.unwrap_or(shell.status) & 255
        };
        let started = match shortage::is_noted() {
            true => Err(SpawnError::NoMemory),
            false => table::start(known, || task::spawn_anywhere("shell", body)),
        };
        let started = started.map_err(|error| cannot_start(&process, error));
        running.add(started);
        running
    }
}

/// Tells the user how a command ended, where there is something to tell.
pub(super) fn tell(status: i32) {
    if let Some(words) = fate::words(status) {
        screen::fresh_line();
        screen::write(alloc::format!("{words}\n").as_bytes());
    }
}

/// Says why a command was not started; what it ends with.
pub(super) fn cannot_start(process: &Process, error: SpawnError) -> i32 {
    let why = match error {
        SpawnError::TooMany => "there are as many tasks as there can be",
        SpawnError::NoMemory => "there is not enough memory",
        SpawnError::NoSuchCpu => "its CPU is not there",
    };
    process.say(format_args!("cannot be started: {why}"));
    process.close_all();
    CANNOT_RUN
}
