//! Lines of all CPUs at once, and what is typed. Whether they arrive whole is judged by the reader of COM1.

use alloc::string::String;
use core::fmt::Write;

use super::Answer;
use super::case::same;
use super::crew;
use crate::arch::smp;
use crate::console::cut::Cut;
use crate::println;
use crate::tty::input;

crate::case! {
    "console::lines-of-all-cpus" => lines;
    "console::cut" => cut;
    "console::echo" => echo, hidden = true;
}

fn lines() -> Answer {
    crew::run(smp::cpus(), |cpu| {
        for number in 0..50 {
            println!("whole line {number} of CPU {cpu}, {:x<40}", "");
        }
    })
}

/// What is left of a text says that it is a part.
fn cut() -> Answer {
    let text = |parts: &[&str]| {
        let mut text = Cut::<12>::new();
        let is_whole = parts.iter().all(|part| text.write_str(part).is_ok());
        text.end_line();
        (String::from(text.as_str()), is_whole)
    };
    let line = |line: &str, is_whole| (String::from(line), is_whole);
    same("what fits", text(&["0123", "4567890"]), line("01234567890\n", true))?;
    same("what leaves no room for its end", text(&["0123", "45678901"]), line("01234567...\n", true))?;
    same("what does not fit", text(&["0123", "456789012", "x"]), line("01234567...\n", false))?;
    same("wide characters", text(&["012345\u{20ac}\u{20ac}"]), line("012345...\n", true))
}

/// Says what is typed, line by line, up to an empty one. The reader sleeps between the bytes, on a CPU that
/// the interrupt does not come to.
fn echo() -> Answer {
    let reader = crew::start(smp::cpus() - 1, || {
        println!("type a line");
        loop {
            let line = line();
            println!("typed: {line}");
            if line.is_empty() {
                return;
            }
        }
    })?;
    reader.join();
    Ok(())
}

fn line() -> String {
    let mut line = String::new();
    loop {
        match input::read_byte() {
            None | Some(b'\n') => return line,
            Some(byte) => line.push(byte.into()),
        }
    }
}
