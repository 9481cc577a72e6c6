//! `replay`, and `run` with a replay string, as they are typed.

use std::path::Path;

use kcore::settings::Verdict;

use crate::explore::{ran, record};
use crate::fake;

/// An update is lost.
const LOST: &str = "counter:none:2x1x1:16x2:A1B3A2:4741";

/// What is said of where an execution parts, in a line.
fn told(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tasks that sleep for ever, spin for ever or wait in a circle, and what was found before all was made: each
/// is made again to where it stood.
#[test]
fn whatever_ended_it() {
    for (arguments, verdict) in [
        (&["lost-wakeup"][..], Verdict::Stuck),
        (&["forgotten-unlock", "--lock", "spinlock"], Verdict::Stuck),
        (&["self-deadlock", "--lock", "spinlock"], Verdict::Deadlock),
        (&["abba", "--limit", "2"], Verdict::Deadlock),
        (&["counter", "--quanta", "2", "--limit", "2"], Verdict::Raced),
    ] {
        let (_, found) = record(arguments);
        assert_eq!(
            (found.verdict, found.complete),
            (verdict, !arguments.contains(&"--limit")),
            "{arguments:?}"
        );
        let (status, text, _) = ran(&["replay", &found.replay, "--on", "host"]);
        assert_eq!(status, 0, "{text}");
        assert!(text.ends_with(&format!("verdict: {verdict} (as expected: {verdict})\n")), "{text}");
        assert!(!text.contains("string"), "{text}");
    }
}

/// With another form or other sizes it is made as far as it fits; then it is told where it parts, with what
/// comes, and it goes on as is asked for. The verdict is that of what was made.
#[test]
fn other_sizes() {
    for (more, status, verdict, said) in [
        (
            &["--lock", "mutex"][..],
            0,
            "clean (as expected: clean)",
            "It parts after 1 of the 6 steps of its string, which says that B goes on, and it has to wait (B: takes \
             counter.lock (counter.rs:67)). What comes is A: counter is 0 (counter.rs:67), and from there on it is \
             non-preemptive.",
        ),
        (
            &["--quanta", "2", "--then", "round-robin"],
            0,
            "raced (as expected: raced)",
            "The string is at its end after 6 steps. What comes is B: counter becomes 2 (counter.rs:67), and from \
             there on it is round-robin.",
        ),
        (
            &["--writers", "3"],
            0,
            "raced (as expected: raced)",
            "What comes is C: counter is 1 (counter.rs:67)",
        ),
        (&["--writers", "1"], 1, "clean (NOT as expected: raced)", "B goes on, and it has nothing to do."),
        (
            &["--rounds", "2", "--expect", "clean"],
            1,
            "raced (NOT as expected: clean)",
            "at its end after 6 steps",
        ),
    ] {
        let (ended, text, _) = ran(&[&["replay", LOST, "--on", "host"], more].concat());
        assert!(told(&text).contains(said), "{said}: {text}");
        assert!(ended == status && text.ends_with(&format!("verdict: {verdict}\n")), "{text}");
        // What was made has a string of its own.
        let made = text.lines().find_map(|line| line.strip_prefix("again: cargo run -- replay ")).unwrap();
        let (_, again, _) = ran(&["replay", made, "--on", "host"]);
        let steps = |text: &str| -> Vec<String> {
            text.lines()
                .filter(|line| line.contains(".rs:") && line.starts_with("   "))
                .map(str::to_string)
                .collect()
        };
        assert!(!again.contains("string") && steps(&again) == steps(&text), "{again}");
    }
}

/// What is too long for two lines is in a file, from which it is read.
#[test]
fn a_long_string_is_in_a_file() {
    let longer = ["replay", LOST, "--on", "host", "--quanta", "30", "--then", "round-robin"];
    let (status, text, _) = ran(&longer);
    let again = text.lines().find_map(|line| line.strip_prefix("again: cargo run -- replay ")).unwrap();
    let file = again.strip_suffix(" (a string of 268 characters)").unwrap();
    let name = file.strip_prefix('@').unwrap();
    let string = std::fs::read_to_string(Path::new(name)).unwrap();
    assert_eq!((status, string.trim().len()), (0, 268), "{string}");
    let (status, from_file, _) = ran(&["replay", file, "--on", "host"]);
    assert_eq!((status, from_file), (0, ran(&["replay", string.trim(), "--on", "host"]).1));
}

/// The words that reach the kernel.
fn words(arguments: &[&str]) -> Option<String> {
    let output = fake::scullery(&[&["run"], arguments].concat()).env("FAKE_ARGUMENTS", "1").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line = said.lines().find(|line| line.starts_with("run ")).map(str::to_string);
    assert_eq!(line.is_none(), output.status.code() == Some(2), "{said}");
    line
}

/// A run is told all that the string says, and what the user has said besides.
#[test]
fn a_run_is_told_what_the_string_says() {
    let probe = format!("replay={LOST}");
    let said = "run counter lock=none probe=script=A*1,B*2,A*1 writers=2 quanta=1 rounds=1 ";
    let usual = words(&["counter", "--probe", &probe]).unwrap();
    assert!(usual.starts_with(&format!("{said}expect=raced cpus=2 ")), "{usual}");
    let same = ["--lock", "none", "--quanta", "1", "--expect", "any", "--cpus", "4"];
    let more = words(&[&["counter", "--probe", &probe], &same[..]].concat()).unwrap();
    assert!(more.starts_with(&format!("{said}expect=any cpus=4 ")), "{more}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), LOST).unwrap();
    let kept = format!("replay=@{}", file.path().display());
    assert_eq!(words(&["counter", "--probe", &kept]), Some(usual));
}

#[test]
fn a_run_refuses_in_a_line() {
    let probe = |string: &str| format!("replay={string}");
    let (lost, other) = (probe(LOST), probe(&LOST.replace("A1", "A2")));
    let leaks = probe("scull-leak:none:2x1x1:16x2:A5B12A6:09a7");
    // A script begins anew in the second round.
    let rounds = probe("counter:none:2x1x2:16x2:A1B3A5B3:9eaf");
    for (arguments, said) in [
        (
            &["run", "counter", "--probe", &lost, "--lock", "mutex"][..],
            "the replay string does not say lock=mutex: leave out --lock",
        ),
        (
            &["run", "counter", "--probe", &lost, "--quantum", "4000"],
            "the replay string does not say quantum=4000",
        ),
        (&["run", "scull-leak", "--probe", &leaks, "--object", "node"], "does not say object=node"),
        (&["run", "scull-leak", "--probe", &lost], "the replay string is of counter, and not of scull-leak"),
        (&["run", "counter", "--probe", &other], "its check does not fit"),
        (&["run", "counter", "--probe", &rounds], "a kernel's probes cannot keep tasks"),
        (&["replay", LOST, "--quantum", "32"], "quantum= is for experiments on a device, not for counter"),
        (&["explore", "counter", "--probe", &lost], "--probe would change nothing here: it is for run"),
        (&["tour", "--probe", &lost], "--probe would change nothing here: it is for run"),
    ] {
        let (status, stdout, stderr) = ran(arguments);
        assert_eq!((status, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{arguments:?} {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}
