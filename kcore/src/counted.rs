//! A number and its noun.

use core::fmt;

/// `1 task`, `2 tasks`.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a>(
    /// How many.
    pub u64,
    /// One of them: with an s they are several.
    pub &'a str,
);

impl fmt::Display for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counted(number, noun) = self;
        write!(f, "{number} {noun}{}", if *number == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn one_has_no_s() {
        assert_eq!(
            [0, 1, 2].map(|number| format!("{}", Counted(number, "CPU"))),
            ["0 CPUs", "1 CPU", "2 CPUs"]
        );
    }
}
