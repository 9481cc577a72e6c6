//! `wc`: how many lines, words and bytes.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Ended, Failure, System, options};

/// Bytes of a read.
const BUFFER: usize = 1024;

/// Lines, words, bytes.
#[derive(Default)]
struct Counts {
    counts: [u64; 3],
    in_word: bool,
}

/// `wc [-lwc] [FILE]...`
pub fn wc(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "lwc")?;
    let wanted: Vec<usize> =
        (0..3).filter(|&at| options.found.is_empty() || options.has(['l', 'w', 'c'][at])).collect();
    let mut total = Counts::default();
    let status = me.each_file(&options.operands, |from, name| {
        let counts = count(me, from)?;
        total.counts.iter_mut().zip(counts.counts).for_each(|(total, more)| *total += more);
        me.output(counts.line(&wanted, if options.operands.is_empty() { "" } else { name }).as_bytes())
    });
    Ok(match options.operands.len() {
        0 | 1 => status,
        _ => me.put(total.line(&wanted, "total").as_bytes(), status),
    })
}

fn count(me: &impl System, from: usize) -> Result<Counts, Failure> {
    let mut all = Counts::default();
    let mut buffer = [0; BUFFER];
    loop {
        let count = me.read(from, &mut buffer)?;
        if count == 0 {
            return Ok(all);
        }
        let [lines, words, bytes] = &mut all.counts;
        *bytes += count as u64;
        for byte in &buffer[..count] {
            *lines += u64::from(*byte == b'\n');
            let in_word = !byte.is_ascii_whitespace();
            *words += u64::from(in_word && !all.in_word);
            all.in_word = in_word;
        }
    }
}

impl Counts {
    /// What is wanted of it, and whose it is.
    fn line(&self, wanted: &[usize], name: &str) -> String {
        let width = if wanted.len() == 1 { 1 } else { 7 };
        let columns: Vec<String> = wanted.iter().map(|&at| format!("{:>width$}", self.counts[at])).collect();
        format!("{}{}{name}\n", columns.join(" "), if name.is_empty() { "" } else { " " })
    }
}
