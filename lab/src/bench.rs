//! What can be measured only from outside: how long a start takes, against the floor, and how large the
//! kernel is.
//!
//! The floor is a guest of a few bytes that prints a line and leaves: what remains above it is ours. Floor
//! and kernel take turns, and the figures are medians, since the host has other work too.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use object::{Object, ObjectSection};

use crate::machine::Machine;
use crate::status::Failure;

/// Starts of each guest.
const STARTS: usize = 10;

/// What the shell says when it listens.
const PROMPT: &[u8] = b"scullery# ";

/// The name of the floor's executable, which Cargo builds beside the kernel.
const FLOOR: &str = "floor";

/// Measures starts of `kernel` and of the floor on a machine of `words`, and the size of the ELF; returns a
/// table.
pub fn outside(kernel: &Path, words: &[String]) -> Result<String, Failure> {
    let floor = kernel.with_file_name(FLOOR);
    let turns: Vec<Turn> =
        (0..STARTS).map(|_| Turn::take(&floor, kernel, words)).collect::<Result<_, _>>()?;
    let figure = |of: fn(&Turn) -> f64| median(turns.iter().map(of).collect());
    let mut table = String::new();
    let mut row = |what: &str, figure: String| writeln!(table, "{what:<56} {figure:>10}");
    let ms = |seconds: f64| format!("{:.1} ms", seconds * 1e3);
    let bytes = stripped(kernel)?;
    let rows = [
        ("start of QEMU to the first line: the floor", ms(figure(|turn| turn.floor))),
        ("start of QEMU to the first line: the kernel", ms(figure(|turn| turn.first))),
        ("ratio, turn by turn", format!("{:.2}", figure(|turn| turn.first / turn.floor))),
        ("start of QEMU to the prompt, with symbols", ms(figure(|turn| turn.prompt))),
        ("ratio to the floor, turn by turn", format!("{:.2}", figure(|turn| turn.prompt / turn.floor))),
        ("run scull-leak, natural, start of QEMU to its exit", ms(figure(|turn| turn.run))),
        ("the kernel's ELF, stripped", format!("{} KiB", bytes.div_ceil(1024))),
    ];
    for (what, figure) in rows {
        row(what, figure).expect("a string takes everything");
    }
    Ok(table)
}

/// One start of each, in seconds.
struct Turn {
    /// The floor's first line.
    floor: f64,
    /// The kernel's.
    first: f64,
    /// The shell's prompt.
    prompt: f64,
    /// The end of an experiment.
    run: f64,
}

impl Turn {
    fn take(floor: &Path, kernel: &Path, words: &[String]) -> Result<Turn, Failure> {
        Ok(Turn {
            floor: first_line(floor, "", words)?.0.as_secs_f64(),
            first: first_line(kernel, "run counter quanta=1 rounds=1", words)?.0.as_secs_f64(),
            prompt: prompt(kernel, words)?.as_secs_f64(),
            run: first_line(kernel, "run scull-leak lock=none quanta=1000", words)?.1.as_secs_f64(),
        })
    }
}

fn machine(guest: &Path, command: &str, words: &[String]) -> Machine {
    words.iter().fold(Machine::new(guest).command(command), |machine, word| machine.word(word))
}

/// The time to the shell's prompt, of a kernel that has its symbols.
fn prompt(kernel: &Path, words: &[String]) -> Result<Duration, Failure> {
    let mut session = machine(kernel, "shell", words).typed().start()?;
    let mut said = Vec::new();
    let after = loop {
        let bytes = session.bytes().ok_or_else(|| Failure::dead("a shell has shown no prompt"))?;
        said.extend(bytes);
        if said.windows(PROMPT.len()).any(|bytes| bytes == PROMPT) {
            break session.elapsed();
        }
    };
    session.type_in("exit 0\n")?;
    while session.bytes().is_some() {}
    session.finish().map(|_| after)
}

/// The time to the first line on COM1, and to the end.
fn first_line(guest: &Path, command: &str, words: &[String]) -> Result<(Duration, Duration), Failure> {
    let outcome = machine(guest, command, words).run()?;
    let first =
        outcome.first_line.ok_or_else(|| Failure::dead(format!("a guest said nothing\n{outcome}")))?;
    Ok((first, outcome.elapsed))
}

/// The middle of `figures`.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The size of the file less that of what `strip` takes out: debug information and symbols, which are not
/// loaded.
pub fn stripped(elf: &Path) -> Result<u64, Failure> {
    let bytes = std::fs::read(elf).map_err(|error| Failure::dead(format!("{}: {error}", elf.display())))?;
    let file =
        object::File::parse(&*bytes).map_err(|error| Failure::dead(format!("{}: {error}", elf.display())))?;
    let left_out: u64 = file.sections().filter(is_left_out).map(|section| section.size()).sum();
    Ok(bytes.len() as u64 - left_out)
}

fn is_left_out<'data>(section: &impl ObjectSection<'data>) -> bool {
    section.name().is_ok_and(|name| name.starts_with(".debug_") || matches!(name, ".symtab" | ".strtab"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![9.0]), 9.0);
    }

    #[test]
    fn what_strip_takes_out_does_not_count() {
        let own = std::env::current_exe().unwrap();
        let all = std::fs::metadata(&own).unwrap().len();
        let without = stripped(&own).unwrap();
        assert!(without < all && without > 0, "{without} of {all}");
    }
}
