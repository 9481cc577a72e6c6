//! `tee`: what is read goes to the output, and to files.

use alloc::vec::Vec;

use super::{Ended, STDIN, STDOUT, System, options};
use crate::dev::OpenFlags;

/// Bytes of a read.
const BUFFER: usize = 4096;

/// `tee [-a] [FILE]...`
pub fn tee(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "a")?;
    let how = if options.has('a') { OpenFlags::APPEND } else { OpenFlags::TRUNCATE };
    let flags = OpenFlags::WRITE | OpenFlags::CREATE | how;
    let mut status = 0;
    // One that cannot be written is left out from then on.
    let mut outputs = Vec::from([("standard output", STDOUT)]);
    for name in options.operands {
        match me.open(name, flags) {
            Ok(descriptor) => outputs.push((name, descriptor)),
            Err(errno) => {
                me.complain(name, errno);
                status = 1;
            }
        }
    }
    let Ok(mut buffer) = me.zeros(BUFFER).inspect_err(|errno| me.complain("buffer", *errno)) else {
        return Ok(1);
    };
    while !outputs.is_empty() {
        match me.read(STDIN, &mut buffer) {
            Ok(0) => break,
            Ok(count) => outputs.retain(|(name, descriptor)| {
                let written = me.write_all(*descriptor, &buffer[..count]);
                let written = written.inspect_err(|errno| me.complain(name, *errno));
                status |= i32::from(written.is_err());
                written.is_ok()
            }),
            Err(errno) => {
                me.complain("read error", errno);
                return Ok(1);
            }
        }
    }
    Ok(status)
}
