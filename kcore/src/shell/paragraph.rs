//! Text in lines of a width.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

/// `paragraph` in lines of at most `width` columns (longer words excepted), the first after `first`, the others after
/// `other`.
pub fn wrap(paragraph: &str, width: usize, first: &str, other: &str) -> String {
    let mut lines = vec![first.to_string()];
    let mut is_empty = true;
    for word in paragraph.split_whitespace() {
        let line = lines.last_mut().expect("there is a first line, and lines are only added");
        if is_empty {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{other}{word}"));
        }
        is_empty = false;
    }
    lines.join("\n")
}
