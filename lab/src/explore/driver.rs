//! A driver in C, and what tasks do with it: what a machine is told that makes all orders of that.

use std::io::Write;
use std::path::Path;

use kcore::settings::{quoted, time_to_search};
use tempfile::NamedTempFile;

use crate::cli::{Explored, Options};
use crate::folder;
use crate::module::commands;
use crate::options::Told;
use crate::session::no_file;
use crate::status::Failure;

/// Options that say how many executions are made, and what is to be found.
const LIMITS: [&str; 2] = ["limit", "expect"];

/// What the machine is told: what is about executions is for its shell.
pub fn machine(options: &Options) -> Told {
    let mut told = options.told.clone();
    told.0.retain(|(key, _)| !LIMITS.contains(key));
    match told.word("cpus") {
        Some(_) => told,
        None => told.with(vec![("cpus", "1".to_string())]),
    }
}

/// The same for one that is checked: with these numbers for ioctl, and those that its source has.
pub fn checked(
    module: &Path,
    ioctl: &[String],
    trials: bool,
    options: &Options,
) -> Result<(NamedTempFile, NamedTempFile), Failure> {
    let files =
        folder::bundle(None, &[module.to_path_buf()])?.ok_or_else(|| Failure::usage("which module?"))?;
    let is_source = module.extension().is_some_and(|extension| extension == "c");
    let own = if is_source { commands::of(module)? } else { Vec::new() };
    let numbers = ioctl.iter().cloned().chain(own.iter().map(|number| format!("{number:#x}")));
    let numbers: String = numbers.map(|number| format!(" --ioctl {}", quoted(&number))).collect();
    let again = again(module);
    let (name, told) = (name_of(module), if trials { " -v" } else { "" });
    let seconds = seconds(options);
    let again = quoted(&again);
    let text = format!(
        "insmod /mnt/*.ko || exit 2\ncheck {name}{told}{numbers} --seconds {seconds} --again {again}\n"
    );
    Ok((script_of(&text)?, files))
}

/// For how long is searched: before the machine is given up, there is time to tell what is known.
fn seconds(options: &Options) -> u64 {
    time_to_search(options.told.word("timeout").and_then(|word| word.parse().ok())) / 1000
}

/// What is typed to explore it, but for what is done with it.
fn again(module: &Path) -> String {
    format!("cargo run -- explore --module {}", quoted(&module.display().to_string()))
}

/// What the module made of a source is called.
fn name_of(module: &Path) -> String {
    module.file_stem().unwrap_or_default().to_string_lossy().replace('-', "_")
}

fn script_of(text: &str) -> Result<NamedTempFile, Failure> {
    let mut script = NamedTempFile::new().map_err(no_file)?;
    script.write_all(text.as_bytes()).map_err(no_file)?;
    Ok(script)
}

/// The script for the machine's shell, and what is at `/mnt` for it: the module.
pub fn made(driver: &Explored, options: &Options) -> Result<(NamedTempFile, NamedTempFile), Failure> {
    let module = driver.module.as_deref().unwrap_or(Path::new(""));
    let files =
        folder::bundle(None, &[module.to_path_buf()])?.ok_or_else(|| Failure::usage("which module?"))?;
    Ok((script_of(&text(driver, module, options))?, files))
}

fn text(driver: &Explored, module: &Path, options: &Options) -> String {
    let name = name_of(module);
    let option = |key: &str, value: &str| format!(" --{key} {}", quoted(value));
    let optional =
        |key: &str, value: Option<&str>| value.map_or_else(String::new, |value| option(key, value));
    let what: String = driver.task.iter().map(|line| option("task", line)).collect();
    let lines = [("setup", &driver.setup), ("after", &driver.after), ("check", &driver.check)];
    let lines = lines.map(|(key, line)| optional(key, line.as_deref())).concat();
    let flags = [(" --keep-open", driver.keep_open), (" --atomic", driver.atomic)];
    let flags: String = flags.into_iter().filter(|(_, is_given)| *is_given).map(|(flag, _)| flag).collect();
    let what = what + &lines + &flags;
    let again = again(module);
    let limits: String = LIMITS.iter().map(|key| optional(key, options.told.word(key))).collect();
    let schedule =
        optional("schedule", driver.schedule.as_deref()) + &optional("fail", driver.fail.as_deref());
    let seconds = seconds(options);
    let again = quoted(&again);
    format!(
        "insmod /mnt/*.ko || exit 2\nexplore {name}{what}{limits}{schedule} --seconds {seconds} --again {again}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_told_each_line_as_one_word() {
        let driver = Explored {
            module: Some("drivers/scull.c".into()),
            task: vec!["echo 'a b' > /dev/scull0".into(), "true".into()],
            check: Some("test 1 = 1".into()),
            ..Explored::default()
        };
        let told = text(&driver, Path::new("drivers/my-scull.c"), &Options::default());
        assert!(told.starts_with("insmod /mnt/*.ko || exit 2\nexplore my_scull "));
        assert!(told.contains(
            "--task 'echo '\\''a b'\\'' > /dev/scull0' --task true --check 'test 1 = 1' --seconds 45 --again '"
        ));
    }
}
