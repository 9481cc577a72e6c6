//! `cp`, `touch`: what they do to files that are there.

use alloc::format;

use super::system::quoted;
use super::{Ended, System, options};
use crate::dev::OpenFlags;
use crate::errno::Errno;

/// Bytes of a read.
const BUFFER: usize = 4096;

/// `cp FILE FILE`
pub fn cp(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "f")?;
    let &[from, to] = &options.operands[..] else {
        return Err(match &options.operands[..] {
            [] => "missing file operand".into(),
            [from] => format!("missing destination file operand after {}", quoted(from)),
            [.., to] => format!("target {} is not a directory", quoted(to)),
        });
    };
    if me.are_same(from, to) {
        me.say(format_args!("{} and {} are the same file", quoted(from), quoted(to)));
        return Ok(1);
    }
    let complain = |what: &str, name: &str| {
        let about = format!("{what} {}", quoted(name));
        move |errno: &Errno| me.complain(&about, *errno)
    };
    let result = (|| {
        let input = me.open(from, OpenFlags::READ).inspect_err(complain("cannot open", from))?;
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let output = me.open(to, flags).inspect_err(complain("cannot create", to))?;
        let mut buffer = me.zeros(BUFFER).inspect_err(complain("no buffer for", from))?;
        loop {
            let count = me.read(input, &mut buffer).inspect_err(complain("error reading", from))?;
            if count == 0 {
                return Ok::<_, Errno>(());
            }
            me.write_all(output, &buffer[..count]).inspect_err(complain("error writing", to))?;
        }
    })();
    Ok(i32::from(result.is_err()))
}

/// `touch [-c] FILE...`: opens each for writing, and closes it. That is what empties a scull device.
pub fn touch(me: &impl System, words: &[&str]) -> Ended {
    let options = options(words, "c")?;
    if options.operands.is_empty() {
        return Err("missing file operand".into());
    }
    if options.has('c') {
        return Ok(0);
    }
    let mut status = 0;
    for name in options.operands {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::NONBLOCK;
        if let Err(errno) = me.open(name, flags).and_then(|descriptor| me.close(descriptor)) {
            me.complain(&format!("cannot touch {}", quoted(name)), errno);
            status = 1;
        }
    }
    Ok(status)
}
