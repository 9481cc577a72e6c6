//! Experiments that are explored in the kernel: how many executions there are, and how many of them end how.
//!
//! The counts follow from the steps. A task that increments under a lock takes it, loads, stores and gives it
//! back; its interrupt can come before and after all that, and between two of these steps where interrupts
//! are on.

use kcore::explore::Recipe;
use kcore::explore::sheet::Sheet;
use kcore::report::{Explore, Outcome, Record};
use kcore::settings::{Config, Form, Verdict};
use lab::explore::picture::reported;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::Case;
use tests::ensure::{Answer, same};

pub(crate) fn trials() -> Vec<Trial> {
    let cases = interrupts()
        .chain(elsewhere())
        .chain(sharing())
        .chain(tasks())
        .chain([cut()])
        .chain(again())
        .chain(refused());
    cases.map(Case::trial).collect()
}

/// Executions that end so.
type Ends = &'static [(Verdict, u64)];

/// A task and its interrupt, or the softirq that this raises. Forms that leave it in are wrong cures of the
/// one that keeps it out, and are found.
fn interrupts() -> impl Iterator<Item = Case> {
    const LOST: Ends = &[(Verdict::Clean, 2), (Verdict::Raced, 1)];
    const DEADLOCK: Ends = &[(Verdict::Clean, 2), (Verdict::Deadlock, 3)];
    const SLEPT: Ends = &[(Verdict::Clean, 2), (Verdict::InvalidContext, 3)];
    let cases: [(&str, Form, Ends); 12] = [
        ("irq", Form::None, LOST),
        ("irq", Form::PreemptOff, LOST),
        ("irq", Form::Spinlock, DEADLOCK),
        ("irq", Form::Bh, DEADLOCK),
        ("irq", Form::Semaphore, SLEPT),
        ("irq", Form::Mutex, SLEPT),
        ("irq", Form::IrqOff, &[(Verdict::Clean, 2)]),
        ("irq", Form::Irqsave, &[(Verdict::Clean, 2)]),
        ("softirq", Form::None, LOST),
        ("softirq", Form::Spinlock, DEADLOCK),
        ("softirq", Form::Bh, &[(Verdict::Clean, 5)]),
        ("softirq", Form::Irqsave, &[(Verdict::Clean, 2)]),
    ];
    let one = cases.into_iter().map(|(name, lock, ends)| explored(name, lock, "with=irq cpus=1", ends));
    let one = one.chain([sooner()]);
    // Other CPUs look on; one more increment is one more place between two critical sections.
    let more = [
        explored("irq", Form::Spinlock, "with=irq cpus=4", DEADLOCK),
        explored("irq", Form::Irqsave, "with=irq cpus=4", &[(Verdict::Clean, 2)]),
        explored("irq", Form::Irqsave, "with=irq cpus=1 quanta=3", &[(Verdict::Clean, 4)]),
    ];
    one.chain(more)
}

/// The simplest that goes wrong: A gives the CPU away when it has taken the lock, and B, the interrupt, wants
/// that.
const SIMPLEST: &str = "irq:spinlock:1x1x1:16x2:kernel:irq:A3B1:b2f7";
/// B, the interrupt, comes between A's load and its store.
const BETWEEN: &str = "irq:none:1x1x1:16x2:kernel:irq:A3B4A3:3ed2";

/// It is found, has no switch that can be left out, and is shown; and a string repeats it.
fn sooner() -> Case {
    let case = Case::new("explored: the simplest", "explore irq lock=spinlock cpus=1 quantum=16 qset=2");
    let case = case.says("The shortest that goes wrong has 1 switch between the task and its interrupt");
    let case = case.says("A goes on only when B, its interrupt, is done").says(SIMPLEST);
    case.check(|outcome| {
        let record = outcome.report.records().find_map(of_explore).ok_or("there is no record")?;
        same("switches and string", (record.switches, record.replay.as_str()), (Some(1), SIMPLEST))?;
        let sheet = outcome.report.records().find_map(of_execution).ok_or("there is no execution")?;
        let rows: Vec<_> = sheet.scene.rows.iter().map(|row| (row.task, row.what.as_str())).collect();
        let all =
            [(0, "takes counter.lock"), (1, "comes"), (1, "wants counter.lock"), (0, "waits for the CPU")];
        same("its rows", rows, all.to_vec())?;
        let picture = reported(outcome.report.records()).map_err(|failure| failure.message)?;
        same("its lanes", ["task A", "interrupt B"].map(|lane| picture.contains(lane)), [true; 2])
    })
}

