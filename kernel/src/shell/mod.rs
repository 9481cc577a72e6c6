//! The shell on COM1: a prompt, jobs, and commands.
//!
//! What a script means, what follows what in it, and how a line is edited is in `kcore::shell`; here it is
//! done.
//!
//! | file | noun |
//! |---|---|
//! | `program` | the program `shell`: greeting, lines or a script, exit status; a shell for tests |
//! | `state` | `Shell`: what a shell knows |
//! | `execute` | scripts, pipelines, and shells of their own for parts of them |
//! | `system` | the machine, as the interpreter of scripts has it |
//! | `builtin` | commands that run in the shell's own task |
//! | `checked` | what is tried with a driver by itself, and what is found |
//! | `explored` | what tasks type, in every order of its steps |
//! | `stage` | one command of a pipeline, as a process |
//! | `running` | a pipeline that runs, and how it ends |
//! | `jobs` | what runs in the background |
//! | `names` | what the names are that Tab completes |
//! | `commands` | all commands |
//! | `failing` | the program `test fail-allocations`: all of that without memory |

mod builtin;
mod checked;
mod commands;
mod execute;
mod explored;
#[cfg(feature = "cases")]
mod failing;
mod jobs;
mod names;
mod program;
mod running;
mod stage;
mod state;
mod system;

#[cfg(feature = "cases")]
pub use failing::main as fail_allocations;
pub(crate) use program::Rehearsal;
pub use program::main;
use state::Shell;
