//! Links from page to page.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use lab::documents::text::anchor;

use crate::files::{self, root};

/// The lines of a page that are prose, with their numbers: code in fences and in backquotes left out.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fenced = false;
    let lines = text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        !fenced && !is_fence
    });
    lines.map(|(number, line)| (number + 1, line.split('`').step_by(2).collect::<Vec<_>>().join("``")))
}

/// Where the links of a line lead: what stands between `](` and `)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The anchors of a page.
fn anchors(text: &str) -> Vec<String> {
    let mut fenced = false;
    let headings = text.lines().filter(move |line| {
        fenced ^= line.trim_start().starts_with("```");
        !fenced && line.starts_with('#')
    });
    headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
}

/// `page` and a link in it: the file that is meant, from the root.
fn resolve(page: &Path, target: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(target).components() {
        match part {
            Component::ParentDir => _ = path.pop(),
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

#[test]
fn every_link_leads_to_a_file_and_to_a_section_of_it() {
    let pages: BTreeMap<PathBuf, String> = files::ending_with(&[".md"]).into_iter().collect();
    let mut dead = Vec::new();
    for (page, text) in &pages {
        for (number, line) in prose(text) {
            for target in targets(&line).filter(|target| !target.contains("://")) {
                let (file, section) = target.split_once('#').unwrap_or((target, ""));
                let meant = if file.is_empty() { page.clone() } else { resolve(page, file) };
                let has_section =
                    || pages.get(&meant).is_none_or(|text| anchors(text).iter().any(|it| it == section));
                if !root().join(&meant).exists() || !(section.is_empty() || has_section()) {
                    dead.push(format!("{}:{number}: {target}", page.display()));
                }
            }
        }
    }
    assert_eq!(dead, Vec::<String>::new());
}

/// A page that no other one leads to is not found.
#[test]
fn every_page_of_docs_is_in_the_index() {
    let index = std::fs::read_to_string(root().join("docs/README.md")).expect("the index of docs");
    for (page, _) in files::ending_with(&[".md", ".svg"]) {
        let Ok(name) = page.strip_prefix("docs") else { continue };
        let of_decisions = name.starts_with("decisions") && !name.ends_with("README.md");
        if name != Path::new("README.md") && !of_decisions {
            assert!(index.contains(&format!("]({})", name.display())), "{}", page.display());
        }
    }
}

/// The front page is read in one go.
#[test]
fn the_readme_has_150_lines_at_most() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the front page");
    assert!(readme.lines().count() <= 150, "{} lines", readme.lines().count());
}
