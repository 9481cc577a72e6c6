//! `ps`: the tasks.

use alloc::format;
use alloc::string::{String, ToString};

use super::command::{Command, unexpected};
use crate::print_to;
use crate::process::{Process, table};
use crate::shell::state::machine;
use crate::symbols::{self, Place};
use crate::task;
use crate::task::listing::{self, Listed, Trace};
use crate::task::table::State;
use kcore::sort;

pub(super) const COMMAND: Command =
    Command::program("ps", "[aux | -ef]", "the tasks: state, CPU, time, and where they sleep", main);

/// Callers that are looked at until one is found that says why a task sleeps.
const DEPTH: usize = 12;
/// What puts tasks to sleep for others: by its path, and, as what is inlined has none, by its file.
const SLEEPERS: [&str; 4] = ["kernel::task::", "kcore::sync::", "kernel::machine::", "core::"];
const THEIR_FILES: [&str; 5] =
    ["kernel/src/task", "kernel/src/arch", "kernel/src/machine", "kcore/src/sync", "core/src"];

fn main(me: &Process, arguments: &[&str]) -> i32 {
    // All that others leave out is shown.
    match arguments {
        [] | ["a" | "ax" | "aux" | "-e" | "-ef" | "-A"] => {}
        [word, ..] => return unexpected(me, word),
    }
    print_to!(me, "{:>5} {:>5} {:>3} S {:>9}  {:<20} COMMAND\n", "PID", "UID", "CPU", "TIME", "SLEEPS IN");
    let mut tasks: alloc::vec::Vec<Listed> = listing::list().collect();
    sort::any(&mut tasks, |a, b| a.id.0 < b.id.0);
    for task in tasks {
        print_to!(me, "{}", line(&task));
    }
    0
}

fn line(listed: &Listed) -> String {
    let Listed { id, cpu, state, run_time, .. } = listed;
    let known = table::known(*id);
    let uid = known.as_ref().map_or("-".to_string(), |known| format!("{}", known.uid));
    let command = known.map_or_else(|| format!("[{}]", task::name_of(*id)), |known| known.command.clone());
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

/// Where a task sleeps: the file and the function, the first that is none of those which put others to sleep.
/// Of a function that tells nothing, those that were inlined in it are looked at, the outermost first.
fn sleeps_in(listed: &Listed) -> String {
    let mut addresses = [0; DEPTH];
    let Some(Trace::Frames(count)) = listing::trace(listed.id, &mut addresses) else {
        return "?".to_string();
    };
    // A return address may be the first of another function; the call is before it.
    let places =
        addresses[..count].iter().flat_map(|address| symbols::places(*address as u64 - 1).into_iter().rev());
    let tells = |place: &Place| {
        let path = place.function.trim_start_matches('<');
        !SLEEPERS.iter().any(|sleeper| path.starts_with(sleeper))
            && !THEIR_FILES.iter().any(|file| place.file.starts_with(file))
    };
    places.filter(tells).map(|place| short(&place)).next().unwrap_or_else(|| "?".to_string())
}

/// `process::sleep`, from the module's file, as the paths of methods are long.
fn short(place: &Place) -> String {
    let mut path = place.function.rsplit("::");
    let function = path.next().unwrap_or_default();
    let file = place.file.trim_end_matches("/mod.rs").trim_end_matches(".rs");
    // Where the file is not known the path is: of a method, it ends with a type.
    let module = match file.rsplit('/').next() {
        None | Some("") => path.find(|part| part.starts_with(char::is_lowercase)),
        module => module,
    };
    module.map_or_else(|| function.to_string(), |module| format!("{module}::{function}"))
}
