//! `true`, `false`, `sleep`: nothing, but its end.

use crate::process::Process;
use crate::time;

use super::command::{Command, misuse, status};

pub(super) const TRUE: Command = Command::program("true", "", "end with 0", |_, _| 0);
pub(super) const FALSE: Command = Command::program("false", "", "end with 1", |_, _| 1);
pub(super) const SLEEP: Command =
    Command::program("sleep", "SECONDS", "do nothing for a while: 1, 0.25", sleep);

fn sleep(me: &Process, arguments: &[&str]) -> i32 {
    match arguments {
        [word] => match cycles(word) {
            Some(cycles) => status(me.sleep(cycles)),
            None => misuse(me, format_args!("'{word}' is no number of seconds")),
        },
        _ => misuse(me, format_args!("one number of seconds is wanted")),
    }
}

/// Cycles in so many seconds: `2`, `0.25`, `.5`. What is less than a microsecond is dropped.
pub(super) fn cycles(word: &str) -> Option<u64> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if whole.len() > 9 || digits().next().is_none() || !digits().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value = |digits: &str| digits.bytes().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    let micro = value(&alloc::format!("{:0<6}", &fraction[..fraction.len().min(6)]));
    Some(time::microseconds(value(whole) * 1_000_000 + micro))
}
