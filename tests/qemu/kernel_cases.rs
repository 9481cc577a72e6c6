//! The cases that run inside the kernel, on machines of several sizes.

use kcore::report::{Bench, Case as Record, Record as Line, Summary};
use lab::session::Outcome;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, holds, same};

pub(crate) fn trials() -> Vec<Trial> {
    let mut cases: Vec<Case> = [
        "cpus=1",
        "cpus=2",
        "cpus=4",
        "cpus=16",
        "cpus=4 memory=16M",
        "cpus=4 accel=tcg-single",
        "cpus=4 machine=q35",
        "cpus=4 accel=icount",
    ]
    .iter()
    .map(|machine| {
        let case =
            Case::new(format!("kernel-cases::{}", machine.replace(' ', "-")), format!("test {machine}"));
        // There is no room for the symbols.
        let case = if machine.contains("16M") { case.without_symbols() } else { case };
        case.check(all_hold)
    })
    .collect();
    // Machines of their own: where memory has run out before, stale words may name what is lost
    // (docs/KMEMLEAK.md).
    cases.extend(["cpus=1", "cpus=4"].map(|machine| {
        Case::new(format!("kernel-cases::kmemleak-{machine}"), format!("test kmemleak {machine}"))
            .without_symbols()
            .check(|outcome| {
                same("the summary", outcome.report.summary(), Some(&Summary { passed: 12, failed: 0 }))
            })
    }));
    // Only here there is room for the 100,000 blocks among which kmemleak is to find what was planted.
    cases.push(
        Case::new("kernel-cases::kmemleak-100000", "test kmemleak cpus=4 memory=512M timeout=150")
            .without_symbols()
            .check(|outcome| {
                holds("there are so many blocks", outcome.com1.contains("among 100000 live blocks"))?;
                same("the summary", outcome.report.summary(), Some(&Summary { passed: 12, failed: 0 }))
            }),
    );
    // While a CPU stands at each instruction of the context switch.
    cases.extend(["cpus=2", "cpus=4"].map(|machine| {
        Case::new(
            format!("kernel-cases::midswitch-{machine}"),
            format!("test midswitch::each-instruction {machine}"),
        )
        .without_symbols()
        .says("192 searches, at 22 of the switch's own instructions")
        .check(|outcome| {
            same("the summary", outcome.report.summary(), Some(&Summary { passed: 1, failed: 0 }))
        })
    }));
    cases.extend(deaths());
    cases.push(self_check());
    cases.push(a_filter());
    cases.push(whole_lines());
    cases.extend(watchdog());
    cases.extend([1, 4].map(bench));
    cases.into_iter().map(Case::trial).collect()
}

/// A process dies at each of its steps, and the machine goes on as if it had not been there.
fn deaths() -> impl Iterator<Item = Case> {
    let each = ["names", "texts", "modules", "kmemleak", "runs", "pipes", "files"]
        .map(|of| (format!("estate::{of} cpus=2"), 1));
    let broken = [1, 4].map(|cpus| (format!("estate::breaks cpus={cpus}"), 4));
    each.into_iter().chain(broken).map(|(words, passed)| {
        Case::new(format!("kernel-cases::{}", words.replace(' ', "-")), format!("test {words} timeout=300"))
            .without_symbols()
            .check(move |outcome| {
                same("the summary", outcome.report.summary(), Some(&Summary { passed, failed: 0 }))
            })
    })
}

/// Tasks that are busy for ever are given up, whatever others do, and ended by force where they wait for
/// nothing; else the machine says so and ends.
fn watchdog() -> impl Iterator<Item = Case> {
    let given_up = ["busy", "busy-beside-others", "deaf"].map(|name| {
        let name = format!("watchdog::{name}");
        Case::new(&name, format!("test {name} cpus=2")).check(|outcome| {
            same("the summary", outcome.report.summary(), Some(&Summary { passed: 1, failed: 0 }))
        })
    });
    let out_of_reach = Case::new("watchdog::out-of-reach", "test watchdog::out-of-reach cpus=2")
        .ends(Status::Unexpected)
        .says("livelock: 1 task is busy")
        .says("verdict: livelock");
    given_up.into_iter().chain([out_of_reach])
}

