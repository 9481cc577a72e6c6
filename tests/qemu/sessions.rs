//! Sessions of the shell that are more than lines and what comes of them.

use std::io::Write;

use kcore::settings::Config;
use lab::session::Outcome;
use lab::status::Status;
use libtest_mimic::Trial;
use tempfile::NamedTempFile;
use tests::case::kernel;
use tests::ensure::{Answer, contains, holds, same};

use crate::shell::{machine, told};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("shell::long-input", || Ok(long_input()?)),
        Trial::test("shell::bytes-of-a-pipe", || Ok(bytes_of_a_pipe()?)),
        Trial::test("shell::nobody-reads", || Ok(nobody_reads()?)),
        Trial::test("shell::where-daemons-sleep", || Ok(where_daemons_sleep()?)),
        Trial::test("shell::prompt-before-the-other-cpus", || Ok(prompt_first()?)),
        Trial::test("shell::bytes-of-the-boot", || Ok(bytes_of_the_boot()?)),
    ]
}

/// What comes of a shell on a machine with these words, in which `lines` are typed at once.
fn typed(words: &str, lines: &str) -> Result<Outcome, String> {
    let mut session = machine(words)?.typed().start().map_err(told)?;
    session.type_in(lines).map_err(told)?;
    session.hang_up();
    while session.line().is_some() {}
    session.finish().map_err(told)
}

/// More than the port and the kernel keep: the user waits, and nothing is lost.
fn long_input() -> Answer {
    let lines: String = (0..600).map(|number| format!("echo line {number}\n")).collect();
    let outcome = typed("shell timeout=60", &format!("sleep 0.5\n{lines}"))?;
    for number in [0, 299, 599] {
        contains(&outcome.com1, &format!("\nline {number}\n"))?;
    }
    same("the number of lines", outcome.com1.lines().filter(|line| line.starts_with("line ")).count(), 600)
}

/// What comes from a pipe arrives as it is: nothing is added where it ends.
fn bytes_of_a_pipe() -> Answer {
    let outcome = typed("shell", "cat | hexdump\nabc")?;
    contains(&outcome.com1, "00000000  61 62 63  ")?;
    contains(&outcome.com1, "\n00000003\n")?;
    same("the exit status", outcome.status, Status::Expected)?;
    let outcome = typed("shell", "exit 2")?;
    same("the exit status of a last line without an end", outcome.status, Status::Usage)
}

/// A script whose input is not read is the same to the last byte, whatever is typed at whatever moment, and
/// whether it has an input at all; where there is none, that goes for what reads it as well.
fn nobody_reads() -> Answer {
    let lines = "echo begun\nrun counter quanta=10 rounds=2\nsleep 0.05\nuptime\n";
    let piped = [true, false].map(|at_once| {
        let script = file_of(lines)?;
        let machine = machine("shell accel=icount memory=32M")?.script(script.path()).typed();
        let mut session = machine.start().map_err(told)?;
        if at_once {
            session.type_in("typed\n").map_err(told)?;
            session.hang_up();
        }
        while let Some(line) = session.line() {
            if !at_once && line == "begun" {
                session.type_in("typed later\n").map_err(told)?;
            }
        }
        session.finish().map_err(told)
    });
    alike(piped)?;
    let none = [0, 1].map(|_| {
        let script = file_of(&format!("cat\n{lines}cat | wc\n"))?;
        machine("shell accel=icount memory=32M")?.script(script.path()).run().map_err(told)
    });
    alike(none)
}

fn file_of(lines: &str) -> Result<NamedTempFile, String> {
    let mut file = NamedTempFile::new().map_err(|error| error.to_string())?;
    file.write_all(lines.as_bytes()).map_err(|error| error.to_string())?;
    Ok(file)
}

fn alike(both: [Result<Outcome, String>; 2]) -> Answer {
    let [first, second] = both;
    let (first, second) = (first?, second?);
    same("the exit status", first.status, Status::Expected).map_err(|why| format!("{why}\n{first}"))?;
    same("the second text", second.com1.as_str(), first.com1.as_str())
}

/// A function that is inlined is named, too.
fn where_daemons_sleep() -> Answer {
    let outcome = typed("shell timeout=40", "ps\n")?;
    contains(&outcome.com1, " softirq::daemon      [ksoftirqd]\n")
}

/// The prompt stands while the other CPUs start: one that never does holds the first command up, and not the
/// prompt.
fn prompt_first() -> Answer {
    let outcome = typed("shell cpus=3 mute-cpu=2 timeout=60", "uname -a\n")?;
    let place =
        |what: &str| outcome.com1.find(what).ok_or_else(|| format!("it does not say: {what}\n{outcome}"));
    let (prompt, complaint) = (place("scullery# ")?, place("does not answer")?);
    let answer = place("(tcg) 2 CPUs")?;
    holds("the prompt comes before the complaint, and the command after it", prompt < complaint)?;
    holds("the first command waits for all CPUs", complaint < answer)
}

/// What is copied into the machine at each start: a millisecond for each 3 MB, or thereabouts.
fn bytes_of_the_boot() -> Answer {
    const LOADED: u64 = 2176 << 10;
    const HANDED: u64 = 4 << 20;
    let elf = kernel(Config::Full).map_err(told)?;
    let loaded = lab::bench::stripped(&elf).map_err(told)?;
    holds(&format!("{loaded} bytes are loaded, of at most {LOADED}"), loaded <= LOADED)?;
    let table = lab::symbols::table(&elf).ok_or("there is no table of symbols")?;
    let handed = std::fs::metadata(table).map_err(|error| error.to_string())?.len();
    holds(&format!("{handed} bytes are handed over, of at most {HANDED}"), handed <= HANDED)
}
