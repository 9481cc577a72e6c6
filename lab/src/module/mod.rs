//! The reader's own driver: a module in C.
//!
//! | module | noun |
//! |---|---|
//! | [`compiler`] | gcc or clang, and how it is called |
//! | [`commands`] | the numbers that a source has for `ioctl` |
//! | [`build`] | a module made of its sources |
//! | [`makefile`] | what a folder makes |
//! | [`headers`] | `include/`: their number, and what they declare |
//! | [`lines`] | the place of an instruction in the sources |

pub mod build;
pub mod commands;
pub mod compiler;
pub mod headers;
pub mod lines;
pub mod makefile;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::session::no_file;
use crate::status::Failure;

/// What is done with a module.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Make a module of its sources in C, with gcc or clang
    Build(Build),
    /// List what the kernel offers to a module: each function and macro, what it means, and the chapter of
    /// LDD3
    Api,
}

/// Of what a module is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Build {
    /// Its sources, or a folder whose Makefile says what they are
    #[arg(required = true, value_name = "FILE.c|DIR")]
    pub sources: Vec<PathBuf>,
    /// The module [default: the name of the first source, here]
    #[arg(short = 'o', value_name = "NAME.ko")]
    pub output: Option<PathBuf>,
    /// Defines a macro, for the compiler
    #[arg(short = 'D', value_name = "NAME[=VALUE]")]
    pub define: Vec<String>,
    /// Has the compiler look for headers there, too
    #[arg(short = 'I', value_name = "DIR")]
    pub include: Vec<PathBuf>,
    /// A module that is loaded before, and exports what this one uses
    #[arg(long, value_name = "OTHER.ko")]
    pub uses: Vec<PathBuf>,
    /// What the makefile of a folder tells the compiler.
    #[arg(skip)]
    pub flags: Vec<String>,
}

/// The module in `file`, or those that are made of it, a source or a folder: the name and the bytes of each.
pub fn made(file: &Path) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    if file.is_dir() || file.extension().is_some_and(|extension| extension == "c") {
        let place = tempfile::tempdir().map_err(no_file)?;
        let modules = build::build_all(&Build::of(file), place.path())?;
        return Ok(modules.iter().map(|module| made(module)).collect::<Result<Vec<_>, _>>()?.concat());
    }
    let failed = |why: &dyn std::fmt::Display| {
        Failure::usage(format!("the module '{}' cannot be taken: {why} (try --help)", file.display()))
    };
    let name = file.file_name().filter(|_| file.extension().is_some_and(|extension| extension == "ko"));
    let name = name.ok_or_else(|| failed(&"it is neither FILE.c nor FILE.ko"))?;
    let bytes = std::fs::read(file).map_err(|error| failed(&error))?;
    Ok(vec![(name.to_string_lossy().into_owned(), bytes)])
}

/// Does it; what is to be shown.
pub fn main(command: &Command) -> Result<String, Failure> {
    match command {
        Command::Build(order) => {
            let modules = build::build_all(order, Path::new(""))?;
            let names: Vec<String> = modules.iter().map(|module| module.display().to_string()).collect();
            Ok(format!("{}: built; at the prompt: insmod", names.join(", ")))
        }
        Command::Api => headers::list(),
    }
}
