//! What a script has: variables, arguments, and where it is.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::word::is_name;

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    name: String,
    value: String,
    /// A script that is started has it, too.
    is_exported: bool,
}

/// A variable as it was before a command for which it had another value.
pub(super) struct Lent(String, Option<Variable>);

/// Loops that are to be left, and whether the last of them goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Skip {
    pub(super) loops: usize,
    pub(super) goes_on: bool,
}

/// The state of a script, or of the prompt.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// In no order.
    variables: Vec<Variable>,
    /// `$0`
    pub name: String,
    /// `$1`, `$2` and so on.
    pub arguments: Vec<String>,
    /// `$?`
    pub status: i32,
    /// `$!`; 0 when there was no job.
    pub background: u32,
    /// `$$`
    pub number: u32,
    /// It is to end, with this status.
    pub exit: Option<i32>,
    /// A user sits there: what would end a script ends a line.
    pub is_interactive: bool,
    /// `set -e`: a command that fails ends it.
    pub(super) ends_on_failure: bool,
    /// `set -u`: a parameter without a value is a mistake.
    pub(super) needs_values: bool,
    /// What fails is a condition, and ends nothing.
    pub(super) is_tested: bool,
    /// In how many loops it is.
    pub(super) loops: usize,
    pub(super) skip: Option<Skip>,
    /// What the last substitution of a command ended with.
    pub(super) substituted: Option<i32>,
}

impl State {
    fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }

    /// The value of a variable.
    pub fn value(&self, name: &str) -> Option<String> {
        self.variable(name).map(|variable| variable.value.clone())
    }

    /// Gives a variable a value.
    pub fn set(&mut self, name: &str, value: String) {
        let is_exported = self.variable(name).is_some_and(|variable| variable.is_exported);
        self.replace(name, value, is_exported);
    }

    /// Gives a variable a value; what it was.
    fn replace(&mut self, name: &str, value: String, is_exported: bool) -> Option<Variable> {
        let before = self.unset(name);
        self.variables.push(Variable { name: name.to_string(), value, is_exported });
        before
    }

    /// Scripts that are started from now on have this variable, too.
    pub(super) fn export(&mut self, name: &str) {
        let value = self.value(name).unwrap_or_default();
        self.replace(name, value, true);
    }

    /// Takes a variable away; what it was.
    pub(super) fn unset(&mut self, name: &str) -> Option<Variable> {
        let place = self.variables.iter().position(|variable| variable.name == name)?;
        Some(self.variables.swap_remove(place))
    }

    /// Gives a variable a value that scripts have which are started meanwhile; what is to be [put
    /// back](State::put_back) then.
    pub(super) fn lend(&mut self, name: &str, value: String) -> Lent {
        Lent(name.to_string(), self.replace(name, value, true))
    }

    /// A variable is again what it was.
    pub(super) fn put_back(&mut self, Lent(name, before): Lent) {
        self.unset(&name);
        self.variables.extend(before);
    }

    /// The state of a script `name` that is started with `arguments`.
    pub fn started(&self, name: &str, arguments: &[&str]) -> State {
        let mut variables = self.variables.clone();
        variables.retain(|variable| variable.is_exported);
        State {
            variables,
            name: name.to_string(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            number: self.number,
            ..State::default()
        }
    }

    /// The value of `$name`, if it has one. All arguments are one, with spaces between them.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "!" => Some(self.background).filter(|task| *task != 0).map(|task| task.to_string()),
            "$" => Some(self.number.to_string()),
            "#" => Some(self.arguments.len().to_string()),
            "@" => Some(self.arguments.join(" ")).filter(|_| !self.arguments.is_empty()),
            "*" => Some(self.arguments.join(&self.joint())).filter(|_| !self.arguments.is_empty()),
            "0" => Some(self.name.clone()),
            name if is_name(name) => self.value(name),
            number => self.arguments.get(number.parse::<usize>().ok()?.checked_sub(1)?).cloned(),
        }
    }

    /// What parts fields.
    pub(super) fn separators(&self) -> String {
        self.value("IFS").unwrap_or_else(|| " \t\n".into())
    }

    /// What stands between the arguments of `"$*"`.
    pub(super) fn joint(&self) -> String {
        self.separators().chars().next().map(String::from).unwrap_or_default()
    }

    /// Whether the commands that follow here are left out.
    pub(super) fn is_leaving(&self) -> bool {
        self.exit.is_some() || self.skip.is_some()
    }
}
