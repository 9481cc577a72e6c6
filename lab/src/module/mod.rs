//! The reader's own driver: a module in C.
//!
//! | module | noun |
//! |---|---|
//! | [`compiler`] | gcc or clang, and how it is called |
//! | [`build`] | a module made of its sources |
//! | [`headers`] | `include/`: their number, and what they declare |
//! | [`lines`] | the place of an instruction in the sources |

pub mod build;
pub mod compiler;
pub mod headers;
pub mod lines;

use std::path::PathBuf;

use clap::Subcommand;

use crate::status::Failure;

/// What is done with a module.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Make a module of its sources in C, with gcc or clang
    Build(Build),
    /// List what the kernel offers to a module: each function and macro, what it means, and the chapter of LDD3
    Api,
}

/// Of what a module is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Build {
    /// Its sources
    #[arg(required = true, value_name = "FILE.c")]
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
}

/// Does it; what is to be shown.
pub fn main(command: &Command) -> Result<String, Failure> {
    match command {
        Command::Build(order) => {
            let module = order.output.clone().unwrap_or_else(|| order.default_output());
            build::build(order, &module)?;
            Ok(format!("{}: built; at the prompt: insmod", module.display()))
        }
        Command::Api => headers::list(),
    }
}
