//! Every experiment of the catalogue, with each of its locks, by chance and by force.
//!
//! What is demanded here does not come from the catalogue: without a guard a forced race shows, and behind a
//! guard nothing ever goes wrong.

use kcore::experiment::{ALL, Experiment, Row};
use kcore::report::Run;
use kcore::settings::{Config, Form, Verdict};
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, same};

/// The primitives that cure every race of the catalogue.
pub(crate) const GUARDS: [Form; 3] = [Form::Spinlock, Form::Semaphore, Form::Completion];

pub(crate) fn trials() -> Vec<Trial> {
    let every = races().flat_map(catalogue);
    let crowded = races().filter(|entry| entry.tasks.is_none()).flat_map(crowded);
    let mut cases: Vec<Case> = every.chain(crowded).chain(the_race_of_the_book()).chain(guarded()).collect();
    cases.push(natural());
    cases.extend(expectations());
    cases.extend(until());
    cases.into_iter().map(Case::trial).collect()
}

/// The entries whose unguarded form does damage; `deadlocks` has those whose tasks stop.
pub(crate) fn races() -> impl Iterator<Item = &'static Experiment> {
    let raced =
        |entry: &Experiment| entry.cell(entry.unguarded(), 4, Config::Full) == Some(Verdict::Raced.into());
    ALL.iter().copied().filter(move |entry| raced(entry))
}

/// The unguarded form, and those of the tour's three guards that cure it.
fn guards(entry: &'static Experiment) -> impl Iterator<Item = Form> {
    let cures = move |lock| GUARDS.contains(&lock) && entry.row(lock).is_some_and(Row::is_cure);
    entry.locks().filter(move |lock| *lock == entry.unguarded() || cures(*lock))
}

/// One entry: each lock x (off, the mode that shows the race for certain).
fn catalogue(entry: &'static Experiment) -> impl Iterator<Item = Case> {
    guards(entry).flat_map(move |lock| {
        let forced = entry.forced().to_string();
        ["off".to_string(), forced].map(|probe| {
            let words = format!("run {} lock={lock} probe={probe} rounds=2", entry.name);
            let natural = if probe == "off" { " quanta=50" } else { "" };
            let case = Case::new(format!("races::{}::{lock}::{probe}", entry.name), words + natural);
            match (lock == entry.unguarded(), probe.as_str()) {
                (true, "off") => case.run(counted),
                (true, _) => case.run(raced),
                (false, _) => case.run(clean),
            }
        })
    })
}

/// Rounds that are made until one races, and no more than there were to be.
fn until() -> [Case; 2] {
    let rounds = |words: &str, rounds| {
        let name = format!("races::until::{rounds}");
        Case::new(name, words).run(move |run| same("rounds", run.rounds, rounds))
    };
    [
        rounds("run scull-leak lock=none probe=rendezvous quanta=2 rounds=50 until=raced", 1)
            .run(|run| same("leaked quanta", run.leaked.quantum, 3 * 2))
            .says("round 1 was the last: raced\n")
            .says("--quanta 2 --rounds 50 --until raced --cpus 4"),
        rounds("run counter lock=spinlock quanta=5 rounds=7 until=raced", 7).never_says("was the last"),
    ]
}

/// More tasks than CPUs, forced: a waiter gives its CPU to the others, or, if it may not, is not waited for.
fn crowded(entry: &'static Experiment) -> impl Iterator<Item = Case> {
    let all = guards(entry).flat_map(|lock| [(1, 5), (2, 8)].map(move |(cpus, tasks)| (lock, cpus, tasks)));
    all.map(move |(lock, cpus, tasks)| {
        let words = format!(
            "run {} lock={lock} probe={} cpus={cpus} writers={tasks} quanta=10 rounds=2",
            entry.name,
            entry.forced()
        );
        let case = Case::new(format!("races::crowded::{}::{lock}::{tasks}-on-{cpus}", entry.name), words);
        match (lock == entry.unguarded(), lock) {
            // The owners of a lock that spins never meet on one CPU.
            (true, Form::Broken) if cpus == 1 => case.run(clean),
            // A script is for two; tasks that come behind them may put right what they did.
            (true, _) if !entry.certain.rendezvous => case.run(counted),
            (true, _) => case.run(raced),
            (false, _) => case.run(clean),
        }
    })
}

