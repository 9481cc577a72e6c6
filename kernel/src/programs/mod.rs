//! What the command line names: each program runs, reports, and ends the machine with its status.

mod bench;
mod cases;
mod compare;
pub(crate) mod fault;
mod matrix;
mod report;
mod run;
mod tour;

use kcore::report::{Boot, Record};
use kcore::settings::{Command, Settings, Usage};

use crate::arch::exit::{Exit, exit};
use crate::console::com2;
use crate::{println, shell};

pub(crate) use run::perform;

/// Runs the program that `settings` name and ends the machine with its status.
pub fn main(settings: &Settings, boot: &Boot) -> ! {
    com2::record(&Record::Boot(boot.clone()));
    let status = match &settings.command {
        Command::Tour => tour::main(settings, boot),
        Command::Run(name) => run::main(name, settings, boot),
        Command::Test(filter) => cases::main(filter.as_deref()),
        Command::Bench => Ok(bench::main(boot)),
        Command::Fault(fault) => fault::main(*fault),
        Command::Matrix(name) => matrix::main(name.as_deref(), settings, boot),
        Command::Shell => Ok(shell::main(settings, boot)),
    };
    exit(status.unwrap_or_else(|usage: Usage| {
        println!("{usage}");
        Exit::Usage
    }))
}
