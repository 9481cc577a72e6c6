//! A system for scripts without a machine: files in memory, a few commands, and pipes that are filled before
//! they are read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use kcore::dev::OpenFlags;
use kcore::shell::interpret::{self, Call, Goal, MISTAKE, System};
use kcore::shell::tree::{Command, List};
use kcore::shell::{State, builtin, parse, test};

type Bytes = Rc<RefCell<Vec<u8>>>;

/// An open file: where it is read or written next. What is written to one without a position goes to its end.
#[derive(Clone)]
struct File {
    bytes: Bytes,
    position: Option<Rc<Cell<usize>>>,
}

impl File {
    fn new(bytes: Bytes) -> Self {
        File { bytes, position: Some(Rc::new(Cell::new(0))) }
    }

    fn write(&self, text: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        let at = self
            .position
            .as_ref()
            .map_or(bytes.len(), |position| position.replace(position.get() + text.len()));
        let end = (at + text.len()).max(bytes.len());
        bytes.resize(end, 0);
        bytes[at..at + text.len()].copy_from_slice(text);
    }

    fn byte(&self) -> Option<u8> {
        let position = self.position.as_ref()?;
        let byte = self.bytes.borrow().get(position.get()).copied();
        position.set(position.get() + usize::from(byte.is_some()));
        byte
    }

    fn rest(&self) -> Vec<u8> {
        std::iter::from_fn(|| self.byte()).collect()
    }
}

/// A shell on that system.
#[derive(Clone)]
pub(crate) struct Model {
    state: State,
    files: Vec<Option<File>>,
    disk: Rc<RefCell<BTreeMap<String, Bytes>>>,
    /// How many commands it may still run.
    left: Rc<Cell<usize>>,
}

/// What a script has put out, what it complained of, and what it ended with.
pub(crate) struct Ended {
    pub(crate) output: String,
    pub(crate) complaints: String,
    pub(crate) status: i32,
}

/// Runs `script` with `arguments` beside some files.
pub(crate) fn run(script: &str, arguments: &[&str], disk: &[(&str, &str)]) -> Ended {
    let bytes = |text: &str| Rc::new(RefCell::new(text.as_bytes().to_vec()));
    let (output, complaints) = (bytes(""), bytes(""));
    let appended = |bytes: &Bytes| Some(File { bytes: bytes.clone(), position: None });
    let mut model = Model {
        state: State::default().started("script", arguments),
        files: vec![Some(File::new(bytes(""))), appended(&output), appended(&complaints)],
        disk: Rc::new(RefCell::new(
            disk.iter().map(|(name, text)| (name.to_string(), bytes(text))).collect(),
        )),
        left: Rc::new(Cell::new(10_000)),
    };
    model.files.resize(10, None);
    let status = match parse(script) {
        Ok(lists) => {
            interpret::lists(&mut model, &lists);
            model.state.exit.unwrap_or(model.state.status)
        }
        Err(error) => {
            model.complain(&format!("line {}: {error}", error.line));
            MISTAKE
        }
    };
    let text = |bytes: Bytes| String::from_utf8(bytes.borrow().clone()).unwrap();
    Ended { output: text(output), complaints: text(complaints), status }
}

impl Model {
    fn print(&self, text: &str) -> i32 {
        match &self.files[1] {
            Some(file) => file.write(text.as_bytes()),
            None => return 1,
        }
        0
    }

    /// Leads descriptors, or tells which file is not there.
    fn redirect(&mut self, to: &[(usize, Goal)]) -> Result<(), i32> {
        for (descriptor, goal) in to {
            self.files[*descriptor] = match goal {
                Goal::Nowhere => None,
                Goal::Same(other) => Some(self.files[*other].clone().ok_or(1)?),
                Goal::File(path, flags) => Some(self.open(path, *flags).ok_or(1)?),
            };
        }
        Ok(())
    }

    fn open(&mut self, path: &str, flags: OpenFlags) -> Option<File> {
        if path == "/dev/null" {
            return Some(File::new(Bytes::default()));
        }
        if path.is_empty() || path.contains('/') && !self.disk.borrow().contains_key(path) {
            return None;
        }
        let mut disk = self.disk.borrow_mut();
        if flags.contains(OpenFlags::WRITE) {
            disk.entry(path.into()).or_default();
        }
        let file = File::new(disk.get(path)?.clone());
        if flags.contains(OpenFlags::TRUNCATE) {
            file.bytes.borrow_mut().clear();
        }
        Some(if flags.contains(OpenFlags::APPEND) { File { position: None, ..file } } else { file })
    }

