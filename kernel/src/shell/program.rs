//! The program `shell`, and a shell for tests.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::counted::Counted;
use kcore::report::{Boot, Record, Summary};
use kcore::settings::MachineSettings;
use kcore::shell::edit::Event;
use kcore::shell::edit::editor::LONGEST_LINE;
use kcore::shell::width::QUESTION;
use kcore::shell::{SyntaxError, parse};
use spin::Once;

use crate::arch::exit::Exit;
use crate::arch::fw_cfg;
use crate::boot_chart::{self, phase};
use crate::console::{com2, screen};
use crate::kmemleak::{self, clear_stack_below};
use crate::observe::{participant, run};
use crate::oops::slept;
use crate::tty::{self, foreground, input};
use crate::{dev, frames};

use super::state::{self, Shell};

/// The file of the machine that is a script.
const SCRIPT: &str = "opt/org.scullery/script";
/// The file of the machine that has the script's name and its arguments, with a zero after each.
const ARGUMENTS: &str = "opt/org.scullery/arguments";
/// What a mistake in a line ends with (as in most shells).
pub(super) const MISUSE: i32 = 2;

/// Runs the machine's script if it has one, else what is typed, and ends with the status of the last command:
/// 0 for 0, and what a mistake ends with for what a mistake ends with. The contract has one more status for
/// all others.
///
/// The prompt stands before the machine is whole: `rest` starts its other CPUs, of `listed` in all, while
/// people read. What they type meanwhile is kept.
pub fn main(settings: &'static MachineSettings, listed: u32, rest: impl FnOnce() -> &'static Boot) -> Exit {
    let script = fw_cfg::read_all(SCRIPT);
    let mut shell = Shell::new(settings, script.is_none());
    if script.is_none() {
        greet(listed);
        shell.draw_prompt("");
        phase("prompt");
    }
    let boot = rest();
    clear_stack_below();
    prepare(settings, boot);
    clear_stack_below();
    match script {
        Some(script) => shell.script(&String::from_utf8_lossy(&script)),
        None => shell.interact(),
    }
    let status = shell.state.exit.unwrap_or(shell.state.status);
    let ok = status == 0;
    com2::record(&Record::Summary(Summary { passed: u32::from(ok), failed: u32::from(!ok) }));
    match status {
        0 => Exit::Success,
        MISUSE => Exit::Usage,
        _ => Exit::Unexpected,
    }
}

/// What a shell needs of the machine, before any job runs.
pub(super) fn prepare(settings: &'static MachineSettings, boot: &'static Boot) {
    state::set_machine(settings, boot);
    // So that a job that dies with a driver's lock in its hand dies alone.
    run::follow_locks(true);
    participant::SLEPT.set(slept::say);
    kmemleak::enable();
    for number in [dev::CONSOLE, dev::TTY] {
        dev::attach(number, Arc::new(tty::file::Device)).expect("nobody else is the terminal");
    }
}

impl Shell {
    #[inline(never)]
    fn script(&mut self, script: &str) {
        foreground::signals();
        let mut told = fw_cfg::read_all(ARGUMENTS).unwrap_or_default();
        // The name, and what follows it.
        told.pop_if(|byte| *byte == 0);
        let told = String::from_utf8_lossy(&told);
        if let [name, arguments @ ..] = &told.split('\0').collect::<Vec<_>>()[..]
            && !name.is_empty()
        {
            self.state = self.state.started(name, arguments);
        }
        if let Err(error) = self.line(script) {
            self.say(format_args!("script, line {}: {error}", error.line));
            self.state.status = MISUSE;
        }
    }

    #[inline(never)]
    fn interact(&mut self) {
        // Lines that are no script yet.
        let mut begun = String::new();
        while self.state.exit.is_none() {
            match self.read_line() {
                Event::Line(line) => {
                    foreground::signals();
                    begun.push_str(&line);
                    match self.line(&begun) {
                        Err(error) if error.is_unfinished => begun.push('\n'),
                        ended => self.after_line(&mut begun, ended),
                    }
                }
                Event::TooLong => {
                    begun.clear();
                    self.say(format_args!(
                        "the line is longer than {LONGEST_LINE} characters: none of it is done"
                    ));
                    self.state.status = MISUSE;
                }
                Event::GivenUp => {
                    begun.clear();
                    self.state.status = 130;
                }
                Event::End | Event::Pending if !begun.is_empty() => {
                    screen::write(b"\n");
                    let ended = parse(&begun).map(drop);
                    self.after_line(&mut begun, ended);
                }
                Event::End | Event::Pending => {
                    screen::write(b"exit\n");
                    self.state.exit = Some(self.state.status);
                }
            }
            if self.state.exit.is_none() {
                if begun.is_empty() {
                    self.jobs.announce();
                }
                self.draw_prompt(&begun);
            }
        }
    }

    /// What was typed is done, or wrong.
    fn after_line(&mut self, begun: &mut String, ended: Result<(), SyntaxError>) {
        begun.clear();
        if let Err(error) = ended {
            self.say(format_args!("{error}"));
            self.state.status = MISUSE;
        }
    }

    /// Begins a line, which goes on with what was `begun`: from now on every key is the editor's.
    fn draw_prompt(&mut self, begun: &str) {
        let prompt = match self.credentials.euid {
            _ if !begun.is_empty() => "> ",
            0 => "scullery# ",
            _ => "scullery$ ",
        };
        foreground::raw();
        screen::fresh_line();
        let mut begin = String::new();
        if self.asks_for_width {
            input::asks_for_width();
            begin.push_str(QUESTION);
        }
        begin.push_str(&self.editor.begin(prompt));
        screen::edit(&begin, self.editor.drawn());
    }

    /// Has a line typed and edited behind the prompt.
    fn read_line(&mut self) -> Event {
        // The editor asks for names while it is at work.
        let names = self.names();
        loop {
            let mut out = String::new();
            let byte = input::read_byte();
            input::columns().into_iter().for_each(|columns| self.editor.set_columns(columns, &mut out));
            let event = match byte {
                Some(byte) => self.editor.push(byte, &names, &mut out),
                None => self.editor.end(&mut out),
            };
            let row = if event == Event::Pending { self.editor.drawn() } else { String::new() };
            screen::edit(&out, row);
            if event != Event::Pending {
                return event;
            }
        }
    }
}

fn greet(cpus: u32) {
    let memory: u64 = frames::memory().iter().map(|range| range.end - range.start).sum();
    let text = alloc::format!(
        "{}, {} MiB, up in {} ms.\n\
         help: the commands; list: the experiments; insmod: the modules.\n\
         Tab completes, arrows edit and recall, Ctrl-C interrupts, Ctrl-D ends.\n\n",
        Counted(cpus.into(), "CPU"),
        memory >> 20,
        boot_chart::milliseconds(),
    );
    screen::write(text.as_bytes());
}

static IS_PREPARED: Once = Once::new();

/// It obeys lines; what they put out goes to the terminal.
pub(crate) struct Rehearsal(Shell);

impl Rehearsal {
    /// A shell on this machine.
    pub(crate) fn new(settings: &'static MachineSettings, boot: &'static Boot) -> Self {
        IS_PREPARED.call_once(|| prepare(settings, boot));
        foreground::signals();
        Rehearsal(Shell::new(settings, false))
    }

    /// Does what `line` says; `$?` afterwards.
    pub(crate) fn obey(&mut self, line: &str) -> i32 {
        let status = self.0.line(line).map(|()| self.0.state.status);
        status.unwrap_or(MISUSE)
    }
}
