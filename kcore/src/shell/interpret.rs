//! What a script does: the tree is walked, and the [`System`] does what needs a machine.

use alloc::string::String;
use alloc::vec::Vec;

use super::tree::{Command, Form, List, Pipeline, Redirection, Simple, Target, When};
use super::{builtin, expand, state::State};
use crate::dev::OpenFlags;

/// What a script runs on.
pub trait System: Sized {
    /// The state of the script.
    fn state(&mut self) -> &mut State;
    /// Runs a command to its end; what it ended with.
    fn run(&mut self, call: Call) -> i32;
    /// Runs commands each of which reads what the one before it writes, in shells of their own; what the last
    /// one ended with.
    fn pipe(&mut self, commands: &[Command]) -> i32;
    /// Has a shell like this one do it; what it ended with.
    fn subshell(&mut self, lists: &[List]) -> i32;
    /// Has a shell like this one do it, without waiting for it; 0, or what it ended with at once.
    fn background(&mut self, list: &List) -> i32;
    /// Has a shell like this one do it; what it has put out, and what it ended with.
    fn output(&mut self, lists: &[List]) -> (String, i32);
    /// Leads descriptors elsewhere while `body` runs, if they can be; what that returns, or what was wrong.
    fn lead(&mut self, to: Vec<(usize, Goal)>, body: &mut dyn FnMut(&mut Self) -> i32) -> Result<i32, i32>;
    /// Runs it, and says how long it took.
    fn time(&mut self, body: &mut dyn FnMut(&mut Self) -> i32) -> i32;
    /// The names in a directory; those of directories end with `/`. Nothing when there is none.
    fn directory(&self, path: &str) -> Vec<String>;
    /// Says what is wrong.
    fn complain(&mut self, what: &str);
    /// Whether all is to come to its end.
    fn is_interrupted(&self) -> bool;
}

/// A command with the values of its words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Its name and its arguments. Empty when there are only redirections.
    pub words: Vec<String>,
    /// Where descriptors are led, one after the other.
    pub redirections: Vec<(usize, Goal)>,
}

/// Where a descriptor is led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// To a file that is opened so.
    File(String, OpenFlags),
    /// To where another one leads.
    Same(usize),
    /// It is closed.
    Nowhere,
}

/// What a mistake in a script ends with (XCU 2.8.1).
pub const MISTAKE: i32 = 2;

/// Runs lists, one after the other; what the last one ended with.
pub fn lists<S: System>(system: &mut S, lists: &[List]) -> i32 {
    for list in lists {
        if is_leaving(system) {
            break;
        }
        if list.background {
            system.state().status = system.background(list);
        } else {
            and_or(system, list);
        }
    }
    system.state().status
}

fn is_leaving<S: System>(system: &mut S) -> bool {
    system.state().is_leaving() || system.is_interrupted()
}

/// Runs the pipelines of a list; what the last one ended with.
pub fn and_or<S: System>(system: &mut S, list: &List) -> i32 {
    let last = list.pipelines.len() - 1;
    for (index, (when, pipeline)) in list.pipelines.iter().enumerate() {
        let succeeded = system.state().status == 0;
        let its_turn = match when {
            When::Always => true,
            When::Success => succeeded,
            When::Failure => !succeeded,
        };
        if its_turn {
            let tested = system.state().is_tested;
            system.state().is_tested |= index < last;
            self::pipeline(system, pipeline);
            system.state().is_tested = tested;
        }
        if is_leaving(system) {
            break;
        }
    }
    system.state().status
}

fn pipeline<S: System>(system: &mut S, pipeline: &Pipeline) {
    let tested = system.state().is_tested;
    system.state().is_tested |= pipeline.negated;
    let mut run = |system: &mut S| match &pipeline.commands[..] {
        [only] => command(system, only),
        commands => system.pipe(commands),
    };
    let ended = if pipeline.timed { system.time(&mut run) } else { run(system) };
    let state = system.state();
    state.is_tested = tested;
    state.status = if pipeline.negated { i32::from(ended == 0) } else { ended };
    // Of a compound command it is the commands in it that have failed, or were tested.
    let counts = match &pipeline.commands[..] {
        [only] => matches!(only.form, Form::Simple(_) | Form::Subshell(_)),
        _ => true,
    };
    let ends = state.ends_on_failure && counts && !tested && !pipeline.negated;
    if ends && ended != 0 && !state.is_leaving() {
        state.exit = Some(ended);
    }
}

/// Runs a command; what it ended with.
pub fn command<S: System>(system: &mut S, command: &Command) -> i32 {
    let redirections = match goals(system, &command.redirections) {
        Ok(redirections) => redirections,
        Err(why) => return mistake(system, &why),
    };
    if let Form::Simple(simple) = &command.form {
        return self::simple(system, simple, redirections);
    }
    let mut run = |system: &mut S| compound(system, &command.form);
    match redirections.is_empty() {
        true => run(system),
        false => system.lead(redirections, &mut run).unwrap_or_else(|status| status),
    }
}

fn compound<S: System>(system: &mut S, form: &Form) -> i32 {
    match form {
        Form::Simple(_) => 0,
        Form::Group(lists) => self::lists(system, lists),
        Form::Subshell(lists) => system.subshell(lists),
        Form::If(arms, otherwise) => conditional(system, arms, otherwise),
        Form::For(name, words, body) => {
            let values = match words {
                Some(words) => expand::fields(system, words),
                None => Ok(system.state().arguments.clone()),
            };
            match values {
                Ok(values) => repeated(system, name, values, body),
                Err(why) => mistake(system, &why),
            }
        }
        Form::While(success, condition, body) => conditioned(system, *success, condition, body),
    }
}

