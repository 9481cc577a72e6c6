//! `replay`, as it is typed.

use std::path::Path;

use kcore::settings::Verdict;

use crate::explore::{ran, record};

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
