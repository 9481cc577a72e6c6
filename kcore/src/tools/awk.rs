//! `awk`: a field of the lines with a word in another, as scripts look for the major number of a driver.

use alloc::format;
use alloc::string::String;

use super::system::quoted;
use super::{Ended, System};

/// `awk '$N=="WORD" {print $M}' [FILE]...`
pub fn awk(me: &impl System, words: &[&str]) -> Ended {
    let (program, files) = words.split_first().ok_or("which program?")?;
    let other = || format!("of awk there is one form; {} is another", quoted(program));
    let (left, word, right) = fields_of(program).ok_or_else(other)?;
    let status = me.each_file(files, |from, _| {
        me.each_line(from, |line| {
            let line = String::from_utf8_lossy(line);
            // `$0` is all of it.
            let field = |number: usize| match number {
                0 => &line,
                _ => line.split_ascii_whitespace().nth(number - 1).unwrap_or(""),
            };
            if field(left) == word {
                me.output(format!("{}\n", field(right)).as_bytes())?;
            }
            Ok(true)
        })
    });
    Ok(if status == 0 { 0 } else { 2 })
}

/// The numbers and the word of `$N=="WORD" {print $M}`.
fn fields_of(program: &str) -> Option<(usize, &str, usize)> {
    let (left, rest) = program.trim().strip_prefix('$')?.split_once("==")?;
    let (word, rest) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    let inside = rest.trim_start().strip_prefix('{')?.strip_suffix('}')?.trim();
    let right = inside.strip_prefix("print")?.trim_start().strip_prefix('$')?;
    let is_plain = !word.contains('\\');
    Some((left.trim_end().parse().ok()?, word, right.parse().ok()?)).filter(|_| is_plain)
}
