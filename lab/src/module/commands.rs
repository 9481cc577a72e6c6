//! The numbers that a driver's source has for `ioctl`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::compiler::Compiler;
use crate::session::no_file;
use crate::status::Failure;

/// What makes such a number (`linux/ioctl.h`).
const MAKERS: [&str; 4] = ["_IO(", "_IOR(", "_IOW(", "_IOWR("];
/// The array in which the compiler writes them down.
const ARRAY: &str = "scullery_commands";

/// The numbers of the macros that `source`, or what it includes from elsewhere than our headers, makes of
/// them. None where the source does not compile.
pub fn of(source: &Path) -> Result<Vec<u32>, Failure> {
    let compiler = Compiler::find()?;
    let said = compiler.compile(source, Path::new("-"), "commands", &["-E".into(), "-dD".into()])?;
    let names = names(&String::from_utf8_lossy(&said.stdout), compiler.include());
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let place = tempfile::tempdir().map_err(no_file)?;
    let file = place.path().join("commands.c");
    let path = fs::canonicalize(source).map_err(no_file)?;
    let mut text = format!("#include \"{}\"\nconst unsigned int {ARRAY}[] = {{", path.display());
    names.iter().for_each(|name| write!(text, "(unsigned int)({name}),").expect("a text takes all"));
    fs::write(&file, text + "};\n").map_err(no_file)?;
    let said = compiler.compile(&file, Path::new("-"), "commands", &["-S".into(), "-w".into()])?;
    Ok(numbers(&String::from_utf8_lossy(&said.stdout)))
}

/// The macros of preprocessed text that are made by one of the makers, and not in a header of ours.
fn names(text: &str, ours: &Path) -> Vec<String> {
    let mut is_ours = false;
    let mut names = Vec::new();
    for line in text.lines() {
        if let Some(file) = line.strip_prefix("# ").and_then(|line| line.split('"').nth(1)) {
            is_ours = file.starts_with('<') || Path::new(file).starts_with(ours);
        } else if let Some((name, body)) = line.strip_prefix("#define ").and_then(|line| line.split_once(' '))
            && !is_ours
            && !name.contains('(')
            && MAKERS.iter().any(|maker| body.contains(maker))
        {
            names.push(name.to_string());
        }
    }
    names
}

/// The numbers of the array in a compiler's assembly.
fn numbers(assembly: &str) -> Vec<u32> {
    let label = format!("{ARRAY}:");
    let lines = assembly.lines().skip_while(|line| *line != label).skip(1);
    // As it is signed there.
    let number = |line: &str| line.trim().strip_prefix(".long")?.trim().parse::<i64>().ok();
    lines.map_while(number).map(|number| number as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn the_commands_of_scull_are_known() {
        let source = workspace::root().unwrap().join("drivers/scull.c");
        let numbers = of(&source).unwrap();
        assert_eq!(numbers.len(), 9, "{numbers:x?}");
        assert_eq!(numbers[0], 0x6b00);
        assert!(numbers.contains(&0x6b03));
    }

    #[test]
    fn a_driver_without_commands_has_none() {
        let source = workspace::root().unwrap().join("drivers/hello.c");
        assert!(of(&source).unwrap().is_empty());
    }
}
