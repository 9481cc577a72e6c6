//! That a page which shows what the program did not say is found out.

use tests::transcript::{Transcript, all};

const PAGE: &str = "\
Text.

```text
$ cargo run -- run x --lock none
x: a title
  took 3.5 ms
...
= leaked             0         1
writer-A (CPU 0) waits at x.rs:63
```
";

const OUTPUT: &str = "\
Scullery 0.1.0

x: a title
  took 812 us
    [<ffffffff80262f36>] a frame
= live               1         1
= leaked             0         1
writer-B (CPU 1) waits at x.rs:70

verdict: raced
";

fn only(page: &str) -> Transcript {
    let transcripts = all(page);
    assert_eq!(transcripts.len(), 1);
    transcripts.into_iter().next().expect("there is one")
}

#[test]
fn what_differs_from_run_to_run_may_differ() {
    let transcript = only(PAGE);
    assert_eq!(transcript.arguments, ["run", "x", "--lock", "none"]);
    assert_eq!(transcript.check(OUTPUT), Ok(()));
}

#[test]
fn what_was_not_said_is_found_out() {
    let false_pages = [
        ("a title", "another title"),
        ("0         1\n", "0         2\n"),
        ("writer-A (CPU 0) waits", "writer-A (CPU 0) sleeps"),
        ("...\n", ""),
        ("```\n", "...\nx: a title\n```\n"),
    ];
    for (is, wrong) in false_pages {
        let page = PAGE.replacen("Text.", "", 1).replace(is, wrong);
        let page = if is == "```\n" { format!("{}{wrong}", PAGE.trim_end_matches(is)) } else { page };
        assert!(only(&page).check(OUTPUT).is_err(), "{wrong}");
    }
}

#[test]
fn what_was_typed_is_what_stands_after_the_prompt() {
    let page = "```text\n$ cargo run -- shell\nscullery# insmod scull\nscullery# probe\n1 of 2\n```\n";
    assert_eq!(only(page).typed, "insmod scull\nprobe\n");
}

/// Which store was the last is not always known where luck decides, and always where a script does.
#[test]
fn what_became_of_a_reference_may_be_left_to_luck() {
    let page = |arguments: &str| {
        format!(
            "```text\n$ cargo run{arguments}\nB stored over it at x.rs:1: that was the last reference\n```\n"
        )
    };
    let output = "  what took the last reference is not known: the stores overlap\n";
    assert_eq!(only(&page("")).check(output), Ok(()));
    assert!(only(&page(" -- run x --probe script")).check(output).is_err());
}
