//! `sleep`: nothing, for a while.

use super::command::{Command, misuse, status};
use crate::process::Process;
use crate::time;

pub(super) const COMMAND: Command =
    Command::program("sleep", "SECONDS", "do nothing for a while: 1, 0.25", main);

fn main(me: &Process, arguments: &[&str]) -> i32 {
    match arguments {
        [word] => match cycles(word) {
            Some(cycles) => status(me.sleep(cycles)),
            None => misuse(me, format_args!("'{word}' is no number of seconds")),
        },
        _ => misuse(me, format_args!("how long?")),
    }
}

/// Cycles in so many seconds: `2`, `0.25`.
pub(super) fn cycles(word: &str) -> Option<u64> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, "0"));
    let is_number = !whole.is_empty() && whole.len() < 10 && fraction.len() <= 6;
    let digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
    if !is_number || !digits {
        return None;
    }
    let micro: u64 = alloc::format!("{fraction:0<6}").parse().ok()?;
    whole.parse::<u64>().ok().map(|whole| time::microseconds(whole * 1_000_000 + micro))
}
