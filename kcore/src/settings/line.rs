//! A whole command line.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::command::{COMMANDS, Command};
use super::key::{Key, Values, find, keys};
use super::table::{MachineSettings, RunSettings};
use super::usage::{Usage, parse_bytes};

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// What to do.
    pub command: Command,
    /// How.
    pub run: RunSettings,
    /// On what.
    pub machine: MachineSettings,
}

impl CommandLine {
    /// Reads a kernel command line: `run scull-leak lock=none probe="script=A.slot.load B.slot.load"`. Double
    /// quotes keep spaces. Without a command it is the tour.
    pub fn parse(line: &str) -> Result<CommandLine, Usage> {
        within_length(line.as_bytes())?;
        let (mut run, mut machine) = (RunSettings::default(), MachineSettings::default());
        let mut positional = Vec::new();
        for word in split(line)? {
            match word.split_once('=') {
                Some((key, value)) => {
                    let is_key = run.set(key, value)? || machine.set(key, value)?;
                    is_key.then_some(()).ok_or_else(|| Key::unknown(key, keys()))?;
                }
                None => positional.push(word),
            }
        }
        Ok(CommandLine { command: Command::parse(&positional)?, run, machine })
    }

    /// Refuses what the command has no use for, and what contradicts itself.
    pub fn check(&self) -> Result<(), Usage> {
        let who = self.command.word();
        match self.run.told().find(|(key, _)| !key.is_for(who)) {
            Some((Key { name, .. }, _)) if self.command == Command::Shell => Err(Usage::new(format!(
                "{name}= is for run; at the shell's prompt, say: run EXPERIMENT {name}=..."
            ))),
            Some((key, _)) => {
                let takers = COMMANDS.iter().copied().filter(|command| key.is_for(command));
                Err(Usage::useless(&format!("{}=", key.name), takers))
            }
            None => self.run.check(),
        }
    }
}

/// The heap that `line` asks for, in bytes. For a kernel that has no heap yet, in which to keep a parsed
/// line; what is wrong with the word, [`CommandLine::parse`] says later.
pub fn heap_bytes(line: &str) -> Option<u64> {
    let Values::Size { least, most } = find("heap")?.values else { return None };
    let word = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("heap="))?;
    parse_bytes(word).filter(|bytes| (least..=most).contains(bytes))
}

/// Most bytes of a command line. A longer one is refused, since what is left of it when it is cut is another
/// one.
pub const LONGEST_COMMAND_LINE: usize = 4096;

/// The text of a command line, of which the loader has left `bytes`: one byte more than may be is enough to
/// know.
pub fn text(bytes: &[u8]) -> Result<&str, Usage> {
    within_length(bytes)?;
    core::str::from_utf8(bytes).map_err(|_| Usage::new("the command line is not UTF-8"))
}

fn within_length(line: &[u8]) -> Result<(), Usage> {
    match line.len() <= LONGEST_COMMAND_LINE {
        true => Ok(()),
        false => Err(Usage::new(format!(
            "the command line is longer than {LONGEST_COMMAND_LINE} bytes: none of it is done"
        ))),
    }
}

/// Splits at spaces that are not within double quotes; the quotes are dropped.
fn split(line: &str) -> Result<Vec<String>, Usage> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_ascii_whitespace() && !quoted => {
                if !word.is_empty() {
                    words.push(core::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if quoted {
        return Err(Usage::new("the command line has an opening quote without a closing one"));
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}
