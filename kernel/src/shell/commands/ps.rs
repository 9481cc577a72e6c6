//! `ps`: the tasks.

use alloc::format;
use alloc::string::{String, ToString};

use super::command::{Command, unexpected};
use crate::print_to;
use crate::process::{Process, table};
use crate::shell::state::machine;
use crate::task::listing::{self, Listed};
use crate::task::table::State;
use crate::task::trace::{self, Trace};
use crate::{symbols, task};

pub(super) const COMMAND: Command =
    Command::program("ps", "", "the tasks: state, CPU, time, and where they sleep", main);

/// Callers that are looked at until one is found that says why a task sleeps.
const DEPTH: usize = 12;
/// What puts tasks to sleep for others.
const SLEEPERS: [&str; 4] = ["kernel::task::", "kcore::sync::", "kernel::machine::", "core::"];

fn main(me: &Process, arguments: &[&str]) -> i32 {
    if let [word, ..] = arguments {
        return unexpected(me, word);
    }
    print_to!(me, "{:>5} {:>5} {:>3} S {:>9}  {:<20} COMMAND\n", "PID", "UID", "CPU", "TIME", "SLEEPS IN");
    let mut tasks: alloc::vec::Vec<Listed> = listing::list().collect();
    tasks.sort_by_key(|task| task.id.0);
    for task in tasks {
        print_to!(me, "{}", line(&task));
    }
    0
}

fn line(listed: &Listed) -> String {
    let Listed { id, cpu, state, run_time, .. } = listed;
    let known = table::known(*id);
    let uid = known.as_ref().map_or("-".to_string(), |known| format!("{}", known.uid));
    let command = known.map_or_else(|| format!("[{}]", task::name_of(*id)), |known| known.command);
    let letter = match state {
        State::Runnable => 'R',
        State::Blocked => 'S',
        State::Ended => 'Z',
    };
    let ms = u128::from(*run_time) * 1000 / u128::from(machine().boot.tsc_hz.max(1));
    let place = if *state == State::Blocked { sleeps_in(listed) } else { "-".to_string() };
    format!(
        "{:>5} {uid:>5} {cpu:>3} {letter} {:>5}.{:03}  {place:<20} {command}\n",
        id.0,
        ms / 1000,
        ms % 1000
    )
}

/// The function in which a task sleeps: the first that is none of those which put others to sleep.
fn sleeps_in(listed: &Listed) -> String {
    let mut addresses = [0; DEPTH];
    let Some(Trace::Frames(count)) = trace::of(listed.id, &mut addresses) else { return "?".to_string() };
    // A return address may be the first of another function; the call is before it.
    let places = addresses[..count].iter().flat_map(|address| symbols::places(*address as u64 - 1));
    let tells = |function: &String| !SLEEPERS.iter().any(|sleeper| function.starts_with(sleeper));
    let function = places.map(|place| place.function).find(tells);
    function.map_or_else(|| "?".to_string(), |function| short(&function))
}

/// The last two names of a path: `pipe::read`.
fn short(function: &str) -> String {
    let from = function.rmatch_indices("::").nth(1).map_or(0, |(at, separator)| at + separator.len());
    function[from..].to_string()
}
