//! The list of decisions.

use crate::files;

const LIST: &str = "docs/decisions/README.md";

#[test]
fn every_decision_is_listed_by_its_number_and_its_title() {
    let files = files::ending_with(&[".md"]);
    let decisions: Vec<_> = files.iter().filter(|(path, _)| path.starts_with("docs/decisions")).collect();
    let (_, list) = decisions.iter().find(|(path, _)| path.ends_with("README.md")).expect(LIST);
    let lines: Vec<&str> =
        list.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).collect();
    let mut wanted = Vec::new();
    for (path, text) in decisions.iter().filter(|(path, _)| !path.ends_with("README.md")) {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let heading = text.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        let (number, title) = heading.split_once(". ").unwrap_or_else(|| panic!("{file}: {heading}"));
        assert_eq!(file.split('-').next(), Some(format!("{number:0>4}").as_str()), "{file}: {heading}");
        wanted.push(format!("{number}. [{title}]({file})"));
    }
    assert_eq!(lines, wanted);
}
