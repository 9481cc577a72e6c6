//! Runs that are drawn at random, each held against what the catalogue says of its words.
//!
//! What a run must end with is computed here, from its words alone, by the catalogue's own [`resolve`]: words
//! that are refused end with 2, all others with what was expected, none with a time limit. `SCULLERY_RUNS`
//! says how many are drawn, `SCULLERY_SEED` from where, `SCULLERY_BUSY` how many jobs at most never rest
//! beside them: `SCULLERY_RUNS=10000 SCULLERY_SEED=7 SCULLERY_BUSY=0 cargo test -p tests --test qemu drawn`.

mod host;
mod words;

use std::io::Write;

use kcore::experiment::{Resolved, Verdict, check, find, resolve};
use kcore::scull::Geometry;
use kcore::settings::{Command, CommandLine, Usage};
use lab::machine::Machine;
use lab::session::Outcome;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::case::kernel;
use tests::ensure::{Answer, holds, same};

use crate::shell::told;
use host::Host;

/// Runs, unless the environment says otherwise.
const RUNS: u64 = 300;
/// Runs that one machine makes.
const AT_A_PROMPT: u64 = 15;

pub(crate) fn trials() -> Vec<Trial> {
    let (runs, seed) = (number("SCULLERY_RUNS", RUNS), number("SCULLERY_SEED", 1));
    let busy = number("SCULLERY_BUSY", 2);
    let machines = (0..runs.div_ceil(AT_A_PROMPT)).map(|machine| {
        let runs = AT_A_PROMPT.min(runs - machine * AT_A_PROMPT);
        Trial::test(format!("drawn::seed-{seed}::machine-{machine}"), move || {
            let mut luck = fastrand::Rng::with_seed(seed.wrapping_mul(1 << 32).wrapping_add(machine));
            let host = Host::draw(&mut luck, busy as usize);
            let lines = (0..runs).map(|_| words::draw(&mut luck, &host)).collect();
            Ok(Session { host, lines }.try_it()?)
        })
    });
    machines.collect()
}

/// The number in the environment, or `usual`.
fn number(variable: &str, usual: u64) -> u64 {
    let Ok(word) = std::env::var(variable) else { return usual };
    word.parse().unwrap_or_else(|_| panic!("{variable}={word} is not a whole number"))
}

/// What is typed at the prompt of one machine.
struct Session {
    host: Host,
    /// The arguments of each `run`.
    lines: Vec<String>,
}

impl Session {
    fn try_it(&self) -> Answer {
        let outcome = self.boot().map_err(|why| format!("{why}\n{}", self.repeat(None)))?;
        let all = |why: String| format!("{why}\n{outcome}\n{}", self.repeat(None));
        for (index, line) in self.lines.iter().enumerate() {
            let (status, said) = said_of(&outcome, index).map_err(all)?;
            self.judge(line, status, said).map_err(|why| {
                format!("run {line}\non {}: {why}\n{said}\n{}", self.host.words(), self.repeat(Some(line)))
            })?;
        }
        same("the exit status", outcome.status, Status::Expected).map_err(all)?;
        same("what contradicts itself in the report", &outcome.report.problems, &Vec::new()).map_err(all)
    }

    fn boot(&self) -> Result<Outcome, String> {
        let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
        file.write_all(self.script().as_bytes()).map_err(|error| error.to_string())?;
        let machine = Machine::new(kernel(self.host.config).map_err(told)?).command("shell");
        machine.command(&self.host.words()).script(file.path()).run().map_err(told)
    }

    /// The runs, each with its status after it, while the busy jobs are there.
    fn script(&self) -> String {
        let busy = "cat /dev/zero > /dev/null &\n".repeat(self.host.busy);
        let run = |(index, line): (usize, &String)| format!("run {line}\necho {MARK} {index} $?\n");
        let runs: String = self.lines.iter().enumerate().map(run).collect();
        let end: String = (1..=self.host.busy).map(|job| format!("kill %{job}\n")).collect();
        format!("{busy}{runs}{end}exit 0\n")
    }

    /// How all of it is seen again, and how the one run alone.
    fn repeat(&self, line: Option<&String>) -> String {
        let options = |words: &str| -> String {
            words
                .split(' ')
                .filter_map(|word| word.split_once('='))
                .map(|(key, value)| format!(" --{key} {value}"))
                .collect()
        };
        let host = options(&self.host.words()) + &format!(" --config {}", self.host.config);
        let alone = line
            .and_then(|line| line.split_once(' '))
            .map(|(name, words)| format!("again, alone: cargo run -- run {name}{}{host}\n", options(words)));
        let script = self.script();
        format!(
            "{}again: cargo run -- shell --script FILE{host}, where FILE is\n{script}",
            alone.unwrap_or_default()
        )
    }

    /// Whether the run of `line`, which said `said`, ended as the catalogue says.
    fn judge(&self, line: &str, status: i32, said: &str) -> Answer {
        let Ok((resolved, geometry)) = self.resolved(line) else {
            return same("the status of refused words", status, 2);
        };
        let expected = resolved.expected;
        let may_want_room = !self.host.has_room_for(&resolved, geometry);
        if let Some((verdict, _)) = said.rsplit_once("verdict: ").and_then(|(_, rest)| rest.split_once(' ')) {
            let verdict: Verdict = verdict.parse().map_err(|usage: Usage| usage.message)?;
            let undone = verdict == Verdict::NotTried && may_want_room;
            let ok = expected.allows(verdict);
            holds(&format!("{verdict} is what was expected ({expected})"), ok || undone)?;
            return same("the status", status, i32::from(!ok));
        }
        // Not even what a run needs to begin with found room.
        let no_room = said.contains("-ENOMEM") || said.contains("no memory");
        holds("a run that may be made is made", no_room && may_want_room)?;
        same("the status of a run that could not begin", status, 2)
    }

    /// The run as the machine must understand it.
    fn resolved(&self, line: &str) -> Result<(Resolved, Geometry), String> {
        let told = CommandLine::parse(&format!("run {line}")).map_err(|usage| usage.message)?;
        let Command::Run(name) = &told.command else { return Err(format!("{line} is no run")) };
        let entry = find(name).map_err(|usage| usage.message)?;
        check(&told.run, entry).map_err(|usage| usage.message)?;
        let resolved = resolve(&told.run, entry, self.host.cpus(), self.host.config);
        Ok((resolved.map_err(|usage| usage.message)?, told.run.geometry()))
    }
}

/// What comes before the status of a run.
const MARK: &str = "the status of run";

/// The status of run number `index`, and what the machine said since the run before.
fn said_of(outcome: &Outcome, index: usize) -> Result<(i32, &str), String> {
    let mark = format!("{MARK} {index} ");
    let (before, after) = outcome.com1.split_once(&mark).ok_or_else(|| {
        let end = outcome.com1.len().saturating_sub(3000);
        let end = (end..).find(|at| outcome.com1.is_char_boundary(*at)).unwrap_or_default();
        format!(
            "the machine ended with {:?} and not this run, after\n{}",
            outcome.status,
            &outcome.com1[end..]
        )
    })?;
    let status = after.lines().next().and_then(|word| word.trim().parse().ok());
    let status = status.ok_or_else(|| format!("'{mark}' is not followed by a status"))?;
    let begin = before.rfind(MARK).map_or(0, |at| at + before[at..].find('\n').unwrap_or(0));
    Ok((status, &before[begin..]))
}
