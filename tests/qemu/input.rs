//! What is typed on COM1 arrives: through the I/O APIC, at a task that sleeps.

use kcore::settings::Config;
use lab::build::Executable;
use lab::machine::Machine;
use lab::status::{Failure, Status};
use libtest_mimic::Trial;
use tests::case::executable;
use tests::ensure::{Answer, same};

pub(crate) fn trials() -> Vec<Trial> {
    ["cpus=1", "cpus=4", "cpus=4 machine=q35", "cpus=2 machine=pc", "cpus=2 accel=icount"]
        .map(|words| {
            Trial::test(format!("input::echo::{}", words.replace(' ', "-")), move || Ok(echo(words)?))
        })
        .into()
}

/// Types three lines, each when the last one was echoed: one of them is longer than the port's buffer.
fn echo(words: &str) -> Answer {
    let told = |failure: Failure| failure.message;
    let line = format!("test console::echo timeout=20 {words}");
    let machine =
        Machine::new(executable(Executable::Cases, Config::Full).map_err(told)?).command(&line).typed();
    let mut session = machine.start().map_err(told)?;
    let long = "long ".repeat(40);
    let lines = ["first", &long, ""];
    let mut typed = lines.iter();
    while let Some(line) = session.line() {
        if line == "type a line" || line.starts_with("typed: ") {
            let next = typed.next().map_or(String::new(), |text| format!("{text}\n"));
            session.type_in(&next).map_err(told)?;
        }
    }
    let outcome = session.finish().map_err(told)?;
    let echoed: Vec<&str> = outcome.com1.lines().filter_map(|line| line.strip_prefix("typed: ")).collect();
    same("the exit status", outcome.status, Status::Expected)?;
    same("the lines", echoed, lines.to_vec())
}
