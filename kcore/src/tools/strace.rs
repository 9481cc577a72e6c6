//! The calls of a process, in the words of `strace` (LDD3 ch. 4, "Debugging by Watching"): what it shows of
//! arguments, and of what comes of a call.

use core::fmt::{self, Display, Formatter};

use crate::dev::{Events, OpenFlags, Whence, ioctl};
use crate::errno::Errno;

/// All calls that are shown, so that some of them can be chosen.
pub const CALLS: &[&str] = &[
    "openat",
    "close",
    "read",
    "write",
    "lseek",
    "ioctl",
    "poll",
    "clock_nanosleep",
    "newfstatat",
    "getdents64",
    "mknodat",
    "unlinkat",
    "symlinkat",
    "fchmodat",
    "fchownat",
    "init_module",
    "delete_module",
];

/// Where the outcome of a call stands.
const OUTCOME: usize = 40;
/// Bytes that are shown of what is read and written.
const SHOWN: usize = 32;

/// Bytes that are read or written: the first of them, and dots if there are more.
pub fn bytes(bytes: &[u8]) -> impl Display {
    let dots = if bytes.len() > SHOWN { "..." } else { "" };
    fmt::from_fn(move |f| write!(f, "{}{dots}", quoted(&bytes[..bytes.len().min(SHOWN)])))
}

/// A path, or all of some bytes, as a string of C.
pub fn quoted(bytes: &[u8]) -> impl Display {
    fmt::from_fn(move |f| {
        f.write_str("\"")?;
        for (at, &byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' => f.write_str("\\n")?,
                b'\t' => f.write_str("\\t")?,
                b'\r' => f.write_str("\\r")?,
                0x0b => f.write_str("\\v")?,
                0x0c => f.write_str("\\f")?,
                b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                b' '..=b'~' => write!(f, "{}", char::from(byte))?,
                // A digit behind it would be one of its own.
                _ if bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => write!(f, "\\{byte:03o}")?,
                _ => write!(f, "\\{byte:o}")?,
            }
        }
        f.write_str("\"")
    })
}

/// What a file is opened for.
pub fn flags(flags: OpenFlags) -> impl Display {
    const FLAGS: [(&str, OpenFlags); 5] = [
        ("|O_CREAT", OpenFlags::CREATE),
        ("|O_EXCL", OpenFlags::EXCLUSIVE),
        ("|O_TRUNC", OpenFlags::TRUNCATE),
        ("|O_APPEND", OpenFlags::APPEND),
        ("|O_NONBLOCK", OpenFlags::NONBLOCK),
    ];
    fmt::from_fn(move |f| {
        f.write_str(match flags {
            flags if flags.is_write_only() => "O_WRONLY",
            flags if flags.contains(OpenFlags::WRITE) => "O_RDWR",
            _ => "O_RDONLY",
        })?;
        FLAGS.iter().filter(|(_, flag)| flags.contains(*flag)).try_for_each(|(name, _)| f.write_str(name))?;
        f.write_str(if flags.contains(OpenFlags::CREATE) { ", 0666" } else { "" })
    })
}

/// Where a seek counts from.
pub fn whence(whence: Whence) -> &'static str {
    match whence {
        Whence::Set => "SEEK_SET",
        Whence::Current => "SEEK_CUR",
        Whence::End => "SEEK_END",
    }
}

/// The command of an ioctl.
pub fn command(command: u32) -> impl Display {
    fmt::from_fn(move |f| {
        let direction = match ioctl::direction(command) {
            _ if command == ioctl::TCGETS => return f.write_str("TCGETS"),
            0 => "_IOC_NONE",
            ioctl::WRITE => "_IOC_WRITE",
            ioctl::READ => "_IOC_READ",
            _ => "_IOC_READ|_IOC_WRITE",
        };
        let (kind, number) = (hex(ioctl::kind(command).into()), hex(ioctl::number(command).into()));
        write!(f, "_IOC({direction}, {kind}, {number}, {})", hex(ioctl::size(command)))
    })
}

