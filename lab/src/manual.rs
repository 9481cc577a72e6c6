//! The command line as other programs take it: completions for shells, and pages of a manual.

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use kcore::settings::Usage;

use crate::cli;
use crate::status::Failure;

/// What completes a line in `shell`.
pub(crate) fn completions(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut cli::program(), "scullery", &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The page of the manual of the program, or of its command called `name`.
pub(crate) fn page(name: Option<&str>) -> Result<String, Failure> {
    let mut program = cli::program();
    program.build();
    let page = match name {
        None => program,
        Some(name) => {
            let command = program.find_subcommand(name).cloned().ok_or_else(|| {
                let names: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
                Failure::usage(format!("{} (try --help)", Usage::unknown("command", name, &names)))
            })?;
            let title = format!("scullery-{name}");
            command.name(title)
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text).map_err(|error| Failure::dead(format!("no page: {error}")))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
