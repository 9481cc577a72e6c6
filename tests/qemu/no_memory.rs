//! No memory is an answer: commands say so, and the prompt lives.

use std::io::Write;

use kcore::report::{Record, Summary};
use lab::session::Outcome;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, lacks, same};

use crate::shell::{machine, told};

pub(crate) fn trials() -> Vec<Trial> {
    // A bounded number of each line; without `rounds` it is all of them.
    let failing = ["cpus=4 memory=128M", "cpus=2 memory=16M"].map(|words| {
        let name = format!("no-memory::fail-allocations::{}", words.replace(' ', "-"));
        let case = Case::new(name, format!("test fail-allocations rounds=2 timeout=300 {words}"));
        case.without_symbols().check(nothing_failed)
    });
    // The members of a crew of which one cannot be started do not wait for it: that is seen only where every
    // allocation fails.
    let crew = Case::new("no-memory::crew", "test fail-allocations tasklet cpus=2 memory=16M timeout=120");
    let crew =
        crew.without_symbols().says("panics 0, locks held 0, unbalanced 0, silent 0, prompts mute 0\n");
    let refused = Case::new("no-memory::refused", "run abba heap=64K")
        .ends(Status::Usage)
        .says("there is not enough memory for it; give the machine more: memory=, or the heap: heap=");
    let mut all: Vec<Trial> = failing.into_iter().chain([crew, refused]).map(Case::trial).collect();
    let jobs = "sleep 1 &\n".repeat(60);
    let filled = format!("insmod scull\ndd if=/dev/zero of=/dev/scull0 bs=4000 count=100000\n{jobs}wait\n");
    // They sleep until all were started, however long that takes.
    let ended: String = (1..=160).map(|job| format!("kill %{job}\n")).collect();
    let sleepers = "sleep 1000 &\n".repeat(160) + &ended + "wait\nfree\necho alive\n";
    let shells = [
        ("filled", "memory=16M", format!("{filled}rmmod scull\nfree\necho alive\n")),
        ("many-cpus", "memory=16M cpus=16", sleepers),
    ];
    all.extend(shells.map(|(name, words, lines)| {
        Trial::test(format!("no-memory::shell::{name}"), move || Ok(lives(words, &lines)?))
    }));
    all.push(Trial::test("no-memory::trace", || Ok(an_eighth()?)));
    all
}

/// Each line was tried, and all held each time.
fn nothing_failed(outcome: &Outcome) -> Answer {
    let lines =
        outcome.report.records().filter(|record| matches!(record, Record::Case(case) if case.ok)).count();
    holds("there are many lines", lines >= 150)?;
    let Some(Summary { passed, failed }) = outcome.report.summary() else {
        return Err("there is no summary".into());
    };
    same("tries that failed", *failed, 0)?;
    holds("there were many tries", *passed >= 600)?;
    let none = "panics 0, locks held 0, unbalanced 0, silent 0, prompts mute 0";
    holds("nothing was wrong", outcome.com1.lines().any(|line| line == none))
}

fn script(words: &str, lines: &str) -> Result<Outcome, String> {
    let mut file = tempfile::NamedTempFile::new().map_err(|error| error.to_string())?;
    file.write_all(lines.as_bytes()).map_err(|error| error.to_string())?;
    machine(&format!("shell timeout=120 {words}"))?.script(file.path()).run().map_err(told)
}

/// What cannot be done for want of memory says so, and what comes after it is done.
fn lives(words: &str, lines: &str) -> Answer {
    let outcome = script(words, lines)?;
    let all = |why: String| format!("{why}\n{outcome}");
    same("the exit status", outcome.status, Status::Expected).map_err(all)?;
    lacks(&outcome.com1, "oops").map_err(all)?;
    let refused = "sleep: cannot be started: there is not enough memory";
    holds("some are refused", outcome.com1.lines().any(|line| line == refused)).map_err(all)?;
    same("the last line", outcome.com1.lines().last(), Some("alive")).map_err(all)
}

/// The lists of stores take an eighth of the heap at most, and what is kept of them is said.
fn an_eighth() -> Answer {
    let outcome = script("memory=16M cpus=8", "free\n")?;
    let all = |why: String| format!("{why}\n{outcome}");
    let told = |line: &str| {
        line.starts_with("kmemleak: the last ")
            && line.ends_with(" stores of each CPU are kept, in an eighth of the heap")
    };
    holds("it says how many stores are kept", outcome.com1.lines().any(told)).map_err(all)?;
    let heap = outcome.com1.lines().find_map(|line| line.strip_prefix("heap ")).unwrap_or_default();
    let numbers: Vec<u64> = heap.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [total, used, _] = numbers[..] else { return Err(all("free shows no heap".into())) };
    // What else there is at the prompt is little.
    holds("less than a fifth is used", used < total / 5).map_err(all)
}
