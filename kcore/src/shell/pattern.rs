//! Patterns: `*`, `?`, `[a-z]`, and the names that match one (XCU 2.13).

use crate::sort;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A character, and whether it is quoted: then it stands for itself.
pub(super) type Character = (char, bool);

/// What makes a pattern of a word, where it is not quoted.
pub(super) const BEGINNINGS: [char; 3] = ['*', '?', '['];

/// Whether there is more to `pattern` than its characters.
pub(super) fn is_pattern(pattern: &[Character]) -> bool {
    pattern.iter().any(|(c, quoted)| !quoted && BEGINNINGS.contains(c))
}

/// Whether all of `text` matches.
pub(super) fn matches(pattern: &[Character], text: &[char]) -> bool {
    // After the last `*`: where the pattern goes on, and where it began to be tried in the text.
    let mut again: Option<(usize, usize)> = None;
    let (mut at, mut from) = (0, 0);
    while from < text.len() || at < pattern.len() {
        if pattern.get(at) == Some(&('*', false)) {
            again = Some((at + 1, from));
            at += 1;
        } else if let Some(length) = text.get(from).and_then(|c| one(&pattern[at..], *c)) {
            (at, from) = (at + length, from + 1);
        } else if let Some((star, tried)) = again.filter(|(_, tried)| *tried < text.len()) {
            again = Some((star, tried + 1));
            (at, from) = (star, tried + 1);
        } else {
            return false;
        }
    }
    true
}

/// How much of the beginning of `pattern` stands for `c`, if it does.
fn one(pattern: &[Character], c: char) -> Option<usize> {
    match pattern.first()? {
        ('?', false) => Some(1),
        ('[', false) => match bracket(pattern, c) {
            Some((length, is_in)) => is_in.then_some(length),
            None => (c == '[').then_some(1),
        },
        (own, _) => (*own == c).then_some(1),
    }
}

/// The length of the bracket expression that begins here, if it has an end, and whether `c` is in it.
fn bracket(pattern: &[Character], c: char) -> Option<(usize, bool)> {
    let inverted = matches!(pattern.get(1), Some(('!' | '^', false)));
    let first = 1 + usize::from(inverted);
    let mut at = first;
    let mut is_in = false;
    loop {
        match (pattern.get(at)?, pattern.get(at + 1), pattern.get(at + 2)) {
            ((']', false), ..) if at > first => return Some((at + 1, is_in != inverted)),
            ((low, _), Some(('-', false)), Some((high, quoted))) if *quoted || *high != ']' => {
                is_in |= (*low..=*high).contains(&c);
                at += 3;
            }
            ((own, _), ..) => {
                is_in |= *own == c;
                at += 1;
            }
        }
    }
}

/// The names that match a path of patterns, sorted. `directory` tells the names in a directory; those of
/// directories end with `/`.
pub(super) fn names(pattern: &[Character], directory: &dyn Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut found = Vec::from([String::new()]);
    let components: Vec<&[Character]> = pattern.split(|(c, _)| *c == '/').collect();
    for (index, component) in components.iter().enumerate() {
        let is_last = index + 1 == components.len();
        let step = |before: String| -> Vec<String> {
            if component.is_empty() {
                return Vec::from([before + if is_last { "" } else { "/" }]);
            }
            let mut names = directory(&before);
            // `.` and `..` are in each directory, and match themselves alone.
            names.extend(["./".to_string(), "../".to_string()]);
            let shows_hidden = component[0].0 == '.';
            let fits = |name: &String| {
                let bare = name.strip_suffix('/');
                let text: Vec<char> = bare.unwrap_or(name).chars().collect();
                (is_last || bare.is_some()) && (shows_hidden || text[0] != '.') && matches(component, &text)
            };
            let whole =
                |name: String| before.clone() + if is_last { name.trim_end_matches('/') } else { &name };
            names.into_iter().filter(fits).map(whole).collect()
        };
        found = found.into_iter().flat_map(step).collect();
    }
    found.retain(|name| !name.is_empty());
    sort::any(&mut found, |a, b| a < b);
    found
}
