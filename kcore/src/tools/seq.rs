//! `seq`: numbers, one after the other.

use alloc::format;
use alloc::string::String;

use super::system::quoted;
use super::{Ended, System, options};

/// Bytes that are written at once.
const BUFFER: usize = 1024;

/// `seq [-w] [-s SEPARATOR] [FIRST [STEP]] LAST`
pub fn seq(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "+ws:")?;
    let (first, step, last) = match options.operands[..] {
        [] => return Err("missing operand".into()),
        [last] => ("1", "1", last),
        [first, last] => (first, "1", last),
        [first, step, last] => (first, step, last),
        [_, _, _, extra, ..] => return Err(format!("extra operand {}", quoted(extra))),
    };
    let mut numbers = [0; 3];
    for (number, word) in numbers.iter_mut().zip([first, step, last]) {
        *number = word.parse::<i64>().map_err(|_| format!("{} is no whole number", quoted(word)))?;
    }
    if numbers[1] == 0 {
        return Err(format!("invalid Zero increment value: {}", quoted(step)));
    }
    let length = |word: &str| word.strip_prefix('+').unwrap_or(word).len();
    let width = if options.has('w') { length(first).max(length(last)) } else { 0 };
    let separator =
        options.found.iter().rev().find(|(letter, _)| *letter == 's').map_or("\n", |found| found.1);
    Ok(show(me, numbers, width, separator))
}

fn show(me: &impl System, [first, step, last]: [i64; 3], width: usize, separator: &str) -> i32 {
    let mut text = String::new();
    let mut next = Some(first);
    while let Some(number) = next.filter(|number| if step > 0 { *number <= last } else { *number >= last }) {
        if number != first {
            text.push_str(separator);
        }
        text.push_str(&format!("{number:0width$}"));
        if text.len() >= BUFFER {
            if me.output(text.as_bytes()).is_err() {
                return 1;
            }
            text.clear();
        }
        next = number.checked_add(step);
    }
    let is_empty = if step > 0 { first > last } else { first < last };
    text.push_str(if is_empty { "" } else { "\n" });
    me.put(text.as_bytes(), 0)
}
