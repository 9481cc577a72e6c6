//! The commands as a user types them.

use std::path::Path;

use lab::status::Status;
use libtest_mimic::Trial;
use serde_json::Value;
use tests::Program;
use tests::ensure::{Answer, contains, holds, same};
use tests::program::Ended;

pub(crate) fn trials() -> Vec<Trial> {
    let leak =
        ["run", "scull-leak", "--lock", "none", "--probe", "rendezvous", "--quanta", "100", "--rounds", "3"];
    let with = |more: &[&'static str]| [&leak[..], more].concat();
    let mut all = vec![
        Program::new("program::tour", &[]).check(tour),
        Program::new("program::json", &with(&["--json", "-"])).check(|ended| acceptance(ended, 3 * 100 * 3)),
        Program::new("program::json-of-two", &with(&["--json", "-", "--cpus", "2"]))
            .check(|ended| acceptance(ended, 100 * 3)),
        Program::new("program::expect-clean", &with(&["--expect", "clean"])).ends(Status::Unexpected),
        Program::new("program::replay", &["run", "scull-leak", "--probe", LEAKS, "--json", "-"])
            .check(replayed),
        Program::new("program::no-qemu", &["tour"])
            .env("PATH", without_qemu())
            .ends(Status::Dead)
            .check(|ended| contains(&ended.stderr, "is not installed: ./setup.sh installs it")),
        Program::new("program::symbols", &["fault", "panic"])
            .ends(Status::Panic)
            .check(|ended| contains(&ended.stdout, "fault::main")),
    ];
    all.extend(mistakes());
    all.extend(statuses());
    all.into_iter().map(Program::trial).collect()
}

/// The tour fits a screen or two, and is over before its reader looks away.
fn tour(ended: &Ended) -> Answer {
    let lines = ended.stdout.lines().count();
    holds(&format!("{lines} lines are at most 60"), lines <= 60)?;
    let longest = ended.stdout.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    holds(&format!("{longest} columns are at most 100"), longest <= 100)?;
    contains(&ended.stdout, "\n  none           0     0      75   300 kB ")?;
    contains(&ended.stdout, "verdict: raced without a lock, clean with each of the three, as expected")
}

/// The three kinds of records that the acceptance rests on, and nothing but JSON.
fn acceptance(ended: &Ended, leaked: u64) -> Answer {
    let lines = ended.stdout.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>();
    let lines = lines.map_err(|error| format!("a line of stdout is no JSON: {error}"))?;
    let runs: Vec<&Value> = lines.iter().filter(|line| line["type"] == "run").collect();
    same("runs", runs.len(), 1)?;
    same("the verdict", runs[0]["verdict"].as_str(), Some("raced"))?;
    same("leaked quanta", runs[0]["leaked"]["quantum"].as_u64(), Some(leaked))?;
    for run in runs {
        for kind in ["node", "array", "quantum"] {
            let count = |what: &str| run[what][kind].as_u64().ok_or(format!("{what} {kind} is no number"));
            same("allocated - freed", count("allocated")? - count("freed")?, count("live")?)?;
            same("live - reachable", count("live")? - count("reachable")?, count("leaked")?)?;
        }
    }
    holds("people are told, too", ended.stderr.contains("verdict: raced"))
}

/// What explore says of the shortest execution that leaks.
const LEAKS: &str = "replay=scull-leak:none:2x1x1:16x2:A5B12A6:09a7";

/// Every step came in its turn, and what the host has found is what the CPUs come to.
fn replayed(ended: &Ended) -> Answer {
    let records = ended.stdout.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>();
    let records = records.map_err(|error| format!("a line of stdout is no JSON: {error}"))?;
    let run = records.iter().find(|record| record["type"] == "run").ok_or("there is no run")?;
    same("how it is steered", run["probe"].as_str(), Some("script=A*5,B*11,A*5"))?;
    same("the verdict", run["verdict"].as_str(), Some("raced"))?;
    same("leaked quanta", run["leaked"]["quantum"].as_u64(), Some(1))?;
    same("steps that could not be", records.iter().filter(|record| record["type"] == "step").count(), 0)
}

/// A wrong word or value: exit status 2, one line that helps, and nothing else.
fn mistakes() -> Vec<Program> {
    let table: [(&[&str], &str); 6] = [
        (&["trou"], "did you mean 'tour'?"),
        (&["run", "scull-leak", "--lock", "futex"], "valid: none, spinlock, "),
        (&["run", "scull-leak", "--lokc", "none"], "did you mean '--lock'?"),
        (&["run", "nothing"], "scull-leak"),
        (&["run", "scull-leak", "--cpus", "0"], "from 1 to 64"),
        (&["run", "scull-leak", "--cpus", "65"], "from 1 to 64"),
    ];
    let program = |(arguments, help): (&[&str], &'static str)| {
        Program::new(format!("program::mistake::{}", arguments.join("-")), arguments)
            .ends(Status::Usage)
            .check(move |ended| {
                same("lines", ended.stdout.lines().chain(ended.stderr.lines()).count(), 1)?;
                contains(&ended.stderr, help)
            })
    };
    table.into_iter().map(program).collect()
}

/// The exit status of every way to break.
fn statuses() -> Vec<Program> {
    let table = [
        ("panic", "60", Status::Panic),
        ("page-fault", "60", Status::Panic),
        ("hang", "2", Status::TimeLimit),
        ("triple-fault", "60", Status::Dead),
    ];
    let program = |(fault, timeout, status)| {
        Program::new(format!("program::status::{fault}"), &["fault", fault, "--timeout", timeout])
            .ends(status)
    };
    table.into_iter().map(program).collect()
}

/// A search path without QEMU: of the directories that have it, only the shell is left.
fn without_qemu() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let has = |directory: &str, name: &str| Path::new(directory).join(name).exists();
    let (with, without): (Vec<&str>, Vec<&str>) =
        path.split(':').partition(|directory| has(directory, "qemu-system-x86_64"));
    let shell_only = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-qemu");
    if let Some(bin) = with.iter().find(|directory| has(directory, "bash")) {
        // Whether it is there already or cannot be made, the test will tell.
        let _ = std::fs::create_dir_all(&shell_only);
        let _ = std::os::unix::fs::symlink(Path::new(bin).join("bash"), shell_only.join("bash"));
    }
    [without, vec![&shell_only.to_string_lossy()]].concat().join(":")
}
