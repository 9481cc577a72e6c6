//! The files of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use lab::workspace;

/// What builds leave, and what is not ours.
const LEFT_OUT: &[&str] = &["target", ".git"];

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    workspace::root().expect("the tests are in the workspace")
}

/// Every file whose name ends with one of `endings`, with its text; the paths are from the root.
pub(crate) fn ending_with(endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    files.retain(|path| endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)));
    files.sort();
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap_or_else(|why| panic!("{path:?}: {why}"));
    let relative = |path: &PathBuf| path.strip_prefix(root()).expect("it is below the root").to_path_buf();
    files.iter().map(|path| (relative(path), text(path))).collect()
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory of ours") {
        let path = entry.expect("an entry of it").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !LEFT_OUT.contains(&name.as_str()) {
            collect(&path, files);
        } else if path.is_file() {
            files.push(path);
        }
    }
}
