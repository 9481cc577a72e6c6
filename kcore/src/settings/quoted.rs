//! A text as a word of a shell.

use alloc::format;
use alloc::string::{String, ToString};

/// The word that stands for this text, whatever is in it.
pub fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_plain_is_quoted() {
        let words = ["true", "/dev/scull0", "", "a b", "echo 'a b'"].map(quoted);
        assert_eq!(words, ["true", "/dev/scull0", "''", "'a b'", "'echo '\\''a b'\\'''"]);
    }
}
