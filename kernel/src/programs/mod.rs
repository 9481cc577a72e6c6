//! What the command line names: each program runs, reports, and ends the machine with its status.

mod bench;
#[cfg(feature = "cases")]
mod cases;
mod compare;
mod explore;
mod matrix;
mod report;
mod run;
mod tour;

use kcore::report::{Boot, Record};
use kcore::settings::{Command, CommandLine, MachineSettings, Usage};

use crate::arch::exit::{Exit, exit};
use crate::console::com2;
use crate::kmemleak::clear_stack_below;
use crate::mm::backtrace;
use crate::mm::stacks;
use crate::{fault, println, shell};

pub(crate) use run::perform;

/// What the machine was told and what the boot has found. It is here and not in the frame of the boot, which
/// is searched for references no more.
static TOLD: spin::Once<CommandLine> = spin::Once::new();
static BOOT: spin::Once<Boot> = spin::Once::new();

/// Keeps what the machine was told. In a frame of the boot: each place through which it is moved keeps a copy
/// of its addresses, and in the frame of [`main`] these would count.
pub fn keep(line: CommandLine) -> &'static CommandLine {
    TOLD.call_once(|| line)
}

/// Runs the program that `line` names and ends the machine with its status. Interrupts are off until `rest`
/// was called, which makes the machine whole: it starts the other CPUs, of `listed` in all.
#[inline(never)]
pub fn main(line: &'static CommandLine, listed: u32, rest: &dyn Fn(&MachineSettings) -> Boot) -> ! {
    stacks::boot_is_over(backtrace::frame_pointer());
    let rest = || complete(&line.machine, rest);
    let status = match &line.command {
        Command::Shell => Ok(shell::main(&line.machine, listed, rest)),
        command => {
            let boot = rest();
            clear_stack_below();
            perform_command(command, line, boot)
        }
    };
    exit(status.unwrap_or_else(|usage: Usage| {
        println!("scullery: {usage}");
        Exit::Usage
    }))
}

/// What the machine was told, and its boot, of a machine that is whole.
pub(crate) fn told() -> (&'static MachineSettings, &'static Boot) {
    let told = TOLD.get().map(|line| &line.machine);
    told.zip(BOOT.get()).expect("programs run on a machine that is whole")
}

/// Makes the machine whole. In a frame of its own: what lies about in it is not to be in the frame in which
/// everything else happens, which is searched for references.
#[inline(never)]
fn complete(machine: &'static MachineSettings, rest: &dyn Fn(&MachineSettings) -> Boot) -> &'static Boot {
    let boot = BOOT.call_once(|| rest(machine));
    com2::record(&Record::Boot(boot.clone()));
    boot
}

/// Begins in a stack that was cleared.
#[inline(never)]
fn perform_command(
    command: &Command,
    line: &'static CommandLine,
    boot: &'static Boot,
) -> Result<Exit, Usage> {
    let CommandLine { run: settings, machine, .. } = line;
    match command {
        Command::Tour => tour::main(settings, boot),
        Command::Run(name) => run::main(name, settings, machine, boot),
        Command::Explore(name) => explore::main(name, settings, boot),
        Command::Replay(string) => explore::replay(string, settings, boot),
        #[cfg(feature = "cases")]
        Command::Test(filter) => cases::main(filter.as_deref(), settings.seed),
        #[cfg(feature = "cases")]
        Command::FailAllocations(filter) => Ok(shell::fail_allocations(filter.as_deref(), line, boot)),
        #[cfg(not(feature = "cases"))]
        Command::Test(_) | Command::FailAllocations(_) => {
            Err(Usage::new("this kernel is built without its test cases: cargo run -- test"))
        }
        Command::Bench => Ok(bench::main(boot)),
        Command::BenchHeap => Ok(bench::heap(boot)),
        Command::Fault(fault) => fault::main(*fault),
        Command::Matrix(name) => matrix::main(name.as_deref(), settings, boot),
        Command::Shell => unreachable!("it does not wait for the boot"),
    }
}
