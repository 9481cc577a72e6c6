//! `cat`: files, one after the other.

use super::{Ended, System, options};

/// Bytes of a read.
const BUFFER: usize = 4096;

/// `cat [FILE]...`
pub fn cat(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "u")?;
    let Ok(mut buffer) = me.zeros(BUFFER).inspect_err(|errno| me.complain("buffer", *errno)) else {
        return Ok(1);
    };
    Ok(me.each_file(&options.operands, |from, _| {
        loop {
            match me.read(from, &mut buffer)? {
                0 => return Ok(()),
                count => me.output(&buffer[..count])?,
            }
        }
    }))
}
