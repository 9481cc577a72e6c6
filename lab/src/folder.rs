//! What a shell is given of the host: the files of a folder, and the arguments of a script.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use kcore::bundle;
use tempfile::NamedTempFile;

use crate::module;
use crate::session::no_file;
use crate::status::Failure;

/// Most bytes that a machine is given: it takes them one by one.
const MOST: usize = 4 << 20;

/// A file with all files of a folder, and of those in it, and with modules: each a `NAME.ko`, or a source or
/// folder of which some are made. Names that begin with a dot are left out. Nothing when there is neither.
pub fn bundle(folder: Option<&Path>, modules: &[PathBuf]) -> Result<Option<NamedTempFile>, Failure> {
    if folder.is_none() && modules.is_empty() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    if let Some(folder) = folder {
        add(&mut bytes, folder, "").map_err(|why| {
            Failure::usage(format!("the folder '{}' cannot be shown: {why} (try --help)", folder.display()))
        })?;
    }
    for file in modules {
        for (name, module) in module::made(file)? {
            bundle::add(&mut bytes, &name, &module);
        }
    }
    file_of(&bytes).map(Some)
}

fn add(bytes: &mut Vec<u8>, folder: &Path, above: &str) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    let mut entries: Vec<_> = fs::read_dir(folder).map_err(said)?.collect::<Result<_, _>>().map_err(said)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().map_err(|name| format!("{name:?} is no text"))?;
        let kind = fs::metadata(entry.path()).map_err(said)?;
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{above}{name}");
        if kind.is_dir() {
            add(bytes, &entry.path(), &format!("{path}/"))?;
        } else if kind.is_file() {
            if bytes.len() as u64 + kind.len() > MOST as u64 {
                return Err(format!("there are more than {} MiB in it", MOST >> 20));
            }
            bundle::add(bytes, &path, &fs::read(entry.path()).map_err(said)?);
        }
    }
    Ok(())
}

/// A file with a script's name and its arguments, with a zero after each.
pub fn arguments(script: &Path, arguments: &[String]) -> Result<NamedTempFile, Failure> {
    let name = script.display().to_string();
    file_of(
        [&[name], arguments].concat().iter().map(|word| format!("{word}\0")).collect::<String>().as_bytes(),
    )
}

fn file_of(bytes: &[u8]) -> Result<NamedTempFile, Failure> {
    let mut file = NamedTempFile::new().map_err(no_file)?;
    file.write_all(bytes).map_err(no_file)?;
    Ok(file)
}