/// What a string repeats, and how that ends: as it did, or otherwise where a switch was left out.
fn again() -> impl Iterator<Item = Case> {
    let of = |string: &str, turns: &str| {
        let recipe: Recipe = string.parse().expect("it is one");
        Recipe { schedule: turns.parse().expect("they are turns"), ..recipe }.to_string()
    };
    let cases = [
        ("the simplest", SIMPLEST.to_string(), Verdict::Deadlock, "wants counter.lock"),
        ("the simplest, without its switch", of(SIMPLEST, "A4"), Verdict::Clean, "counter becomes 2"),
        ("one between two steps", BETWEEN.to_string(), Verdict::Raced, "B stores 1 there"),
        ("without the first switch", of(BETWEEN, "A6B4"), Verdict::Clean, "counter becomes 2"),
        ("without the second", of(BETWEEN, "B4A6"), Verdict::Clean, "counter becomes 2"),
        (
            "other turns",
            of(BETWEEN, "A3B4B4A3"),
            Verdict::Raced,
            "It parts after 7 of the 14 steps of its string",
        ),
    ];
    let case = |(name, string, verdict, says): (&str, String, Verdict, &str)| {
        let case = Case::new(format!("explored: {name}, again"), format!("replay {string} cpus=1"));
        let is_known = matches!(verdict, Verdict::Deadlock | Verdict::Raced);
        let case = case.says(says).ends(if is_known { Status::Expected } else { Status::Unexpected });
        case.check(move |outcome| {
            let sheet = outcome.report.records().find_map(of_execution).ok_or("there is no execution")?;
            same("the verdict", sheet.end.verdict, verdict)
        })
    };
    let refused = [
        ("other sizes", SIMPLEST.replace("1x1x1", "1x2x1"), "its check does not fit"),
        ("another experiment", SIMPLEST.replace("irq:s", "softirq:s"), "its check does not fit"),
        ("the host", "counter:none:2x1x1:16x2:A1B3A2:4741".to_string(), "of an execution on the host"),
    ];
    let refuse = |(name, string, says): (&str, String, &str)| {
        let case =
            Case::new(format!("explored: a string of {name} is refused"), format!("replay {string} cpus=1"));
        case.says(says).ends(Status::Usage)
    };
    // Wherever the parts are: on a CPU that they share, on CPUs of their own, in workers of queues.
    let raced = [
        "sleep:none:2x1x1:16x2:kernel:A3B6A3:674d",
        "preempt:none:2x1x1:16x2:kernel:preempt:B24A30B6:1c2b",
        "scull-leak:none:2x1x1:16x2:kernel:A5B11A5:1a50",
        "irq-other-cpu:none:1x1x1:16x2:kernel:irq:A2B3A2:d04e",
        "timer:none:1x1x1:16x2:kernel:irq:A2B4A3B2:b923",
        "tasklet:none:2x1x1:16x2:kernel:A6B9A3:d92d",
        "workqueue:none:2x1x1:16x2:kernel:A1B2A1:89da",
    ];
    let repeat = |string: &str| {
        let case = Case::new(format!("explored: {string}, again"), format!("replay {string} cpus=2"));
        let again = string.to_string();
        case.check(move |outcome| {
            let sheet = outcome.report.records().find_map(of_execution).ok_or("there is no execution")?;
            let found = (sheet.end.verdict, sheet.parted.clone(), sheet.replay.clone());
            same("verdict, where it parts, and string", found, (Verdict::Raced, None, again.clone()))
        })
    };
    cases.map(case).into_iter().chain(refused.map(refuse)).chain(raced.map(repeat))
}