/// n writers, s slots: each slot costs n - 1 quanta, and nothing else is lost.
fn the_race_of_the_book() -> impl Iterator<Item = Case> {
    [1, 2, 4, 8, 16].into_iter().map(|cpus: u64| {
        let (quanta, rounds) = (100, 3);
        let words = format!("run scull-leak lock=none probe=rendezvous cpus={cpus} quanta=100 rounds=3");
        Case::new(format!("races::exact::{cpus}-cpus"), words).run(move |run| {
            if cpus == 1 {
                return clean(run);
            }
            raced(run)?;
            same("leaked quanta", run.leaked.quantum, (cpus - 1) * quanta * rounds)?;
            same("allocated quanta", run.allocated.quantum, cpus * quanta * rounds)?;
            same("reachable quanta", run.reachable.quantum, quanta * rounds)?;
            same("leaked bytes", run.leaked_bytes, run.leaked.quantum * 4000)?;
            same("leaked nodes and arrays", run.leaked.node + run.leaked.array, 0)?;
            same("bytes written", run.bytes_written, cpus * quanta * rounds * 4000)
        })
    })
}

/// Each guard on every number of CPUs.
fn guarded() -> impl Iterator<Item = Case> {
    let work = |cpus: u64, probe: &str| match (probe, cpus) {
        ("rendezvous", _) => (20, 2),
        (_, ..=4) => (1000, 2),
        _ => (100, 2),
    };
    let cpus = [1, 2, 4, 8, 16];
    let all = cpus.into_iter().flat_map(|cpus| ["off", "rendezvous"].map(|probe| (cpus, probe)));
    all.flat_map(move |(cpus, probe)| {
        GUARDS.map(|lock| {
            let (quanta, rounds) = work(cpus, probe);
            let words = format!(
                "run scull-leak lock={lock} probe={probe} cpus={cpus} quanta={quanta} rounds={rounds}"
            );
            Case::new(format!("races::guarded::{lock}::{probe}::{cpus}-cpus"), words).run(move |run| {
                clean(run)?;
                same("allocated quanta", run.allocated.quantum, quanta * rounds)?;
                same("reachable quanta", run.reachable.quantum, quanta * rounds)?;
                same("allocated arrays", run.allocated.array, rounds)?;
                same("allocated nodes", run.allocated.node, rounds)?;
                same("bytes written", run.bytes_written, cpus * quanta * rounds * 4000)
            })
        })
    })
}

/// The unguarded race without any help: whatever comes is accounted for.
fn natural() -> Case {
    Case::new("races::natural", "run scull-leak lock=none writers=4 quanta=1000 rounds=10 expect=any")
        .run(counted)
        .run(|run| same("reachable quanta", run.reachable.quantum, 10_000))
}

/// `expect=` decides the exit status, and nothing else does.
fn expectations() -> impl Iterator<Item = Case> {
    let table = [
        ("raced", "none", "raced", Status::Expected),
        ("clean", "none", "raced", Status::Unexpected),
        ("any", "none", "raced", Status::Expected),
        ("raced", "spinlock", "clean", Status::Unexpected),
        ("clean", "spinlock", "clean", Status::Expected),
    ];
    table.into_iter().map(|(expect, lock, verdict, status)| {
        let words =
            format!("run scull-leak lock={lock} probe=rendezvous quanta=2 rounds=1 cpus=2 expect={expect}");
        Case::new(format!("races::expect::{expect}::{lock}"), words).ends(status).run(move |run| {
            same("the verdict", run.verdict.word(), verdict)?;
            same("ok", run.ok, status == Status::Expected)
        })
    })
}

/// Its own account is right; the identities themselves have been checked by the reader of the report.
fn counted(run: &Run) -> Answer {
    holds("only scull's experiments allocate", run.allocated.total() >= run.live.total())?;
    same("ok", run.ok, true)
}

fn raced(run: &Run) -> Answer {
    same("the verdict", run.verdict, Verdict::Raced)?;
    same("the expectation", run.expected, Verdict::Raced.into())?;
    counted(run)
}

/// Nothing at all went wrong, and all was done.
pub(crate) fn clean(run: &Run) -> Answer {
    unharmed(run)?;
    same("calls without memory", run.out_of_memory, 0)?;
    same("the verdict", run.verdict, Verdict::Clean)?;
    counted(run)
}

/// Nothing went wrong with what was done.
pub(crate) fn unharmed(run: &Run) -> Answer {
    same("leaked blocks", run.leaked.total(), 0)?;
    same("leaked bytes", run.leaked_bytes, 0)?;
    same("lost updates", run.lost_updates, 0)?;
    same("torn quanta", run.torn, 0)?;
    same("uses after free", run.use_after_free, 0)?;
    same("double frees", run.double_free, 0)?;
    holds("one owner at a time", run.owners <= 1)
}
