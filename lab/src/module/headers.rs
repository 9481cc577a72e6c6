//! `include/`: what the kernel offers to a module.
//!
//! Each header says it where it is declared: a comment `/*: 5 What it means */` stands above the names that
//! it is about, up to the next empty line. The number is a chapter of LDD3.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use kcore::module::abi;

use crate::status::Failure;
use crate::workspace;

/// Some names, and what they mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The header: `linux/slab.h`.
    pub header: String,
    /// `kmalloc`, `struct file`.
    pub names: Vec<String>,
    /// The chapter of LDD3.
    pub chapter: u32,
    /// In a few words.
    pub meaning: String,
}

/// The number of the headers in `include`, which a module and its kernel have in common.
pub fn number(include: &Path) -> Result<u64, Failure> {
    let files = files(include)?;
    Ok(abi::number(files.iter().map(|(path, text)| (path.as_str(), text.as_bytes()))))
}

/// All headers by path, with their texts.
fn files(include: &Path) -> Result<Vec<(String, String)>, Failure> {
    let failed =
        |path: &Path, error: &dyn std::fmt::Display| Failure::dead(format!("{}: {error}", path.display()));
    let (mut files, mut left) = (Vec::new(), vec![PathBuf::from(include)]);
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(&dir).map_err(|error| failed(&dir, &error))? {
            let path = entry.map_err(|error| failed(&dir, &error))?.path();
            if path.is_dir() {
                left.push(path);
            } else if let (Ok(name), true) =
                (path.strip_prefix(include), path.extension().is_some_and(|it| it == "h"))
            {
                let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
                files.push((name.to_string_lossy().replace('\\', "/"), text));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// What is offered, by header.
pub fn entries() -> Result<Vec<Entry>, Failure> {
    let files = files(&workspace::root()?.join("include"))?;
    Ok(files.iter().flat_map(|(header, text)| read(header, text)).collect())
}

fn read(header: &str, text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut is_about = false;
    for line in text.lines() {
        if let Some(about) = line.strip_prefix("/*: ") {
            let (chapter, meaning) = about.trim_end_matches("*/").split_once(' ').unwrap_or(("", about));
            let chapter = chapter.parse().unwrap_or(0);
            let meaning = meaning.trim().to_string();
            entries.push(Entry { header: header.to_string(), names: Vec::new(), chapter, meaning });
            is_about = true;
        } else if line.is_empty() {
            is_about = false;
        } else if let (true, Some(entry), Some(name)) = (is_about, entries.last_mut(), name(line))
            && !entry.names.contains(&name)
        {
            entry.names.push(name);
        }
    }
    entries.retain(|entry| !entry.names.is_empty());
    entries
}

/// The name that a line declares, if it is one for others.
fn name(line: &str) -> Option<String> {
    let word = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
        Some(text[..end].to_string()).filter(|name| !name.is_empty() && !name.starts_with("__scullery"))
    };
    if let Some(rest) = line.strip_prefix("#define ") {
        return word(rest).filter(|name| !name.starts_with("___"));
    }
    if let Some(rest) = line.strip_prefix("struct ").filter(|_| line.contains('{')) {
        return word(rest).map(|name| format!("struct {name}"));
    }
    if let Some(rest) = line.strip_prefix("typedef ") {
        let last = rest.trim_end_matches(';').rsplit([' ', '*', '}']).next()?;
        return word(last);
    }
    if let Some(variable) = line.strip_prefix("extern ").filter(|_| !line.contains('(')) {
        return word(variable.trim_end_matches(';').rsplit([' ', '*']).next()?)
            .filter(|name| !name.starts_with("__"));
    }
    if line.starts_with([' ', '\t', '#', '}', '{', '/']) {
        return None;
    }
    let (before, _) = line
        .split_once('(')
        .filter(|_| !line.starts_with("__printf") && !line.starts_with("__ATOMIC"))
        .or_else(|| line.split_once(") ")?.1.split_once('('))?;
    word(before.rsplit([' ', '*']).next()?)
}

/// The list, for a terminal.
pub fn list() -> Result<String, Failure> {
    let mut text = String::new();
    let mut header = String::new();
    for entry in entries()? {
        if entry.header != header {
            header.clone_from(&entry.header);
            let _ = writeln!(text, "\n<{header}>");
        }
        let _ = writeln!(
            text,
            "  {}\n      {} (LDD3 ch. {})",
            entry.names.join(" "),
            entry.meaning,
            entry.chapter
        );
    }
    Ok(text)
}
