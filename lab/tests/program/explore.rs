//! `explore` and `replay`, as they are typed.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

use kcore::experiment::Verdict;
use kcore::report::{Explore, Record};

use crate::fake;

/// Exit status, stdout and stderr.
fn ran(arguments: &[&str]) -> (i32, String, String) {
    let output = fake::scullery(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn record(arguments: &[&str]) -> (i32, Explore) {
    let (status, json, _) = ran(&[&["explore"], arguments, &["--json", "-"]].concat());
    match serde_json::from_str(&json).unwrap() {
        Record::Explore(explore) => (status, explore),
        other => panic!("{other:?}"),
    }
}

/// The race is found without a hint, shown in 80 columns, and made again by the string that is printed.
#[test]
fn a_race_is_found_shown_and_repeated() {
    let (status, text, _) = ran(&["explore", "scull-leak"]);
    assert_eq!(status, 0, "{text}");
    for said in [
        "  72 executions, all, ",
        "raced: 1 leaked",
        "one with 2 switches",
        "verdict: raced (as expected: raced)",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(text.contains("A stores over slot") || text.contains("B stores over slot"), "{text}");
    let width =
        text.lines().filter(|line| !line.starts_with("again: ")).map(|line| line.chars().count()).max();
    assert!(width <= Some(80), "{text}");
    let string = text.lines().find_map(|line| line.strip_prefix("again: cargo run -- replay ")).unwrap();
    assert!(string.len() <= 80, "{string}");
    let (status, again, _) = ran(&["replay", string, "--on", "host"]);
    assert_eq!(status, 0, "{again}");
    assert!(again.ends_with("verdict: raced (as expected: raced)\n"), "{again}");
    let steps = |text: &str| {
        text.lines().filter(|line| line.contains(".rs:")).map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(steps(&text), steps(&again));
}

#[test]
fn a_cure_leaves_none() {
    let (status, text, _) = ran(&["explore", "scull-leak", "--lock", "mutex", "--quanta", "2"]);
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("  6 executions, all, ") && text.ends_with("verdict: clean (as expected: clean)\n"),
        "{text}"
    );
}

#[test]
fn the_record_adds_up() {
    let (status, found) = record(&["counter", "--quanta", "2"]);
    assert_eq!((status, found.executions, found.blocked, found.complete, found.ok), (0, 34, 0, true, true));
    assert_eq!((found.writers, found.quanta, found.rounds, found.memory_model.as_str()), (2, 2, 1, "sc"));
    assert_eq!(found.outcomes.iter().map(|outcome| outcome.executions).sum::<u64>(), 34);
    let raced: u64 = found
        .outcomes
        .iter()
        .filter(|outcome| outcome.lost_updates > 0)
        .map(|outcome| outcome.executions)
        .sum();
    assert_eq!((found.raced, found.verdict, found.switches), (raced, Verdict::Raced, Some(2)));
    assert!(found.replay.starts_with("counter:none:2x2x1:"), "{}", found.replay);
    let (_, clean) = record(&["counter", "--lock", "spinlock"]);
    assert_eq!((clean.raced, clean.switches, clean.replay.as_str()), (0, None, ""));
}

/// What was not all made proves nothing.
#[test]
fn a_limit_is_no_proof() {
    let (status, text, _) = ran(&["explore", "aba", "--lock", "tagged", "--limit", "5"]);
    assert_eq!(status, 1, "{text}");
    assert!(
        text.contains("  5 executions, not all, ")
            && text.contains("verdict: not-tried (NOT as expected: clean)"),
        "{text}"
    );
    let (status, _, _) = ran(&["explore", "counter", "--lock", "mutex", "--expect", "raced"]);
    assert_eq!(status, 1);
}

#[test]
fn what_cannot_be_is_refused_in_a_line() {
    let good = "counter:none:2x1x1:16x2:A1B3A2:615a";
    assert_eq!(ran(&["replay", good, "--on", "host"]).0, 0);
    for (arguments, said) in [
        (&["explore", "irq"][..], "cannot be explored here"),
        (&["explore", "counter", "--cpus", "2"], "--cpus would change nothing"),
        (&["explore", "counter", "--probe", "script"], "--probe would change nothing"),
        (&["explore", "countr"], "did you mean 'counter'?"),
        (&["explore", "counter", "--limit", "0"], "--limit"),
        (&["replay", good, "--lock", "mutex"], "--lock would change nothing"),
        (&["replay", &good.replace("A1", "A2")], "its check does not fit"),
        (&["replay", &good.replace("counter", "xyzzy")], "its check does not fit"),
        (&["replay", "counter"], "six parts"),
        (&["replay", "counter:none:2x1x1:16x2:C1:0000"], "a task that there is not"),
    ] {
        let (status, stdout, stderr) = ran(arguments);
        assert_eq!((status, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{arguments:?} {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

/// Ctrl-C: what is known is told, and then the program dies of the signal.
#[test]
fn a_signal_ends_it_with_what_is_known() {
    let mut command =
        fake::scullery(&["explore", "counter", "--lock", "mutex", "--writers", "6", "--quanta", "9"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut heading = String::new();
    said.read_line(&mut heading).unwrap();
    assert!(heading.starts_with("counter: "), "{heading}");
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(
        sent.success() && rest.contains(" executions, not all, ") && rest.contains("verdict: not-tried"),
        "{rest}"
    );
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}
