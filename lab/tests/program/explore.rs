//! `explore`, as it is typed.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use kcore::experiment::Verdict;
use kcore::report::{Explore, Outcome, Record};

use crate::fake;

/// Exit status, stdout and stderr.
pub(crate) fn ran(arguments: &[&str]) -> (i32, String, String) {
    let output = fake::scullery(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

pub(crate) fn record(arguments: &[&str]) -> (i32, Explore) {
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
        "  72 executions, all there are, ",
        "raced: 1 leaked",
        "The shortest that goes wrong has 2 switches",
        "verdict: raced (as expected: raced)",
        "A sees 0 in slot (step 5, ",
        "makes b3: a quantum",
        "| makes b4: a quantum",
        "Nothing leads to b4 now",
        "b1, b2, ...: blocks",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
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
        text.contains("  6 executions, all there are, ")
            && text.ends_with("verdict: clean (as expected: clean)\n"),
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

/// Each allocation fails in turn: a lock loses nothing by it, and a string makes one such execution again.
#[test]
fn allocations_fail() {
    let (status, clean) = record(&["multithread-write", "--lock", "mutex", "--with", "enomem"]);
    assert_eq!((status, clean.executions, clean.raced, clean.complete), (0, 72, 0, true));
    assert_eq!(clean.with, ["enomem"]);
    let (status, found) = record(&["scull-leak", "--with", "enomem"]);
    assert_eq!((status, found.verdict, found.complete), (0, Verdict::Raced, true));
    assert!(found.replay.contains(":enomem:") && found.executions > 72, "{found:?}");
    let (status, again, _) = ran(&["replay", &found.replay, "--on", "host"]);
    assert!(status == 0 && again.ends_with("verdict: raced (as expected: raced)\n"), "{again}");
}

/// A wait is ended by a signal or satisfied, and not both: seen from within the primitives.
#[test]
fn signals_come() {
    for (lock, executions) in [("semaphore", 9507), ("completion", 9507), ("mutex", 2802)] {
        let (status, clean) = record(&["interrupted", "--lock", lock, "--with", "signal"]);
        assert_eq!(
            (status, clean.executions, clean.raced, clean.complete),
            (0, executions, 0, true),
            "{lock}"
        );
    }
    let (status, found) = record(&["interrupted"]);
    assert_eq!((status, found.verdict, found.executions, found.raced), (0, Verdict::Raced, 8870, 6351));
    assert_eq!(found.with, ["signal"]);
    let (status, again, _) = ran(&["replay", &found.replay, "--on", "host"]);
    assert!(status == 0 && again.contains("C sends A a signal"), "{again}");
}

/// What is missing at first belongs to a string.
#[test]
fn a_string_says_what_is_missing() {
    let (_, found) = record(&["scull-leak", "--object", "node"]);
    assert!(found.replay.starts_with("scull-leak:none:2x1x1:16x2:node:"), "{}", found.replay);
    let (status, again, _) = ran(&["replay", &found.replay, "--on", "host"]);
    assert!(status == 0 && again.ends_with("verdict: raced (as expected: raced)\n"), "{again}");
}

/// So is a wait with a deadline: a mutex has none, and other experiments do not wait like that.
#[test]
fn deadlines_pass() {
    for lock in ["semaphore", "completion"] {
        let (status, clean) = record(&["interrupted", "--lock", lock, "--with", "timeout"]);
        assert_eq!((status, clean.raced, clean.complete, clean.ok), (0, 0, true, true), "{lock}");
        assert!(clean.executions > 1000 && clean.with == ["timeout"], "{lock} {clean:?}");
    }
    let (status, found) = record(&["interrupted", "--with", "timeout"]);
    assert_eq!((status, found.verdict, found.complete), (0, Verdict::Raced, true));
    let (status, again, _) = ran(&["replay", &found.replay, "--on", "host"]);
    assert!(status == 0 && again.contains("C lets the deadline of"), "{again}");
}

/// The page that the repository has is what the command says.
#[test]
fn all_of_them() {
    let (status, text, _) = ran(&["explore", "--all"]);
    let page = lab::workspace::root().unwrap().join("docs/PROOFS.md");
    assert_eq!((status, text.trim()), (0, std::fs::read_to_string(page).unwrap().trim()));
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
    // What is shown of a search that was broken off is as short as if it had not been.
    let broken_off = ["interrupted", "--memory-model", "tso", "--jobs", "1", "--limit", "5"];
    let (status, cut) = record(&broken_off);
    assert_eq!((status, cut.executions, cut.complete, cut.preemptions), (0, 5, false, None));
    let (_, whole) = record(&broken_off[..3]);
    assert!(whole.complete && cut.switches <= whole.switches, "{cut:?} {whole:?}");
    let (_, text, _) = ran(&["explore", "book-pipe-if", "--jobs", "1", "--limit", "30"]);
    assert!(text.contains("None with at most 1 preemption goes wrong. The shortest found that"), "{text}");
    let (status, _, _) = ran(&["explore", "counter", "--lock", "mutex", "--expect", "raced"]);
    assert_eq!(status, 1);
}

/// With few preemptions first: what is shown has the fewest, and no more is claimed than was made.
#[test]
fn preemptions_are_few() {
    let (status, text, _) = ran(&["explore", "scull-leak", "--preemptions", "3"]);
    assert_eq!(status, 0, "{text}");
    for said in [
        "  12 executions, all with at most 1 preemption, ",
        "  12 more were begun, and came to what was known",
        "With as few preemptions as it takes, the shortest that goes wrong has 2 switches",
        "Without preemptions nothing goes wrong:",
        "verdict: raced (as expected: raced)",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (status, none) = record(&["scull-leak", "--preemptions", "0", "--expect", "clean"]);
    assert_eq!((status, none.verdict, none.complete, none.preemptions), (0, Verdict::Clean, false, Some(0)));
    let (status, cut) = record(&["scull-leak", "--preemptions", "3", "--limit", "1"]);
    assert_eq!((status, cut.verdict, cut.executions, cut.preemptions), (1, Verdict::NotTried, 1, None));
    let (_, whole) = record(&["scull-leak", "--lock", "mutex", "--preemptions", "9"]);
    assert_eq!((whole.complete, whole.executions, whole.blocked), (true, 2, 2));
    let bounded = ["double-wake", "--lock", "wait-event", "--preemptions", "1"];
    let (status, text, _) = ran(&[&["explore"], &bounded[..]].concat());
    assert!(
        status == 0 && text.ends_with("verdict: clean with at most 1 preemption (as expected: clean)\n"),
        "{text}"
    );
}

/// The same execution is the same picture, with its sentence and its string; and JSON on stdout stays alone
/// there.
#[test]
fn a_counterexample_is_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_string();
    let (first, second) = (file("explored.svg"), file("replayed.svg"));
    let (status, json, text) = ran(&["explore", "scull-leak", "--json", "-", "--svg", &first]);
    assert_eq!((status, json.lines().count()), (0, 1), "{text}");
    let string = text.lines().find_map(|line| line.strip_prefix("again: cargo run -- replay ")).unwrap();
    let (status, text, _) = ran(&["replay", string, "--on", "host", "--svg", &second]);
    assert_eq!(status, 0, "{text}");
    let picture = std::fs::read_to_string(first).unwrap();
    for said in
        ["<svg ", "raced: 1 leaked", "stores b3 over it (step 18, ", string, "prefers-color-scheme: dark"]
    {
        assert!(picture.contains(said), "{said}: {picture}");
    }
    assert_eq!(picture, std::fs::read_to_string(second).unwrap());
    let third = file("clean.svg");
    assert_eq!(ran(&["explore", "counter", "--lock", "mutex", "--svg", &third]).0, 0);
    assert!(std::fs::read_to_string(third).unwrap().contains("No execution went wrong"));
}

#[test]
fn what_cannot_be_is_refused_in_a_line() {
    let good = "counter:none:2x1x1:16x2:A1B3A2:4741";
    assert_eq!(ran(&["replay", good, "--on", "host"]).0, 0);
    for (arguments, said) in [
        (&["explore", "irq", "--on", "host"][..], "cannot be explored here"),
        (&["explore", "irq", "--memory-model", "tso"], "--memory-model sc"),
        (&["explore", "irq", "--probe", "off"], "--probe would change nothing"),
        (&["explore", "counter", "--cpus", "2"], "--cpus would change nothing"),
        (&["explore", "counter", "--probe", "script"], "--probe would change nothing"),
        (&["explore", "countr"], "did you mean 'counter'?"),
        (&["explore", "counter", "--limit", "0"], "limit '0' is not"),
        (&["explore", "irq", "--svg", "-"], "a picture needs a file"),
        (
            &["replay", "irq:spinlock:1x1x1:16x2:kernel:irq:A3B1:b2f7", "--on", "host"],
            "not made on this host",
        ),
        (&["replay", "irq:spinlock:1x2x1:16x2:kernel:irq:A3B1:b2f7"], "its check does not fit"),
        (&["explore", "--all", "--lock", "mutex"], "--lock would change nothing"),
        (&["explore", "--all", "counter"], "cannot be used with"),
        (&["bench", "explore", "--cpus", "2"], "--cpus would change nothing"),
        (&["bench", "explore", "--configs"], "cannot be used with"),
        (&["bench", "explorer"], "cannot be 'explorer'; did you mean 'explore'? valid: explore"),
        (&["explore"], "which experiment?"),
        (&["explore", "--all", "--memory-model", "tso"], "cannot be used with"),
        (&["explore", "counter", "--memory-model", "pso"], "cannot be 'pso'; "),
        (&["explore", "counter", "--with", "signal"], "has nothing that could come so"),
        (&["explore", "interrupted", "--with", "enomem"], "has nothing that could come so"),
        (&["explore", "counter", "--preemptions", "1", "--jobs", "2"], "no --jobs"),
        (&["explore", "counter", "--preemptions", "1", "--resume", "x"], "no --jobs"),
        (&["explore", "irq", "--preemptions", "1"], "no --preemptions"),
        (&["explore", "--all", "--preemptions", "1"], "--preemptions would change nothing"),
        (&["replay", good, "--preemptions", "1"], "--preemptions would change nothing"),
        (&["explore", "counter", "--with", "timeout"], "counter has no wait with a deadline"),
        (&["explore", "irq", "--with", "timeout"], "irq has no wait with a deadline"),
        (
            &["explore", "interrupted", "--lock", "mutex", "--with", "timeout"],
            "a wait for a mutex has no deadline",
        ),
        (&["explore", "counter", "--shard", "1/2"], "--resume"),
        (&["explore", "counter", "--shard", "3/2", "--resume", "x"], "say which part of how many"),
        (&["explore", "counter", "--resume", "Cargo.toml"], "is not what explore --resume writes"),
        (&["merge", "no-such-file"], "there is no file"),
        (
            &["explore", "counter", "--svg", "/nowhere/a.svg"],
            "the picture '/nowhere/a.svg' cannot be written",
        ),
        (&["replay", good, "--svg", "/"], "the picture '/' cannot be written"),
        (&["run", "counter", "--svg", "/nowhere/a.svg"], "the picture '/nowhere/a.svg' cannot be written"),
        (&["explore", "counter", "--svg", "-"], "a picture needs a file"),
        (&["replay", good, "--seed", "2"], "--seed would change nothing"),
        (&["replay", good, "--lock", "wait-event"], "cannot be run with lock=wait-event"),
        (&["replay", good, "--then", "chance"], "valid: non-preemptive, fixed-priority, round-robin"),
        (&["replay", "@/nowhere/a"], "the file '/nowhere/a' of a replay string cannot be read"),
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

/// What a record says of all executions, in however many goes they were made.
fn certificate(explore: &Explore) -> (u64, u64, bool, u64, Verdict, &str, &[Outcome]) {
    let Explore { executions, raced, complete, deepest, verdict, replay, outcomes, .. } = explore;
    (*executions, *raced, *complete, *deepest, *verdict, replay, outcomes)
}

/// On one thread or on four; killed again and again and gone on with from its file: nothing is lost, and
/// nothing made twice.
#[test]
fn killed_and_resumed() {
    let program = ["multithread-write", "--memory-model", "tso"];
    let (_, whole) = record(&program);
    assert!(whole.complete && whole.executions > 100_000, "{whole:?}");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state.json");
    let resume = [&program[..], &["--resume", file.to_str().unwrap()]].concat();
    let mut unfinished = 0;
    for kill in 0..10 {
        let jobs = ["--jobs", if kill % 2 == 0 { "1" } else { "4" }];
        let mut child = fake::scullery(&[&["explore"], &resume[..], &jobs].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(fastrand::u64(50..400)));
        unfinished += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (_, resumed) = record(&resume);
    assert_eq!(certificate(&resumed), certificate(&whole), "after {unfinished} kills");
    let (_, again) = record(&resume);
    assert_eq!(certificate(&again), certificate(&whole), "there is nothing left");
    let (status, _, stderr) = ran(&["explore", "counter", "--resume", file.to_str().unwrap()]);
    assert!(status == 2 && stderr.contains("is of multithread-write"), "{stderr}");
}

/// Two shards, each by itself: what they have made is all, once all that they have found besides is made,
/// too.
#[test]
fn shards_and_what_they_merge_to() {
    let program = ["broken-lock", "--writers", "3"];
    let (_, whole) = record(&program);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: String| directory.path().join(name).to_str().unwrap().to_string();
    let mut from: Option<String> = None;
    for round in 0.. {
        let files = [1, 2].map(|shard| path(format!("{round}-{shard}")));
        for (shard, file) in ["1/2", "2/2"].iter().zip(&files) {
            let begin = from.iter().flat_map(|file| ["--from", file]);
            let arguments: Vec<&str> =
                program.into_iter().chain(["--shard", shard, "--resume", file]).chain(begin).collect();
            let (status, part) = record(&arguments);
            assert!((status, part.complete) == (0, false), "{part:?}");
        }
        let (status, _, missing) = ran(&["merge", &files[1]]);
        assert!(status == 2 && missing.contains("shard 1/2 is missing"), "{missing}");
        let (status, _, twice) = ran(&["merge", &files[1], &files[0], &files[0]]);
        assert!(status == 2 && twice.contains("shard 1/2 is there twice"), "{twice}");
        let into = path(format!("{round}"));
        let (_, json, _) = ran(&["merge", &files[1], &files[0], "--into", &into, "--json", "-"]);
        let Record::Explore(merged) = serde_json::from_str(&json).unwrap() else { panic!("{json}") };
        if merged.complete {
            assert_eq!(certificate(&merged), certificate(&whole));
            return;
        }
        from = Some(into);
    }
}
