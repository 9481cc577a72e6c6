//! What a shell knows.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::Credentials;
use kcore::report::Boot;
use kcore::settings::{Input, MachineSettings};
use kcore::shell::State;
use kcore::shell::edit::Editor;
use kcore::shell::edit::editor::UNKNOWN_WIDTH;
use spin::Once;

use super::jobs::Jobs;
use crate::process::Group;
use crate::process::process::{Files, Process};
use crate::{task, tty};

/// The machine that a shell runs on: what it was told, and how it came up.
pub(super) struct Machine {
    /// Its command line.
    pub(super) settings: &'static MachineSettings,
    /// Its boot.
    pub(super) boot: &'static Boot,
}

static MACHINE: Once<Machine> = Once::new();

/// Says what the machine is, before any command runs.
pub(super) fn set_machine(settings: &'static MachineSettings, boot: &'static Boot) {
    MACHINE.call_once(|| Machine { settings, boot });
}

/// The machine.
pub(super) fn machine() -> &'static Machine {
    MACHINE.get().expect("the shell's program says it before there is a shell")
}

/// A shell: the one at the prompt, or one that runs a list in the background.
pub(super) struct Shell {
    pub(super) credentials: Credentials,
    /// Whose the shell was before `su`, the latest last.
    pub(super) before: Vec<Credentials>,
    pub(super) directory: String,
    /// Its own input, output and complaints, and what else it was led to.
    pub(super) files: Files,
    /// They may be a driver's, which no task calls that cannot die alone.
    pub(super) is_led: bool,
    /// The state of its script.
    pub(super) state: State,
    pub(super) jobs: Jobs,
    pub(super) editor: Editor,
    /// A terminal that has a width is asked for it, as it may be another by then.
    pub(super) asks_for_width: bool,
    /// It does what it is told in the running task.
    pub(super) stays_in_task: bool,
    /// The foreground is another shell's business.
    pub(super) is_background: bool,
    /// The group of all that it starts; each pipeline has its own when this is none.
    pub(super) group: Option<Arc<Group>>,
}

impl Shell {
    /// The superuser's shell at the terminal of a machine.
    pub(super) fn new(settings: &MachineSettings, is_interactive: bool) -> Self {
        let columns = settings.columns.map_or(UNKNOWN_WIDTH, |columns| columns as usize);
        let terminal = tty::file::open();
        let mut state = State::default().started("shell", &[]);
        state.number = task::current().0;
        state.is_interactive = is_interactive;
        Shell {
            credentials: Credentials::ROOT,
            before: Vec::new(),
            directory: "/".to_string(),
            files: [0; 3].map(|_| Some(terminal.clone())).to_vec(),
            is_led: false,
            state,
            jobs: Jobs::default(),
            editor: Editor::new(columns),
            asks_for_width: settings.columns.is_some()
                && settings.input.is_none_or(|input| input == Input::Terminal),
            stays_in_task: false,
            is_background: false,
            group: None,
        }
    }

    /// A shell like this one, that has its own life: what a list in the background, or a builtin in a
    /// pipeline, runs in.
    pub(super) fn fork(&self, files: Files) -> Self {
        let mut editor = Editor::new(UNKNOWN_WIDTH);
        editor.history().clone_from(self.editor.lines_before());
        let mut state = self.state.clone();
        state.is_interactive = false;
        Shell {
            credentials: self.credentials,
            before: self.before.clone(),
            directory: self.directory.clone(),
            files,
            is_led: self.is_led,
            state,
            jobs: self.jobs.seen(),
            editor,
            asks_for_width: false,
            stays_in_task: self.stays_in_task,
            is_background: self.is_background,
            group: None,
        }
    }

    /// Complains on the shell's own terminal.
    pub(super) fn say(&self, what: core::fmt::Arguments<'_>) {
        Process::new("shell", self.credentials, &self.directory, self.files.clone()).say(what);
    }
}
