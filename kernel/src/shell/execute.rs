//! Scripts, pipelines, and shells of their own for parts of them.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::shell::interpret;
use kcore::shell::tree::{Command, List};
use kcore::shell::{Call, SyntaxError, parse};

use super::commands;
use super::running::Running;
use super::stage::{CANNOT_RUN, Stage};
use super::state::Shell;
use crate::console::screen;
use crate::fs::File;
use crate::kmemleak::clear_stack_below;
use crate::process::pipe::pipe;
use crate::process::process::Files;
use crate::process::table::{self, Known};
use crate::process::{Group, Process, fate, null};
use crate::task::spawn::least_busy_cpu;
use crate::task::{self, SpawnError, shortage};
use crate::tty::foreground;

/// What Ctrl-C ends a line with.
const INTERRUPTED: i32 = 130;
/// The command that runs a script, which is in a file.
const SCRIPT: &str = "sh";
/// Bytes of a read.
const BUFFER: usize = 512;

impl Shell {
    /// Does what `text` says. Nothing of it is done when it is not understood.
    pub(super) fn line(&mut self, text: &str) -> Result<(), SyntaxError> {
        let lists = parse(text)?;
        self.obey(&lists);
        Ok(())
    }

    /// Does what lists say, line by line.
    ///
    /// What earlier lines have left on the stack is cleared, so that no word of this line's frames is an
    /// address of theirs: the shell waits in these frames while its commands search for leaks.
    pub(super) fn obey(&mut self, lists: &[List]) {
        for line in lists.chunk_by(|one, next| one.line == next.line) {
            // What was typed with the last memory is done, if that can be done.
            shortage::take();
            clear_stack_below();
            self.obey_line(line);
            if self.group.is_none() && foreground::was_interrupted() && self.state.exit.is_none() {
                self.state.status = INTERRUPTED;
                break;
            }
            if !self.state.is_interactive {
                self.jobs.reap();
            }
            if self.state.exit.is_some() {
                break;
            }
        }
    }

    #[inline(never)]
    fn obey_line(&mut self, lists: &[List]) {
        interpret::lists(self, lists);
    }

    /// Runs a command of one task to its end, or a builtin.
    pub(super) fn call(&mut self, call: Call) -> i32 {
        clear_stack_below();
        let stage = Stage::from(scripted(call));
        match commands::is_builtin(stage.name()) {
            _ if self.stays_in_task => stage.run_here(self),
            true => self.builtin(&stage),
            false => self.in_foreground(|shell, group| {
                let process = stage.process(shell, shell.files.clone());
                let started = stage.start(&process, shell.fork(Vec::new()), &group);
                let mut running = Running::of(group);
                running.add(started.map_err(|error| cannot_start(&process, error)));
                running
            }),
        }
    }

    /// Waits for what `start` starts in a group that has the foreground; what that ended with.
    pub(super) fn in_foreground(&mut self, start: impl FnOnce(&mut Self, Arc<Group>) -> Running) -> i32 {
        let group = self.group.clone().unwrap_or_default();
        // Before any task in it runs, and reads what is typed.
        let before = self.to_foreground(Some(Arc::clone(&group)));
        let mut running = start(self, group);
        let status = running.wait();
        self.to_foreground(before);
        if !running.is_shell() {
            tell(status);
        }
        status
    }

    /// A shell in the background leaves the foreground to others.
    pub(super) fn to_foreground(&self, group: Option<Arc<Group>>) -> Option<Arc<Group>> {
        if self.is_background { None } else { foreground::set(group) }
    }

    /// Its files, but for the input and the output.
    fn files_with(&self, input: Option<Arc<File>>, output: Option<Arc<File>>) -> Files {
        let mut files = self.files.clone();
        files[0] = input;
        files[1] = output;
        files
    }

