//! What can be repeated: counted instructions make a whole machine the same to the last byte.

use libtest_mimic::{Failed, Trial};
use tests::Case;
use tests::ensure::same;

pub(crate) fn trials() -> Vec<Trial> {
    let table = [
        "run scull-leak lock=none quanta=100 rounds=2",
        "run scull-leak lock=none probe=rendezvous quanta=10 rounds=1",
        "run scull-leak lock=spinlock quanta=20 rounds=2 cpus=3",
        "run counter lock=none",
        "run scull-trim lock=none probe=script",
    ];
    let icount = table.into_iter().map(|words| {
        Trial::test(format!("repeat::icount::{}", words.replace(' ', "-")), move || twice(words))
    });
    icount.chain([alternating().trial(), asked().trial()]).collect()
}

/// Two machines, one result.
fn twice(words: &str) -> Result<(), Failed> {
    let boot = || Case::new("", format!("{words} accel=icount memory=32M")).boot_it();
    let (first, second) = (boot()?, boot()?);
    let lines = |outcome: &lab::session::Outcome| -> Vec<String> {
        outcome.report.lines.iter().map(|line| line.text.clone()).collect()
    };
    let all = || {
        same("the exit status", first.status, lab::status::Status::Expected)?;
        same("the second exit status", second.status, first.status)?;
        same("the second report", lines(&second), lines(&first))?;
        same("the second text", second.com1.as_str(), first.com1.as_str())
    };
    all().map_err(|why| format!("{why}\nfirst: {first}\nsecond: {second}").into())
}

/// What was asked for is in the line that repeats it.
fn asked() -> Case {
    Case::new("repeat::line", "run counter seconds=1 expect=any cpu=max,-smap memory=64M mute-cpu=3").says(
        "again: cargo run -- run counter --lock none --probe off --writers 3 --quanta 2000 --seconds 1 --expect any \
         --cpu max,-smap --memory 64M --mute-cpu 3\n",
    )
}

/// One host thread that runs the CPUs in turn, each for a while, with PAUSE as the only way out: a total
/// race.
fn alternating() -> Case {
    Case::new(
        "repeat::tcg-single::pause",
        "run scull-leak lock=none probe=pause accel=tcg-single quanta=100 rounds=2",
    )
    .run(|run| {
        same("the probe", run.probe.as_str(), "pause")?;
        same("ok", run.ok, true)
    })
}
