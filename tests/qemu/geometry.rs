//! Devices that cannot be, and devices that only just can.

use kcore::settings::Verdict;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::same;

use crate::races::{clean, unharmed};

pub(crate) fn trials() -> Vec<Trial> {
    let refused = [
        ("quantum=0", "-EINVAL"),
        ("qset=0", "-EINVAL"),
        ("quantum=0 qset=0", "-EINVAL"),
        ("qset=18446744073709551615", "-EINVAL"),
        ("quantum=18446744073709551615", "-EINVAL"),
        ("qset=1G", "-ENOMEM"),
        ("quantum=1G", "-ENOMEM"),
    ];
    let refused = refused.into_iter().flat_map(|(words, errno)| {
        let experiments =
            if words.contains("object") { &["scull-leak"][..] } else { &["scull-leak", "scull-trim"] };
        experiments.iter().map(move |experiment| {
            Case::new(
                format!("geometry::{experiment}::{}", words.replace(' ', "-")),
                format!("run {experiment} {words}"),
            )
            .ends(Status::Usage)
            .says(errno)
        })
    });
    let tiny = [(1, 1), (1, 7), (3, 2), (8, 1000), (4096, 3)].map(|(quantum, qset)| {
        let words = format!(
            "run scull-leak lock=spinlock quantum={quantum} qset={qset} quanta=60 rounds=2 object=all"
        );
        Case::new(format!("geometry::{quantum}x{qset}"), words).run(clean).run(move |run| {
            let nodes = 60_u64.div_ceil(qset) * 2;
            same("nodes", run.allocated.node, nodes)?;
            same("arrays", run.allocated.array, nodes)?;
            same("quanta", run.allocated.quantum, 120)
        })
    });
    refused.chain(tiny).chain(shared()).chain([no_array()]).map(Case::trial).collect()
}

/// What is tried depends on the geometry, and so does what comes of it.
fn shared() -> impl Iterator<Item = Case> {
    let fits = [
        // Writers that share a slot have a byte each.
        "run scull-publish lock=mutex probe=rendezvous qset=1",
        "run scull-publish lock=spinlock quantum=2 qset=2",
        // A copy has a second half, however short it is.
        "run scull-trim probe=script quantum=1",
        "run scull-trim probe=script quantum=8",
        "run book-trim probe=script quantum=8",
        "run scull-torn probe=script quantum=16",
        "run scull-torn probe=script quantum=16 lock=semaphore",
    ];
    let refused = [
        ("run scull-torn probe=script quantum=1", "a copy of less than 16 bytes has no two halves"),
        ("run scull-publish lock=mutex quantum=1 qset=3", "a list item must have a byte for each writer"),
        ("run scull-read quantum=1G qset=1G", "quanta= reaches past the largest position"),
        (
            "run multithread-write lock=none quantum=1024G qset=1 quanta=9000000",
            "quanta= reaches past the largest position",
        ),
        ("run book-exchange lock=repaired quantum=3G", "the numbers that are exchanged must be ints"),
        (
            "run lost-wakeup lock=completion probe=off writers=1",
            "lost-wakeup needs writers=2 at least, not 1",
        ),
        (
            "run book-pipe-if lock=repaired probe=off writers=1",
            "book-pipe-if needs writers=2 at least, not 1",
        ),
    ];
    let case = |words: &str| Case::new(format!("geometry::words::{}", words.replace(' ', "-")), words);
    let fits = fits.into_iter().map(move |words| case(words).run(|run| same("ok", run.ok, true)));
    let refused = refused.into_iter().map(move |(words, line)| case(words).ends(Status::Usage).says(line));
    fits.chain(refused)
}

/// A device may have arrays that no heap can hold: then every write fails, and nothing else does.
fn no_array() -> Case {
    Case::new(
        "geometry::no-array",
        "run scull-leak lock=none object=array qset=1073741824 quantum=1 quanta=3 rounds=2",
    )
    .says("-ENOMEM")
    .ends(Status::Unexpected)
    .run(unharmed)
    .run(|run| {
        same("the verdict", run.verdict, Verdict::NotTried)?;
        same("nodes", run.allocated.node, 6)?;
        same("arrays and quanta", run.allocated.array + run.allocated.quantum, 0)?;
        same("bytes written", run.bytes_written, 0)
    })
}