/// What a condition ends with.
fn condition<S: System>(system: &mut S, lists: &[List]) -> i32 {
    let tested = core::mem::replace(&mut system.state().is_tested, true);
    let status = self::lists(system, lists);
    system.state().is_tested = tested;
    status
}

fn conditional<S: System>(system: &mut S, arms: &[(Vec<List>, Vec<List>)], otherwise: &[List]) -> i32 {
    for (test, body) in arms {
        let holds = condition(system, test) == 0;
        if is_leaving(system) {
            return system.state().status;
        }
        if holds {
            return lists(system, body);
        }
    }
    if otherwise.is_empty() { 0 } else { lists(system, otherwise) }
}

fn repeated<S: System>(system: &mut S, name: &str, values: Vec<String>, body: &[List]) -> i32 {
    let mut status = 0;
    system.state().loops += 1;
    for value in values {
        system.state().set(name, value);
        status = lists(system, body);
        if ends_loop(system) {
            break;
        }
    }
    system.state().loops -= 1;
    status
}

fn conditioned<S: System>(system: &mut S, success: bool, test: &[List], body: &[List]) -> i32 {
    let mut status = 0;
    system.state().loops += 1;
    loop {
        let holds = (condition(system, test) == 0) == success;
        if is_leaving(system) {
            if ends_loop(system) {
                status = system.state().status;
                break;
            }
            continue;
        }
        if !holds {
            break;
        }
        status = lists(system, body);
        if ends_loop(system) {
            break;
        }
    }
    system.state().loops -= 1;
    status
}

/// Whether the innermost loop ends here: a `continue` for it has come to its end.
fn ends_loop<S: System>(system: &mut S) -> bool {
    let state = system.state();
    if let Some(skip) = &mut state.skip {
        skip.loops -= 1;
        let (left, goes_on) = (skip.loops, skip.goes_on);
        if left == 0 {
            state.skip = None;
            return !goes_on || is_leaving(system);
        }
        return true;
    }
    is_leaving(system)
}

fn simple<S: System>(system: &mut S, simple: &Simple, redirections: Vec<(usize, Goal)>) -> i32 {
    system.state().substituted = None;
    match prepared(system, simple) {
        Ok((words, assignments)) => {
            if words.is_empty() {
                let status = system.state().substituted.unwrap_or(0);
                return match redirections.is_empty() {
                    true => status,
                    false => system.run(Call { words, redirections }).max(status),
                };
            }
            called(system, Call { words, redirections }, assignments)
        }
        Err(why) => mistake(system, &why),
    }
}

type Assignments = Vec<(String, String)>;

fn prepared<S: System>(system: &mut S, simple: &Simple) -> Result<(Vec<String>, Assignments), String> {
    let words = expand::fields(system, &simple.words)?;
    let mut assignments = Vec::new();
    for (name, word) in &simple.assignments {
        let value = expand::one(system, word)?;
        if words.is_empty() {
            system.state().set(name, value.clone());
        }
        assignments.push((name.clone(), value));
    }
    Ok((words, assignments))
}

fn called<S: System>(system: &mut S, call: Call, assignments: Assignments) -> i32 {
    let is_special = builtin::is_special(&call.words[0]);
    if is_special {
        assignments.into_iter().for_each(|(name, value)| system.state().set(&name, value));
        let status = system.run(call);
        let state = system.state();
        // A mistake there is one of the script (XCU 2.8.1).
        if status != 0 && !state.is_interactive && !state.is_leaving() {
            state.exit = Some(status);
        }
        return status;
    }
    let lent: Vec<_> =
        assignments.into_iter().map(|(name, value)| system.state().lend(&name, value)).collect();
    let status = system.run(call);
    lent.into_iter().rev().for_each(|lent| system.state().put_back(lent));
    status
}

/// A mistake ends a script; at the prompt it ends the command.
fn mistake<S: System>(system: &mut S, why: &str) -> i32 {
    system.complain(why);
    if !system.state().is_interactive {
        system.state().exit = Some(MISTAKE);
    }
    MISTAKE
}

/// A command whose words need no commands to have values, with these: what a process can be made of at once.
pub fn call<S: System>(system: &mut S, command: &Command) -> Option<Call> {
    let Form::Simple(simple) = &command.form else { return None };
    let in_targets = |redirection: &Redirection| match &redirection.target {
        Target::Read(word) | Target::Write(word) | Target::Append(word) | Target::Both(word) => {
            word.runs_commands()
        }
        Target::Same(_) | Target::Nowhere => false,
    };
    let runs =
        simple.words.iter().any(|word| word.runs_commands()) || command.redirections.iter().any(in_targets);
    if runs || simple.words.is_empty() || !simple.assignments.is_empty() {
        return None;
    }
    let words = expand::fields(system, &simple.words).ok().filter(|words| !words.is_empty())?;
    Some(Call { words, redirections: goals(system, &command.redirections).ok()? })
}

fn goals<S: System>(system: &mut S, redirections: &[Redirection]) -> Result<Vec<(usize, Goal)>, String> {
    let mut goals = Vec::new();
    for Redirection { descriptor, target } in redirections {
        let (word, flags) = match target {
            Target::Read(word) => (word, OpenFlags::READ),
            Target::Write(word) => (word, OpenFlags::WRITE | OpenFlags::TRUNCATE),
            Target::Append(word) => (word, OpenFlags::WRITE | OpenFlags::APPEND),
            Target::Both(word) => (word, OpenFlags::READ_WRITE),
            Target::Same(other) => {
                goals.push((*descriptor, Goal::Same(*other)));
                continue;
            }
            Target::Nowhere => {
                goals.push((*descriptor, Goal::Nowhere));
                continue;
            }
        };
        goals.push((*descriptor, Goal::File(expand::one(system, word)?, flags)));
    }
    Ok(goals)
}
