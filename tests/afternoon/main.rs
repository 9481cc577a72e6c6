//! An afternoon at the prompt, on a real terminal: what a reader of *Linux Device Drivers* does with a
//! module, typed by a program and read to the last word.
//!
//! Each test is a machine that `cargo run -- shell` has booted on a pseudo terminal. It has a time limit, and
//! what it is asked has none beside that.

mod devices;
mod leaks;
mod oopses;
mod terminal;
mod typing;

use libtest_mimic::{Arguments, Trial};
use tests::ensure::Answer;

use terminal::Terminal;

/// Machines that run at the same time.
const AT_ONCE: usize = 2;

/// What is done at a terminal.
type Deed = fn(&mut Terminal) -> Answer;

/// What is done at the terminal, by name.
const ALL: &[(&str, Deed)] = &[
    ("leaks::without-a-lock-and-with", leaks::without_a_lock_and_with),
    ("devices::three-readers", devices::three_readers),
    ("devices::in-use", devices::in_use),
    ("devices::unplugged", devices::unplugged),
    ("oopses::panic", oopses::panic),
    ("oopses::null-pointer", oopses::null_pointer),
    ("oopses::builtins", oopses::builtins),
    ("oopses::run", oopses::run),
    ("oopses::in-the-way", oopses::in_the_way),
    ("typing::completion", typing::completion),
    ("typing::history", typing::history),
    ("typing::slow-terminal", typing::slow_terminal),
];

/// What the program ends with: the contract has a status for misuse, and one for all others that are not 0.
const STATUS: [(&str, i32); 2] = [("exit 2", 2), ("exit 7", 1)];

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let mut trials: Vec<Trial> = ALL
        .iter()
        .map(|&(name, at)| Trial::test(name, move || Ok(terminal::with("exit 0", 0, at)?)))
        .collect();
    trials.extend(STATUS.map(|(exit, status)| {
        Trial::test(format!("typing::{}", exit.replace(' ', "-")), move || {
            Ok(terminal::with(exit, status, |_| Ok(()))?)
        })
    }));
    libtest_mimic::run(&arguments, trials).exit();
}
