//! Numbers of races, as comments and pages cite them.

use kcore::races;

use crate::files;

/// Words like `R1`. Registers are written in small letters, and `CR2` is one word.
fn cited(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    words.filter(move |word| word.strip_prefix('R').is_some_and(is_number))
}

/// There is no R17, and pages may say so.
#[test]
fn every_race_that_is_cited_is_in_the_catalogue() {
    let mut strange = Vec::new();
    for (path, text) in files::ending_with(&[".rs", ".md", ".s"]) {
        for (number, line) in text.lines().enumerate() {
            let unknown = cited(line).filter(|id| races::find(id).is_none());
            let unknown = unknown.filter(|id| !line.contains(&format!("no {id}")));
            strange.extend(unknown.map(|id| format!("{}:{}: {id}", path.display(), number + 1)));
        }
    }
    assert_eq!(strange, Vec::<String>::new());
}