/// A number as C's `%#x` has it.
pub fn hex(number: usize) -> impl Display {
    fmt::from_fn(move |f| if number == 0 { f.write_str("0") } else { write!(f, "{number:#x}") })
}

/// What can be done with a file.
pub fn events(events: Events) -> impl Display {
    const EVENTS: [(&str, Events); 4] = [
        ("POLLIN", Events::IN),
        ("POLLOUT", Events::OUT),
        ("POLLERR", Events::ERROR),
        ("POLLHUP", Events::HANG_UP),
    ];
    fmt::from_fn(move |f: &mut Formatter<'_>| {
        let mut bar = "";
        for (name, _) in EVENTS.iter().filter(|(_, event)| events.contains(*event)) {
            write!(f, "{bar}{name}")?;
            bar = "|";
        }
        f.write_str(if events.is_empty() { "0" } else { "" })
    })
}

/// What a call of so many characters came to, up to its column and without an end. One that a signal has
/// ended is made again, or is the last of its process.
pub fn outcome(length: usize, result: Result<usize, Errno>) -> impl Display {
    fmt::from_fn(move |f| {
        let gap = OUTCOME.saturating_sub(length).max(1);
        write!(f, "{:gap$}= ", "")?;
        match result {
            Ok(value) => write!(f, "{value}"),
            Err(Errno::ERESTARTSYS) => f.write_str("? ERESTARTSYS (To be restarted if SA_RESTART is set)"),
            Err(errno) => write!(f, "-1 {} ({})", errno.name(), errno.message()),
        }
    })
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn bytes_are_a_string_of_c() {
        assert_eq!(bytes(b"a\n\t\"\\\0").to_string(), r#""a\n\t\"\\\0""#);
        assert_eq!(bytes(b"\x001\xff9\x7f").to_string(), r#""\0001\3779\177""#);
        assert_eq!(bytes(&[b'x'; 33]).to_string(), format!("\"{}\"...", "x".repeat(32)));
        assert_eq!(bytes(&[b'x'; 32]).to_string(), format!("\"{}\"", "x".repeat(32)));
    }

    #[test]
    fn flags_stand_in_the_order_of_their_bits() {
        let all = OpenFlags::WRITE | OpenFlags::TRUNCATE | OpenFlags::CREATE | OpenFlags::APPEND;
        assert_eq!(flags(all).to_string(), "O_WRONLY|O_CREAT|O_TRUNC|O_APPEND, 0666");
        assert_eq!(flags(OpenFlags::READ_WRITE | OpenFlags::NONBLOCK).to_string(), "O_RDWR|O_NONBLOCK");
        assert_eq!(flags(OpenFlags::READ).to_string(), "O_RDONLY");
    }

    #[test]
    fn commands_are_taken_apart() {
        assert_eq!(command(ioctl::iow::<i32>(b'k', 1)).to_string(), "_IOC(_IOC_WRITE, 0x6b, 0x1, 0x4)");
        assert_eq!(command(ioctl::io(b'k', 0)).to_string(), "_IOC(_IOC_NONE, 0x6b, 0, 0)");
        assert_eq!(command(ioctl::TCGETS).to_string(), "TCGETS");
    }

    #[test]
    fn outcomes_stand_in_a_column() {
        let line = |call: &str, result| format!("{call}{}", outcome(call.len(), result));
        assert_eq!(line("close(3)", Ok(0)), format!("close(3){}= 0", " ".repeat(32)));
        let long = "x".repeat(50);
        assert_eq!(
            line(&long, Err(Errno::ENOENT)),
            format!("{long} = -1 ENOENT (No such file or directory)")
        );
        assert_eq!(
            line(&long, Err(Errno::ERESTARTSYS)).split(" = ").nth(1).map(|told| &told[..1]),
            Some("?")
        );
        assert_eq!(events(Events::IN | Events::HANG_UP).to_string(), "POLLIN|POLLHUP");
    }
}
