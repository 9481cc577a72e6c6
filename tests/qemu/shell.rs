//! The shell: lines that are typed by a pipe, scripts, and what both end with.

mod company;
mod lines;
mod load;
mod reader;
mod session;

use std::io::Write;

use kcore::settings::Config;
use kcore::shell::width::QUESTION;
use lab::machine::Machine;
use lab::session::Outcome;
use lab::status::{Failure, Status};
use libtest_mimic::Trial;
use tests::case::kernel;
use tests::ensure::{Answer, contains, holds, lacks, same};

use company::BESIDE;
use lines::{SCRIPTS, TYPED};

pub(crate) fn trials() -> Vec<Trial> {
    let mut all: Vec<Trial> = TYPED
        .iter()
        .map(|(name, lines, status, says)| {
            Trial::test(format!("shell::typed::{name}"), move || Ok(typed(lines, *status, says)?))
        })
        .collect();
    all.extend(SCRIPTS.iter().chain(reader::OFFERED).map(|(name, lines, status, says)| {
        Trial::test(format!("shell::script::{name}"), move || Ok(script(lines, *status, says)?))
    }));
    all.extend(BESIDE.iter().map(|(name, cpus, lines, says)| {
        Trial::test(format!("shell::beside::{name}"), move || Ok(beside(*cpus, lines, says)?))
    }));
    all.extend(load::trials());
    all.push(session::trial());
    all.extend([
        Trial::test("shell::interrupt::loop", || Ok(interrupt("while :; do :; done")?)),
        Trial::test("shell::interrupt::loop-of-commands", || {
            Ok(interrupt("for i in 1 2; do sleep 100; done | cat")?)
        }),
        Trial::test("shell::interrupt::substitution", || Ok(interrupt("x=$(cat /dev/zero)")?)),
        Trial::test("shell::interrupt::script", || Ok(interrupt("( { sleep 100; } > /dev/null )")?)),
        Trial::test("shell::interrupt::read", || Ok(interrupt("read line")?)),
        Trial::test("shell::interrupt::log", || Ok(interrupt("dmesg -w")?)),
        Trial::test("shell::another-width", || Ok(another_width()?)),
        Trial::test("shell::beside::reader", || Ok(beside_a_reader()?)),
        Trial::test("shell::interrupt::fire-beside-busy", || Ok(interrupt_beside_busy()?)),
        Trial::test("shell::interrupt::sleep", || Ok(interrupt("sleep 100")?)),
        Trial::test("shell::interrupt::reader", || Ok(interrupt("cat")?)),
        Trial::test("shell::interrupt::pipeline", || Ok(interrupt("cat | wc | cat")?)),
        Trial::test("shell::interrupt::long-pipeline", || {
            Ok(interrupt(&("cat | ".repeat(40) + "sleep 100"))?)
        }),
        Trial::test("shell::interrupt::redirected", || Ok(interrupt("sleep 100 & wait > /dev/null")?)),
        Trial::test("shell::interrupt::wait", || Ok(interrupt("sleep 100 & wait")?)),
        Trial::test("shell::interrupt::run", || Ok(interrupt("run counter rounds=1000000")?)),
        Trial::test("shell::interrupt::busy", || Ok(interrupt("cat /dev/zero > /dev/null")?)),
        Trial::test("shell::oops-without-preemption", || Ok(oops_without_preemption()?)),
    ]);
    all
}

pub(crate) fn told(failure: Failure) -> String {
    failure.message
}

pub(crate) fn machine(words: &str) -> Result<Machine, String> {
    Ok(Machine::new(kernel(Config::Full).map_err(told)?).command(words))
}

/// Types all of `lines` at once, as a pipe does.
fn typed(lines: &str, status: Status, says: &[&str]) -> Answer {
    let mut session = machine("shell timeout=40")?.typed().start().map_err(told)?;
    session.type_in(lines).map_err(told)?;
    session.hang_up();
    while session.line().is_some() {}
    let outcome = session.finish().map_err(told)?;
    judge(&outcome, status, says)?;
    let greets = outcome.com1.contains("help: the commands; list: the experiments");
    holds("the shell greets", greets)
}

fn script(lines: &str, status: Status, says: &[&str]) -> Answer {
    script_on(Config::Full, lines, status, says)
}