/// The figures that a reader asks for first, each beside its peer where there is one; and none that took no
/// time.
fn bench(cpus: u32) -> Case {
    const WAKE_UP: &str = "between: wake-up across CPUs, one way";
    let mut names = vec!["between: context switch", "uncontended: semaphore", "uncontended: mutex"];
    names.extend(["uncontended: spinlock", "uncontended: spin::Mutex", "contended: spinlock"]);
    names.extend((cpus > 1).then_some(WAKE_UP));
    let case = Case::new(format!("bench::{cpus}-cpus"), format!("bench cpus={cpus}"));
    case.says(" times as fast as spin::Mutex").check(move |outcome| {
        let bench = |line: &Line| if let Line::Bench(bench) = line { Some(bench.clone()) } else { None };
        let measured: Vec<Bench> = outcome.report.records().filter_map(bench).collect();
        let missing: Vec<_> =
            names.iter().filter(|name| measured.iter().all(|bench| bench.name != **name)).collect();
        same("figures that are missing", missing, Vec::new())?;
        same("wake-ups across CPUs", measured.iter().any(|bench| bench.name == WAKE_UP), cpus > 1)?;
        // To call no CPU takes no time.
        let instant =
            |bench: &&Bench| bench.cycles < bench.operations && !bench.name.ends_with("all other CPUs");
        same("figures of no time", measured.iter().find(instant), None)
    })
}

fn records(outcome: &Outcome) -> Vec<Record> {
    let case = |line: &Line| if let Line::Case(case) = line { Some(case.clone()) } else { None };
    outcome.report.records().filter_map(case).collect()
}

/// The cases that were tried hold; those that do not are named.
pub(crate) fn none_failed(outcome: &Outcome) -> Answer {
    let failed: Vec<Record> = records(outcome).into_iter().filter(|case| !case.ok).collect();
    same("failed cases", failed, Vec::new())
}

pub(crate) fn all_hold(outcome: &Outcome) -> Answer {
    let cases = records(outcome);
    holds("there are many cases", cases.len() >= 50)?;
    holds("they come in the order of their names", cases.is_sorted_by(|a, b| a.name < b.name))?;
    none_failed(outcome)?;
    let all = Summary { passed: cases.len() as u32, failed: 0 };
    same("the summary", outcome.report.summary(), Some(&all))?;
    let said = |case: &Record| {
        outcome.com1.lines().filter(|line| *line == format!("{} ... ok", case.name)).count() == 1
    };
    holds("each says on a line of its own that it holds", cases.iter().all(said))
}

/// A harness that cannot fail proves nothing: the case that must not hold is reported as such.
fn self_check() -> Case {
    Case::new("kernel-cases::self-check", "test self-check-fails").ends(Status::Unexpected).check(|outcome| {
        let cases = records(outcome);
        same("cases", cases.len(), 1)?;
        same("ok", cases[0].ok, false)?;
        holds("it says why", !cases[0].message.is_empty())?;
        same("the summary", outcome.report.summary(), Some(&Summary { passed: 0, failed: 1 }))
    })
}

fn a_filter() -> Case {
    Case::new("kernel-cases::filter", "test heap").check(|outcome| {
        let cases = records(outcome);
        holds("some are left", !cases.is_empty())?;
        holds("only those are run", cases.iter().all(|case| case.name.contains("heap")))
    })
}

/// All CPUs print at the same time; every line arrives in one piece.
fn whole_lines() -> Case {
    Case::new("kernel-cases::whole-lines", "test console cpus=8").check(|outcome| {
        let lines: Vec<&str> = outcome.com1.lines().filter(|line| line.contains("whole line")).collect();
        let wanted =
            |cpu: usize, number: usize| format!("whole line {number} of CPU {cpu}, {}", "x".repeat(40));
        let mut expected: Vec<String> =
            (0..8).flat_map(|cpu| (0..50).map(move |number| wanted(cpu, number))).collect();
        let mut lines: Vec<String> = lines.into_iter().map(str::to_string).collect();
        expected.sort();
        lines.sort();
        same("the lines", lines, expected)
    })
}
