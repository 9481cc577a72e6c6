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

use crate::arch::backtrace;
use crate::arch::exit::{Exit, exit};
use crate::console::com2;
use crate::mm::kmemleak::clean;
use crate::mm::stacks;
use crate::{println, shell};

pub(crate) use run::perform;

/// What the machine was told and what the boot has found. It is here and not in the frame of the boot, which is searched for
/// references no more.
static GIVEN: spin::Once<(Settings, Boot)> = spin::Once::new();

/// Runs the program that `settings` name and ends the machine with its status.
#[inline(never)]
pub fn main(settings: Settings, boot: Boot) -> ! {
    let (settings, boot) = GIVEN.call_once(|| (settings, boot));
    stacks::boot_is_over(backtrace::frame_pointer());
    clean::clear_stack_below();
    tell(boot);
    let status = match &settings.command {
        Command::Tour => tour::main(settings, boot),
        Command::Run(name) => run::main(name, settings, boot),
        Command::Test(filter) => cases::main(filter.as_deref(), settings.seed),
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

/// A frame of its own: what is lost of this must not lie about in the frame in which everything happens.
#[inline(never)]
fn tell(boot: &Boot) {
    com2::record(&Record::Boot(boot.clone()));
}
