//! The command `matrix`, with a stand-in for its machines.

use kcore::experiment::Verdict;
use kcore::report::{Boot, Record, Run, Summary};

use crate::fake;

fn boot(config: &str) -> Record {
    Record::Boot(Boot {
        version: String::new(),
        door: String::new(),
        machine: String::new(),
        accel: String::new(),
        config: config.to_string(),
        cpus: 1,
        cpus_expected: 1,
        memory_bytes: 0,
        heap_bytes: 0,
        tsc_hz: 0,
        phases: Vec::new(),
    })
}

/// Of `broken-lock` in one column.
const CELLS: u32 = 7;

/// A run of `broken-lock`, whose forms are all clean on one CPU.
fn run(lock: &str, verdict: Verdict) -> Record {
    Record::Run(Run {
        experiment: "broken-lock".to_string(),
        lock: lock.to_string(),
        verdict,
        expected: Verdict::Clean.into(),
        ok: verdict == Verdict::Clean,
        owners: if verdict == Verdict::Clean { 1 } else { 2 },
        ..Run::default()
    })
}

const LOCKS: [&str; CELLS as usize] =
    ["broken", "spinlock", "ticket", "semaphore", "completion", "irqsave", "bh"];

fn summary(passed: u32, failed: u32) -> Record {
    Record::Summary(Summary { passed, failed })
}

/// What the program makes of a machine that reports `records` and ends with `code`: exit status, stdout,
/// stderr.
fn matrix(records: &[Record], code: &str, more: &[&str]) -> (i32, String, String) {
    let line = |record: &Record| serde_json::to_string(record).unwrap() + "\n";
    let report: String = records.iter().map(line).collect();
    let arguments = [&["matrix", "broken-lock", "--config", "up"], more].concat();
    let mut command = fake::scullery(&arguments);
    command.env("FAKE_COM1", "Scullery\nbroken-lock broken: clean\nlast words\n");
    let output = command.env("FAKE_COM2", report).env("FAKE_STATUS", code).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_column_that_is_as_expected() {
    let runs = LOCKS.iter().map(|lock| run(lock, Verdict::Clean));
    let records: Vec<Record> = [boot("up")].into_iter().chain(runs).chain([summary(CELLS, 0)]).collect();
    let (status, stdout, stderr) = matrix(&records, "33", &[]);
    assert_eq!((status, stderr.as_str()), (0, ""), "{stdout}");
    assert!(stdout.contains(&format!("{CELLS} cells, all as expected, in ")), "{stdout}");
    let (status, stdout, _) = matrix(&records, "33", &["--json", "-"]);
    let lines: Vec<Record> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((status, lines.as_slice()), (0, &records[1..]), "the boot is left out");
}

#[test]
fn a_cell_that_is_not_as_expected_is_named() {
    let runs =
        LOCKS.iter().map(|lock| run(lock, if *lock == "bh" { Verdict::Raced } else { Verdict::Clean }));
    let records: Vec<Record> = [boot("up")].into_iter().chain(runs).chain([summary(CELLS - 1, 1)]).collect();
    let (status, stdout, stderr) = matrix(&records, "35", &[]);
    assert_eq!(status, 1, "{stdout}");
    assert!(
        stdout.contains("raced!") && stdout.contains(&format!("{CELLS} cells, 1 NOT as expected, in ")),
        "{stdout}"
    );
    assert!(stderr.contains("broken-lock with bh: raced, where clean is expected: 1 CPU up"), "{stderr}");
    assert!(stderr.contains("run broken-lock --lock bh --probe rendezvous --cpus 1"), "{stderr}");
}

#[test]
fn what_a_machine_that_died_has_not_run_is_shown() {
    let records = [boot("up"), run("broken", Verdict::Clean)];
    let (status, stdout, stderr) = matrix(&records, "39", &[]);
    assert_eq!(status, 1, "{stderr}");
    assert_eq!(stdout.lines().filter(|line| line.ends_with(" ?")).count() as u32, CELLS - 1, "{stdout}");
    assert!(stdout.contains(&format!("{CELLS} cells, {} NOT as expected", CELLS - 1)), "{stdout}");
    assert!(stderr.contains(&format!("1 CPU up: {} cells were not run", CELLS - 1)), "{stderr}");
    assert!(stderr.contains("last words"), "{stderr}");
    assert!(!stderr.contains("Scullery\n"), "only what was said after the last cell: {stderr}");
}

#[test]
fn another_machine_than_the_columns_does_not_count() {
    let runs = LOCKS.iter().map(|lock| run(lock, Verdict::Clean));
    let records: Vec<Record> = [boot("smp")].into_iter().chain(runs).chain([summary(CELLS, 0)]).collect();
    let (status, stdout, stderr) = matrix(&records, "33", &[]);
    assert_eq!(status, 1, "{stdout}");
    assert!(
        stderr.contains("a kernel built as smp") && stderr.contains(&format!("{CELLS} cells were not run")),
        "{stderr}"
    );
}

#[test]
fn where_no_machine_gets_anywhere_the_status_is_theirs() {
    assert_eq!(matrix(&[], "39", &[]).0, 3);
    assert_eq!(matrix(&[], "0", &[]).0, 5);
}