/// What runs on another CPU than the task: the handler of its device, its timer, another tasklet; or another
/// worker. A timer's handler is begun, visits the object and is through; with its owner's two steps at the
/// timers, or three where the owner waits, there are as many orders as here. The object is freed before it is
/// visited in one alone. A tasklet is found to be scheduled, to run, or neither, by each of two CPUs.
fn elsewhere() -> impl Iterator<Item = Case> {
    const LOST: Ends = &[(Verdict::Clean, 2), (Verdict::Raced, 2)];
    const KEPT: Ends = &[(Verdict::Clean, 2)];
    let cases: [(&str, Form, &str, Ends); 20] = [
        ("irq-other-cpu", Form::None, "cpus=2", LOST),
        ("irq-other-cpu", Form::PreemptOff, "cpus=2", LOST),
        ("irq-other-cpu", Form::IrqOff, "cpus=2 with=irq", LOST),
        ("irq-other-cpu", Form::Spinlock, "cpus=2", KEPT),
        ("irq-other-cpu", Form::Irqsave, "cpus=2", KEPT),
        ("irq-other-cpu", Form::Irqsave, "cpus=4 quanta=3", &[(Verdict::Clean, 4)]),
        ("tasklet", Form::None, "cpus=2", LOST),
        ("tasklet", Form::IrqOff, "cpus=2", LOST),
        ("tasklet", Form::Spinlock, "cpus=2", KEPT),
        ("tasklet", Form::Tasklet, "cpus=2", &[(Verdict::Clean, 6)]),
        ("tasklet", Form::Tasklet, "cpus=4 quanta=2", &[(Verdict::Clean, 78)]),
        ("timer", Form::None, "cpus=2 with=irq", &[(Verdict::Clean, 6), (Verdict::Raced, 1)]),
        ("timer", Form::Synchronous, "cpus=2", &[(Verdict::Clean, 6)]),
        ("timer", Form::Synchronous, "cpus=4", &[(Verdict::Clean, 6)]),
        ("workqueue", Form::None, "cpus=1", LOST),
        ("workqueue", Form::PreemptOff, "cpus=1", LOST),
        ("workqueue", Form::Spinlock, "cpus=1", KEPT),
        ("workqueue", Form::Mutex, "cpus=1", KEPT),
        ("workqueue", Form::Irqsave, "cpus=4", KEPT),
        ("workqueue", Form::Completion, "cpus=1 writers=3 quanta=2", &[(Verdict::Clean, 90)]),
    ];
    let own = explored("tasklet", Form::Tasklet, "cpus=2", &[(Verdict::Clean, 6)]).config(Config::Smp);
    cases.into_iter().map(|(name, lock, words, ends)| explored(name, lock, words, ends)).chain([own])
}

/// Two tasks of one CPU: one has it until it sleeps, and then also until it could be preempted. With a load,
/// a sleep and a store in each, two parts of A's and two of B's can be put in 6 orders, and three in 20. A
/// lock that sleeps keeps the other out meanwhile.
fn sharing() -> impl Iterator<Item = Case> {
    const ONE_OF_TWO: Ends = &[(Verdict::Clean, 2)];
    const HANDED_ON: Ends = &[(Verdict::Clean, 26)];
    let cases: [(&str, Form, &str, Ends); 14] = [
        ("sleep", Form::None, "", &[(Verdict::Clean, 2), (Verdict::Raced, 4)]),
        ("sleep", Form::None, "with=preempt", &[(Verdict::Clean, 2), (Verdict::Raced, 18)]),
        ("sleep", Form::PreemptOff, "", &[(Verdict::InvalidContext, 6)]),
        ("sleep", Form::IrqOff, "", &[(Verdict::InvalidContext, 6)]),
        ("sleep", Form::Spinlock, "", &[(Verdict::InvalidContext, 4)]),
        ("sleep", Form::Semaphore, "", &[(Verdict::Clean, 4)]),
        ("sleep", Form::RwSem, "", &[(Verdict::Clean, 4)]),
        ("preempt", Form::PreemptOff, "", ONE_OF_TWO),
        ("preempt", Form::IrqOff, "", ONE_OF_TWO),
        ("preempt", Form::Spinlock, "", ONE_OF_TWO),
        ("preempt", Form::Bh, "", ONE_OF_TWO),
        ("preempt", Form::Semaphore, "", HANDED_ON),
        ("preempt", Form::Mutex, "", HANDED_ON),
        ("preempt", Form::Completion, "", HANDED_ON),
    ];
    let given = "quantum=16 qset=2 cpus=1";
    let forms = cases
        .into_iter()
        .map(move |(name, lock, with, ends)| explored(name, lock, &format!("{with} {given}"), ends));
    // A kernel that takes no CPU away needs no lock.
    forms.chain([explored("preempt", Form::None, given, ONE_OF_TWO).config(Config::Smp), leaking()])
}

/// Without a lock it is found at once, and there are half a million orders: no more are made than say so.
fn leaking() -> Case {
    let case = Case::new("explored: preempt none", "explore preempt quantum=16 qset=2 cpus=1");
    case.says("--limit N makes N executions").check(|outcome| {
        let record = outcome.report.records().find_map(of_explore).ok_or("there is no record")?;
        let found = (record.verdict, record.complete, record.executions);
        same("verdict, completeness and executions", found, (Verdict::Raced, false, 5_000))
    })
}