    /// Starts the commands of a pipeline in `group`, each reading what the one before it writes. When memory
    /// is gone the shell has enough of the reserve to see one line to its end, but none for what `stays`
    /// beside the next ones.
    pub(super) fn start(
        &self,
        commands: &[Command],
        stdin: Option<Arc<File>>,
        group: Arc<Group>,
        stays: bool,
    ) -> Running {
        let mut running = Running::of(group);
        let mut input = stdin;
        for (index, command) in commands.iter().enumerate() {
            let is_last = index + 1 == commands.len();
            let (next, output) = if is_last {
                (None, self.files[1].clone())
            } else {
                let (reader, writer) = pipe();
                (Some(reader), Some(writer))
            };
            let files = self.files_with(input.take(), output);
            input = next;
            let mut shell = self.fork(Vec::new());
            let call = interpret::call(&mut shell, command).map(scripted);
            match call.filter(|call| call.words[0] != SCRIPT) {
                Some(call) => {
                    let stage = Stage::from(call);
                    let process = stage.process(self, files);
                    let started = match stays && shortage::is_noted() {
                        true => Err(SpawnError::NoMemory),
                        false => stage.start(&process, shell, &running.group),
                    };
                    running.add(started.map_err(|error| cannot_start(&process, error)));
                }
                None => {
                    let command = command.clone();
                    let shell = self.fork(files);
                    let text = "shell".to_string();
                    shell.begin(text, &mut running, stays, move |shell| interpret::command(shell, &command));
                }
            }
        }
        running
    }

    /// Has this shell, in a task of its own, do some `work`.
    pub(super) fn begin(
        mut self,
        text: String,
        running: &mut Running,
        stays: bool,
        work: impl FnOnce(&mut Shell) -> i32 + Send + 'static,
    ) {
        let process = Process::new("shell", self.credentials, &self.directory, self.files.clone());
        let process = Arc::new(process);
        self.is_background = true;
        self.group = Some(Arc::clone(&running.group));
        let known = Known {
            command: text,
            uid: self.credentials.uid,
            group: Arc::clone(&running.group),
            process: Arc::clone(&process),
        };
        let body = move || {
            let _entry = table::entry();
            let status = work(&mut self);
            self.state.exit.unwrap_or(status) & 255
        };
        let started = match stays && shortage::is_noted() {
            true => Err(SpawnError::NoMemory),
            false => table::start(known, || task::spawn_mortal("shell", least_busy_cpu(), body)),
        };
        running.add_shell(started.map_err(|error| cannot_start(&process, error)));
    }

    /// Runs lists in a shell like this one; what that ends with.
    pub(super) fn apart(&mut self, shell: Shell, lists: &[List]) -> i32 {
        let lists = lists.to_vec();
        self.in_foreground(|_, group| {
            let mut running = Running::of(group);
            let work = move |shell: &mut Shell| {
                shell.obey(&lists);
                shell.state.status
            };
            shell.begin("shell".to_string(), &mut running, false, work);
            running
        })
    }

    /// What lists put out in a shell like this one, and what that ends with.
    pub(super) fn read_from(&mut self, lists: &[List]) -> (String, i32) {
        let (reader, writer) = pipe();
        let shell = self.fork(self.files_with(self.files[0].clone(), Some(writer)));
        let lists = lists.to_vec();
        let mut text = Vec::new();
        let status = self.in_foreground(|_, group| {
            let mut running = Running::of(group);
            let work = move |shell: &mut Shell| interpret::lists(shell, &lists);
            shell.begin("shell".to_string(), &mut running, false, work);
            let mut buffer = [0; BUFFER];
            // A signal is for all of the group: they come to their end.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                text.extend(buffer[..count].iter().filter(|byte| **byte != 0));
            }
            drop(reader);
            running
        });
        (String::from_utf8_lossy(&text).into_owned(), status)
    }

    pub(super) fn in_background(&mut self, list: &List) -> i32 {
        shortage::take();
        self.jobs.make_room();
        let running = match &list.pipelines[..] {
            [(_, only)] if !only.timed && !only.negated => {
                self.start(&only.commands, Some(null::open()), Arc::default(), true)
            }
            _ => {
                let mut running = Running::default();
                let shell = self.fork(self.files_with(Some(null::open()), self.files[1].clone()));
                let work = list.clone();
                shell.begin(list.text.clone(), &mut running, true, move |shell| {
                    interpret::and_or(shell, &work)
                });
                running
            }
        };
        let Some(last) = running.last() else { return CANNOT_RUN };
        self.state.background = last.0;
        let number = self.jobs.add(list.text.clone(), running);
        if self.state.is_interactive {
            screen::write(alloc::format!("[{number}] {}\n", last.0).as_bytes());
        }
        0
    }
}

/// A command with a slash in its name is a script.
fn scripted(mut call: Call) -> Call {
    if call.words.first().is_some_and(|name| name.contains('/')) {
        call.words.insert(0, SCRIPT.to_string());
    }
    call
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
