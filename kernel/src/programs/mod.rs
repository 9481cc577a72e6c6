//! What the command line names.

mod bench;
mod fault;

use kcore::report::{Boot, Record};
use kcore::settings::{Command, Settings};

use crate::arch::exit::{Exit, exit};
use crate::console::com2;
use crate::println;

/// Runs the program that `settings` name and ends the machine with its status.
pub fn main(settings: &Settings, boot: Boot) -> ! {
    com2::record(&Record::Boot(boot.clone()));
    for phase in &boot.phases {
        println!("{:>10} {}", phase.name, phase.cycles);
    }
    println!("{} of {} CPUs, tsc {} Hz", boot.cpus, boot.cpus_expected, boot.tsc_hz);
    match &settings.command {
        Command::Bench => bench::run(&boot),
        Command::Fault(fault) => fault::run(*fault),
        _ => exit(Exit::Success),
    }
}
