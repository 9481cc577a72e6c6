//! Two examples of each command, for its `--help`.

/// What is typed, and what for.
const EXAMPLES: &[(&str, [(&str, &str); 2])] = &[
    ("tour", [("tour", "as it is"), ("tour --cpus 16 --quanta 100", "with more tasks")]),
    ("list", [("list", "a line for each"), ("list --long", "all that can be said")]),
    (
        "explain",
        [
            ("explain scull-leak", "an experiment"),
            ("explain scull-leak --hint", "no more than where to look"),
        ],
    ),
    (
        "run",
        [
            ("run scull-leak --probe rendezvous", "the race, for certain"),
            ("run scull-leak --lock spinlock", "its cure"),
        ],
    ),
    (
        "explore",
        [
            ("explore counter", "all orders of two tasks"),
            ("explore counter --lock mutex --writers 3", "the proof of a cure"),
        ],
    ),
    (
        "check",
        [
            ("check drivers/scull.c", "a driver in which nothing is found"),
            ("check mine.c --json found.json", "one of yours, for a grader"),
        ],
    ),
    (
        "merge",
        [
            ("merge 1.part 2.part", "what two shards have found"),
            ("merge *.part --into all.part", "and what is left"),
        ],
    ),
    (
        "replay",
        [
            ("replay counter:none:2x1x1:16x2:A1B3A2:4741", "here, and on a machine"),
            ("replay @FILE --on host --svg race.svg", "a picture of it"),
        ],
    ),
    ("test", [("test", "all of them"), ("test mutex --cpus 2", "some, on two CPUs")]),
    ("bench", [("bench", "what things cost"), ("bench --configs", "how kernels compare")]),
    (
        "fault",
        [("fault page-fault", "an exception and its report"), ("fault hang --timeout 5", "a time limit")],
    ),
    ("matrix", [("matrix", "all of it"), ("matrix counter --config up", "one row, one column")]),
    (
        "shell",
        [("shell", "at the prompt"), ("shell --mount . --script load.sh x", "a script with an argument")],
    ),
    (
        "module",
        [("module build drivers/scull.c", "a driver made of its source"), ("module api", "what it may call")],
    ),
    (
        "image",
        [
            ("image --out /tmp/images", "images for BIOS and UEFI"),
            ("image --command 'run counter lock=none'", "what they do"),
        ],
    ),
    (
        "completions",
        [
            ("completions bash > ~/.local/share/bash-completion/completions/scullery", "for bash"),
            ("completions zsh > ~/.zfunc/_scullery", "for zsh"),
        ],
    ),
    ("man", [("man > scullery.1", "of the program"), ("man run | man -l -", "of a command, to be read")]),
];

/// The examples of `command`, as its help has them.
pub(crate) fn of(command: &str) -> String {
    let own = EXAMPLES.iter().find(|(name, _)| *name == command).map_or(&[][..], |(_, examples)| examples);
    let lines = own.iter().map(|(line, what)| format!("\n  cargo run -- {line}\n      {what}"));
    if own.is_empty() { String::new() } else { "Examples:".to_string() + &lines.collect::<String>() }
}
