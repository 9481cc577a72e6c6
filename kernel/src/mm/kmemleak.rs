//! kmemleak, exact: all CPUs stop, everything that can hold an address is searched, and what nobody refers to is a leak.

use alloc::string::String;

use kcore::errno::Errno;

/// Does what is written to `/sys/kernel/debug/kmemleak`: `scan`, `clear`, `off`, `stack=on`, `stack=off`, `scan=on`,
/// `scan=off`, `scan=SECS`, `dump=ADDR` (Linux: Documentation/dev-tools/kmemleak.rst). [`Errno::EINVAL`] for anything else.
pub fn control(_words: &str) -> Result<(), Errno> {
    Err(Errno::EINVAL)
}

/// The text of `/sys/kernel/debug/kmemleak`: the unreferenced objects of the last scan.
pub fn report() -> String {
    String::new()
}
