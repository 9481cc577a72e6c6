//! The machine, as the interpreter of scripts has it.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::event::Class;
use kcore::machine::Cpu;
use kcore::shell::tree::{Command, List};
use kcore::shell::{Call, Goal, Names, State, System};
use kcore::sync::Completion;

use super::execute::tell;
use super::stage::Stage;
use super::state::{Shell, machine};
use crate::console::screen;
use crate::machine::Kernel;
use crate::process::null;
use crate::tty::foreground;

impl System for Shell {
    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    fn run(&mut self, call: Call) -> i32 {
        self.call(call)
    }

    fn pipe(&mut self, commands: &[Command]) -> i32 {
        let stdin = Some(self.files[0].clone().unwrap_or_else(null::open));
        self.in_foreground(|shell, group| shell.start(commands, stdin, group, shell.is_background))
    }

    fn subshell(&mut self, lists: &[List]) -> i32 {
        let shell = self.fork(self.files.clone());
        self.apart(shell, lists)
    }

    fn background(&mut self, list: &List) -> i32 {
        self.in_background(list)
    }

    fn output(&mut self, lists: &[List]) -> (String, i32) {
        self.read_from(lists)
    }

    /// It is another task that opens the files, and closes them: it calls the drivers.
    fn lead(&mut self, to: Vec<(usize, Goal)>, body: &mut dyn FnMut(&mut Self) -> i32) -> Result<i32, i32> {
        let stage = Stage::from(Call { words: Vec::new(), redirections: to });
        let group = self.group.clone().unwrap_or_default();
        let holder = stage.process(self, self.files.clone());
        let is_over = Arc::new(Completion::<Kernel>::new(Class::EVENT));
        let before = self.to_foreground(Some(Arc::clone(&group)));
        let opened = self.open_with(&stage, &holder, &group, {
            let is_over = Arc::clone(&is_over);
            move |_| is_over.wait()
        });
        self.to_foreground(before);
        let mut running = opened.inspect_err(|status| tell(*status))?;
        let files = core::mem::replace(&mut self.files, holder.files());
        let is_led = core::mem::replace(&mut self.is_led, true);
        let status = body(self);
        self.files = files;
        self.is_led = is_led;
        is_over.complete_all();
        tell(running.wait());
        Ok(status)
    }

    fn time(&mut self, body: &mut dyn FnMut(&mut Self) -> i32) -> i32 {
        let began = Kernel::cycles();
        let status = body(self);
        let hz = machine().boot.tsc_hz.max(1);
        let ms = (u128::from(Kernel::cycles() - began) * 1000 / u128::from(hz)) as u64;
        let text = alloc::format!("real\t{}m{}.{:03}s\n", ms / 60_000, ms / 1000 % 60, ms % 1000);
        screen::write(text.as_bytes());
        status
    }

    fn directory(&self, path: &str) -> Vec<String> {
        self.names().directory(path)
    }

    fn complain(&mut self, what: &str) {
        self.say(format_args!("{what}"));
    }

    /// Ctrl-C came, or the job that it is was signalled.
    fn is_interrupted(&self) -> bool {
        self.group.as_ref().map_or_else(foreground::was_interrupted, |group| group.was_signalled())
    }
}