    fn builtin(&mut self, name: &str, arguments: &[&str]) -> Option<i32> {
        let state = &mut self.state;
        let ended = match name {
            ":" | "true" | "wait" => Ok(0),
            "false" => Ok(1),
            "break" => builtin::leave_loops(state, arguments, false),
            "continue" => builtin::leave_loops(state, arguments, true),
            "exit" => builtin::exit(state, arguments),
            "export" => builtin::export(state, arguments),
            "set" => builtin::set(state, arguments),
            "shift" => builtin::shift(state, arguments),
            "unset" => builtin::unset(state, arguments),
            "read" => {
                let mut line = Vec::new();
                let input = self.files[0].clone();
                let is_whole = loop {
                    match input.as_ref().and_then(File::byte) {
                        None => break false,
                        Some(b'\n') => break true,
                        Some(byte) => line.push(byte),
                    }
                };
                let read = builtin::read(&mut self.state, arguments, &String::from_utf8_lossy(&line));
                read.map(|_| i32::from(!is_whole))
            }
            "test" | "[" => {
                let disk = self.disk.borrow();
                let file = |letter, path: &str| "efr".contains(letter) && disk.contains_key(path);
                let words = if name == "[" {
                    arguments.split_last().map_or(&[][..], |(_, rest)| rest)
                } else {
                    arguments
                };
                test::holds(words, &file).map(|holds| i32::from(!holds))
            }
            _ => return None,
        };
        Some(ended.unwrap_or_else(|why| {
            self.complain(&format!("{name}: {why}"));
            MISTAKE
        }))
    }

    fn command(&mut self, words: &[String]) -> i32 {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let Some((name, arguments)) = words.split_first() else { return 0 };
        if let Some(status) = self.builtin(name, arguments) {
            return status;
        }
        match *name {
            "echo" => self.print(&(arguments.join(" ") + "\n")),
            "printf" => {
                assert_eq!(arguments[0], "<%s>\\n", "the only format of this model");
                let words = if arguments.len() == 1 { &[""] } else { &arguments[1..] };
                self.print(&words.iter().map(|word| format!("<{word}>\n")).collect::<String>())
            }
            "cat" => {
                let mut status = 0;
                let read = |model: &mut Self, path: &str| match path {
                    "-" => model.files[0].clone(),
                    path => model.open(path, OpenFlags::READ),
                };
                for path in if arguments.is_empty() { &["-"] } else { arguments } {
                    match read(self, path) {
                        Some(file) => status |= self.print(&String::from_utf8_lossy(&file.rest())),
                        None => status = 1,
                    }
                }
                status
            }
            _ => {
                self.complain(&format!("{name}: not found"));
                127
            }
        }
    }

    /// A shell of its own that does `work`.
    fn fork(&self, work: impl FnOnce(&mut Self) -> i32) -> i32 {
        let mut shell = self.clone();
        let status = work(&mut shell);
        shell.state.exit.unwrap_or(status)
    }
}

impl System for Model {
    fn state(&mut self) -> &mut State {
        &mut self.state
    }

    fn run(&mut self, call: Call) -> i32 {
        self.left.set(self.left.get().checked_sub(1).expect("the script ends"));
        let before = self.files.clone();
        let redirected = self.redirect(&call.redirections);
        let status = redirected.map_or_else(|status| status, |()| self.command(&call.words));
        self.files = before;
        status
    }

    fn pipe(&mut self, commands: &[Command]) -> i32 {
        let mut input = self.files[0].clone();
        let mut status = 0;
        for (index, command) in commands.iter().enumerate() {
            let mut shell = self.clone();
            shell.files[0] = input.take();
            let next = Bytes::default();
            if index + 1 < commands.len() {
                shell.files[1] = Some(File { bytes: next.clone(), position: None });
            }
            status = shell.fork(|shell| interpret::command(shell, command));
            input = Some(File::new(next));
        }
        status
    }

    fn subshell(&mut self, lists: &[List]) -> i32 {
        self.fork(|shell| interpret::lists(shell, lists))
    }

    fn background(&mut self, list: &List) -> i32 {
        let mut shell = self.clone();
        shell.files[0] = None;
        shell.fork(|shell| interpret::and_or(shell, list));
        0
    }

    fn output(&mut self, lists: &[List]) -> (String, i32) {
        let mut shell = self.clone();
        let output = Bytes::default();
        shell.files[1] = Some(File { bytes: output.clone(), position: None });
        let status = shell.fork(|shell| interpret::lists(shell, lists));
        let output = output.borrow();
        (String::from_utf8_lossy(&output).into_owned(), status)
    }

    fn lead(&mut self, to: Vec<(usize, Goal)>, body: &mut dyn FnMut(&mut Self) -> i32) -> Result<i32, i32> {
        let before = self.files.clone();
        let ended = self.redirect(&to).map(|()| body(self));
        self.files = before;
        ended
    }

    fn time(&mut self, body: &mut dyn FnMut(&mut Self) -> i32) -> i32 {
        body(self)
    }

    fn directory(&self, path: &str) -> Vec<String> {
        let disk = self.disk.borrow();
        let below = disk.keys().filter_map(|name| name.strip_prefix(path));
        let mut names: Vec<String> =
            below.map(|rest| rest.split_inclusive('/').next().unwrap_or_default().to_string()).collect();
        names.dedup();
        names
    }

    fn complain(&mut self, what: &str) {
        if let Some(file) = &self.files[2] {
            file.write(format!("{what}\n").as_bytes());
        }
    }

    fn is_interrupted(&self) -> bool {
        false
    }
}