/// The known counts of two and three tasks that increment, with and without a lock, and those of the host of
/// other experiments: the same however many CPUs share the search.
fn tasks() -> impl Iterator<Item = Case> {
    let counts: [(Form, &str, Ends); 5] = [
        (Form::None, "writers=2 quanta=1", &[(Verdict::Clean, 2), (Verdict::Raced, 2)]),
        (Form::None, "writers=2 quanta=3", &[(Verdict::Clean, 20), (Verdict::Raced, 308)]),
        (Form::None, "writers=3 quanta=1", &[(Verdict::Clean, 6), (Verdict::Raced, 30)]),
        (Form::Spinlock, "writers=2 quanta=2", &[(Verdict::Clean, 6)]),
        (Form::Semaphore, "writers=3 quanta=2", &[(Verdict::Clean, 90)]),
    ];
    let others: [(&str, Form, &str, Ends); 7] = [
        ("scull-leak", Form::None, "", &[(Verdict::Clean, 16), (Verdict::Raced, 56)]),
        ("aba", Form::None, "", &[(Verdict::Clean, 61), (Verdict::Raced, 1)]),
        ("multithread-write", Form::Spinlock, "", &[(Verdict::Clean, 6)]),
        ("unplug", Form::Spinlock, "", &[(Verdict::Clean, 9), (Verdict::Raced, 31)]),
        ("abba", Form::Mutex, "", &[(Verdict::Clean, 2), (Verdict::Deadlock, 1)]),
        ("sleep", Form::None, "with=preempt", &[(Verdict::Clean, 2), (Verdict::Raced, 18)]),
        ("preempt", Form::Semaphore, "", &[(Verdict::Clean, 26)]),
    ];
    let counts = counts.into_iter().map(|(lock, sizes, ends)| ("counter", lock, sizes, ends)).chain(others);
    let counts: Vec<_> = counts.collect();
    [1, 2, 4].into_iter().flat_map(move |cpus| {
        let case = |(name, lock, sizes, ends): &(&str, Form, &str, Ends)| {
            explored(name, *lock, &format!("{sizes} quantum=16 qset=2 cpus={cpus}"), ends)
        };
        counts.iter().map(case).collect::<Vec<_>>()
    })
}

/// Where executions are missing, none that went wrong is no certificate.
fn cut() -> Case {
    let case =
        Case::new("explored: not all", "explore counter lock=semaphore writers=3 quanta=2 limit=5 cpus=1");
    let case = case.ends(Status::Unexpected).says("5 executions, not all");
    case.check(|outcome| {
        let record = outcome.report.records().find_map(of_explore).ok_or("there is no record")?;
        same("verdict and completeness", (record.verdict, record.complete), (Verdict::NotTried, false))
    })
}

/// What happens by time is no step, nor what a silent lock does; and what a lock does may not be what it
/// tells: a certificate would be false.
fn refused() -> impl Iterator<Item = Case> {
    let cases = [
        ("timer", "on a CPU of its own"),
        ("stack-semaphore", "cannot be explored"),
        ("double-wake", "cannot be explored"),
        ("counter with=irq", "nothing that could come"),
        ("irq writers=2", "one task at a time"),
        ("preempt lock=cpu-owned", "lets tasks of one CPU pass"),
    ];
    let case =
        |words: &str| Case::new(format!("explored: {words} is refused"), format!("explore {words} cpus=1"));
    let refused = cases.map(|(words, says)| case(words).says(says));
    let small = case("irq lock=spinlock").config(Config::Preempt).says("a kernel for one CPU");
    refused.into_iter().chain([small]).map(|case| case.ends(Status::Usage))
}

fn explored(name: &str, lock: Form, words: &str, ends: Ends) -> Case {
    let case =
        Case::new(format!("explored: {name} {lock} {words}"), format!("explore {name} lock={lock} {words}"));
    case.check(move |outcome| judge(outcome.report.records().find_map(of_explore), ends))
}

fn of_explore(record: &Record) -> Option<&Explore> {
    if let Record::Explore(record) = record { Some(record) } else { None }
}

fn of_execution(record: &Record) -> Option<&Sheet> {
    if let Record::Execution(sheet) = record { Some(sheet) } else { None }
}

fn judge(record: Option<&Explore>, ends: Ends) -> Answer {
    let record = record.ok_or("there is no record")?;
    let count = |verdict: Verdict| {
        let such = |outcome: &&Outcome| outcome.verdict == verdict;
        record.outcomes.iter().filter(such).map(|outcome| outcome.executions).sum::<u64>()
    };
    let found: Vec<(Verdict, u64)> = ends.iter().map(|(verdict, _)| (*verdict, count(*verdict))).collect();
    same("how executions end", found.as_slice(), ends)?;
    let all = ends.iter().map(|(_, count)| count).sum();
    same(
        "executions, blocked ones, all of them",
        (record.executions, record.blocked, record.complete),
        (all, 0, true),
    )?;
    same("as expected", record.ok, true)
}
