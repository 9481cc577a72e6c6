//! What a document shows of a terminal, held against what the program says.
//!
//! A transcript is a block of a page, or a file, that begins with `$ cargo run`. Below each such line is what
//! came back. A line `...` stands for lines that are left out, and so do the beginning and the end. After the
//! prompt of the shell stands what was typed. What differs from run to run need not be the same: times,
//! addresses, lines and numbers that luck decides, which of two tasks came first, and where the compiler has
//! put a function into its callers.

use crate::ensure::Answer;

/// The prompt of the shell, after which something was typed.
const PROMPT: &str = "scullery# ";
/// Stands for lines that are left out.
const ELIDED: &str = "...";
const COMMAND: &str = "$ cargo run";
const UNITS: &[&str] = &["B", "kB", "MB", "GB", "us", "ms", "s"];
/// What is before a number that differs from run to run.
const NAMES: &[&str] = &["CPU", "task", "pid", "allocation", "jiffies", "held"];
/// How the report says what became of the last reference to a block; of stores that race freely it can not
/// always tell.
const FATES: &[&str] = &[
    "that was the last reference",
    "what took the last reference is not known",
    "and there it still is, in a block",
];
/// Digits of a number that may be more than luck.
const FEW: usize = 4;
/// Words of a line of a hex dump: so many bytes at least.
const BYTES: usize = 16;

/// A command, and what came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    /// The arguments after `cargo run --`.
    pub arguments: Vec<String>,
    /// What was typed into its shell.
    pub typed: String,
    /// The lines that came back, as they are shown.
    pub lines: Vec<String>,
}

/// The transcripts of `page`: all of it, or those in its fenced blocks.
pub fn all(page: &str) -> Vec<Transcript> {
    let blocks: Vec<&str> = match page.starts_with(COMMAND) {
        true => vec![page],
        false => page
            .split("```")
            .skip(1)
            .step_by(2)
            .filter_map(|block| block.split_once('\n'))
            .map(|(_, it)| it)
            .collect(),
    };
    let shown = blocks.iter().filter(|block| block.starts_with(COMMAND));
    shown.flat_map(|block| block.split("$ cargo run").skip(1)).map(transcript).collect()
}

/// `text` begins after `$ cargo run`.
fn transcript(text: &str) -> Transcript {
    let (command, rest) = text.split_once('\n').unwrap_or((text, ""));
    let words = command.split_whitespace().skip_while(|word| *word == "--");
    let typed = rest.lines().filter_map(|line| line.strip_prefix(PROMPT)).map(|line| format!("{line}\n"));
    Transcript {
        arguments: words.map(str::to_string).collect(),
        typed: typed.collect(),
        lines: rest.lines().map(str::to_string).collect(),
    }
}

impl Transcript {
    /// That `output` has the lines that are shown, in their order.
    pub fn check(&self, output: &str) -> Answer {
        let luck = self.arguments.is_empty() || self.arguments[0] == "shell";
        let output: Vec<String> = output.lines().filter_map(|line| essence(line, luck)).collect();
        let mut from = 0;
        for part in self.lines.split(|line| line == ELIDED) {
            let part: Vec<String> = part.iter().filter_map(|line| essence(line, luck)).collect();
            let part = trim(&part);
            let found =
                (from..=output.len().saturating_sub(part.len())).find(|&at| output[at..].starts_with(part));
            match found {
                Some(at) => from = at + part.len(),
                None => return Err(format!("nowhere does it say:\n  {}", part.join("\n  "))),
            }
        }
        Ok(())
    }
}

/// Without the empty lines at both ends, next to which lines are left out.
fn trim(lines: &[String]) -> &[String] {
    let is_text = |line: &String| !line.is_empty();
    let first = lines.iter().position(is_text).unwrap_or(lines.len());
    let end = lines.iter().rposition(is_text).map_or(first, |last| last + 1);
    &lines[first..end]
}

/// What of `line` is the same in each run; nothing of the frames of a backtrace. With `luck` no number is.
fn essence(line: &str, luck: bool) -> Option<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if ["[<", "(inlined)"].iter().any(|frame| line.trim_start().starts_with(frame)) {
        return None;
    }
    let is_byte = |word: &&&str| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if words.iter().take_while(is_byte).count() >= BYTES {
        return Some("bytes".to_string());
    }
    if luck && FATES.iter().any(|fate| line.contains(fate)) {
        return Some("what became of the reference".to_string());
    }
    let word = |(place, word): (usize, &&str)| {
        let before = place.checked_sub(1).map_or("", |before| words[before]);
        let after = words.get(place + 1).map_or("", |after| after.trim_end_matches([',', ':', ';']));
        let is_kept = !luck && !NAMES.contains(&before.trim_start_matches('(')) && !UNITS.contains(&after);
        masked(word, is_kept)
    };
    Some(words.iter().enumerate().map(word).collect::<Vec<_>>().join(" "))
}

/// A word without what differs; a small number stays if it `is_kept`.
fn masked(word: &str, is_kept: bool) -> String {
    let bare = word.trim_end_matches([',', ':', ';', '.']);
    if is_kept && bare.len() <= FEW && bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.to_string();
    }
    if UNITS.contains(&bare) {
        return word.replace(bare, "unit");
    }
    for name in ["writer-", "reader-"] {
        if let Some((before, after)) = word.split_once(name) {
            return format!("{before}{name}{}", after.get(1..).unwrap_or(""));
        }
    }
    if let Some((before, _)) = word.split_once("0x") {
        return format!("{before}#");
    }
    let mut masked = String::new();
    for c in word.chars() {
        match c.is_ascii_digit() || (c == '.' && masked.ends_with('#')) {
            true if masked.ends_with('#') => {}
            true => masked.push('#'),
            false => masked.push(c),
        }
    }
    masked
}
