//! The groups that a device can be of: `/etc/group`. No user is in one, so what a mode allows its group is
//! allowed to no user that is not allowed it otherwise.

use alloc::string::String;

use super::Generated;

/// Their names and numbers, as Debian has them.
const ALL: [(&str, u32); 3] = [("root", 0), ("tty", 5), ("staff", 50)];

/// The number of a group, which is written as that or by its name.
pub fn number(word: &str) -> Option<u32> {
    let known = ALL.iter().find(|(name, _)| *name == word);
    known.map(|(_, number)| *number).or_else(|| word.parse().ok())
}

/// The name of a group, or else its number.
pub fn name(number: u32) -> String {
    let known = ALL.iter().find(|(_, known)| *known == number);
    known.map_or_else(|| alloc::format!("{number}"), |(name, _)| String::from(*name))
}

pub(super) fn file() -> Generated {
    Generated::new(|| Ok(ALL.map(|(name, number)| alloc::format!("{name}:x:{number}:\n")).concat()))
}