fn script_on(config: Config, lines: &str, status: Status, says: &[&str]) -> Answer {
    let machine = Machine::new(kernel(config).map_err(told)?).command("shell timeout=40");
    let outcome = follow(machine, lines)?;
    judge(&outcome, status, says)?;
    lacks(&outcome.com1, "scullery#")?;
    lacks(&outcome.com1, "never")
}

/// Has the machine follow a script of `lines`.
pub(crate) fn follow(machine: Machine, lines: &str) -> Result<Outcome, String> {
    let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    file.write_all(lines.as_bytes()).map_err(|error| error.to_string())?;
    machine.script(file.path()).run().map_err(told)
}

/// The script ends well on a machine of `cpus` CPUs, whose other jobs are killed at its end.
fn beside(cpus: u32, lines: &str, says: &[&str]) -> Answer {
    let outcome = follow(machine(&format!("shell cpus={cpus} timeout=100"))?, lines)?;
    judge(&outcome, Status::Expected, says)
}

/// A run comes to its end while the prompt waits for the next line.
fn beside_a_reader() -> Answer {
    let mut session = machine("shell cpus=2 timeout=100")?.typed().start().map_err(told)?;
    session.type_in("run lost-wakeup lock=none probe=script &\n").map_err(told)?;
    while let Some(line) = session.line() {
        if line.contains("verdict:") {
            session.type_in("wait; exit 0\n").map_err(told)?;
        }
    }
    let outcome = session.finish().map_err(told)?;
    judge(&outcome, Status::Expected, &[])?;
    holds("the run is stuck", outcome.com1.contains("verdict: stuck (as expected: stuck)"))
}

/// A terminal that has become wider says so when it is asked.
fn another_width() -> Answer {
    let mut session = machine("shell timeout=40 columns=20 input=terminal")?.typed().start().map_err(told)?;
    // The second answer is of a question that is due again.
    session.type_in("ls /dev\n").map_err(told)?;
    session.type_in("\x1b[24;100Rls /dev; exit 0\n").map_err(told)?;
    while session.line().is_some() {}
    let outcome = session.finish().map_err(told)?;
    judge(&outcome, Status::Expected, &["console  full     null     random   tty      urandom  zero"])?;
    contains(&outcome.com1, QUESTION)
}

/// Ctrl-C ends a run whose tasks lose their only CPU at points, and not by time, while another job is busy
/// there.
fn interrupt_beside_busy() -> Answer {
    interrupt_on(
        "shell cpus=1 timeout=100",
        "cat /dev/zero > /dev/null & run preempt lock=none rounds=1000000",
    )
}

pub(crate) fn judge(outcome: &Outcome, status: Status, says: &[&str]) -> Answer {
    let all = |why: String| format!("{why}\n{outcome}");
    same("the exit status", outcome.status, status).map_err(all)?;
    same("what contradicts itself in the report", &outcome.report.problems, &Vec::new()).map_err(all)?;
    let mut lines = outcome.com1.lines();
    for line in says {
        holds(&format!("it says, in its turn: {line}"), lines.any(|said| said.trim_end() == *line))
            .map_err(all)?;
    }
    Ok(())
}

/// Ctrl-C ends `command`, and the prompt is there again with nothing left behind.
fn interrupt(command: &str) -> Answer {
    interrupt_on("shell timeout=40", command)
}

fn interrupt_on(words: &str, command: &str) -> Answer {
    let mut session = machine(words)?.typed().start().map_err(told)?;
    // Once this is said, Ctrl-C is a signal, and what is not started yet will not be.
    session.type_in(&format!("echo begun; {command}\n")).map_err(told)?;
    while let Some(line) = session.line() {
        match line.as_str() {
            "begun" => {
                std::thread::sleep(std::time::Duration::from_millis(200));
                session.type_in("\x03").map_err(told)?;
            }
            "^C" => session.type_in("echo status $?; ps | wc -l; kill %1; exit 0\n").map_err(told)?,
            _ => {}
        }
    }
    let outcome = session.finish().map_err(told)?;
    judge(&outcome, Status::Expected, &["begun", "^C", "status 130"])
}

/// A kernel that does not count its locks knows otherwise that a task may die alone, and that nothing leads
/// its last words into the driver that it died of.
fn oops_without_preemption() -> Answer {
    let lines = "insmod faulty\nrun counter > /dev/faulty; echo $?\nkill abc 2> /dev/faulty; echo $?\n\
                 true && kill abc 2> /dev/faulty & wait $!; echo alive $?\n";
    script_on(Config::Smp, lines, Status::Expected, &["139", "139", "alive 139"])
}
