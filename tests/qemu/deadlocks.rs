//! The exhibits whose tasks come to a stop, and those of wake-ups and units that go astray, on four CPUs and
//! on one.
//!
//! A stop is named: the waiter, its lock and line, and the holder, and since which line. The lines
//! are looked up in the source of the exhibit.

use kcore::report::{Run, Wait};
use kcore::settings::{Form, Verdict};
use libtest_mimic::Trial;
use tests::Case;
use tests::case::waits;
use tests::ensure::{Answer, contains, holds, same};

use crate::races::clean;

pub(crate) fn trials() -> Vec<Trial> {
    let named = abba().chain(self_deadlock()).chain(forgotten_unlock()).chain(lost_wakeup());
    let cases = named.chain(exact()).chain(cures()).chain(harmless());
    cases.map(Case::trial).collect()
}

/// What comes to a stop ends by itself in this time: a bound, which a machine is given up beyond.
pub(crate) const LIMIT: &str = "timeout=5";

const ABBA: Source = Source::new("abba.rs", include_str!("../../kcore/src/experiment/abba.rs"));
const SELF_DEADLOCK: Source =
    Source::new("self_deadlock.rs", include_str!("../../kcore/src/experiment/self_deadlock.rs"));
const FORGOTTEN_UNLOCK: Source =
    Source::new("forgotten_unlock.rs", include_str!("../../kcore/src/experiment/forgotten_unlock.rs"));
const LOST_WAKEUP: Source =
    Source::new("lost_wakeup.rs", include_str!("../../kcore/src/experiment/lost_wakeup.rs"));

/// Two tasks, two locks: each waits for what the other has.
fn abba() -> impl Iterator<Item = Case> {
    let forms = [
        (Form::Spinlock, 4),
        (Form::Spinlock, 2),
        (Form::Semaphore, 4),
        (Form::Semaphore, 1),
        (Form::Mutex, 4),
        (Form::Mutex, 1),
    ];
    forms.into_iter().map(|(lock, cpus)| {
        let (first, second) = (ABBA.line("self.guards[lower].enter()"), ABBA.line("[higher].enter()"));
        let case = stopped("abba", lock, cpus, "probe=rendezvous", Verdict::Deadlock);
        let case = case.says("deadlock: 2 tasks wait for each other");
        // A spinning task is shown where it spins; a non-maskable interrupt asks the other CPU.
        let case = match lock {
            Form::Spinlock => case.says("CPU 0, writer-A:\n    [<").says("CPU 1, writer-B:\n    [<"),
            _ => case,
        };
        ["A 1 B", "B 0 A"].into_iter().fold(case, |case, words| {
            let mut words = words.split(' ');
            let mut next = || words.next().expect("three words").to_string();
            let edge = Edge {
                waiter: format!("writer-{}", next()),
                lock: format!("scull{}.lock", next()),
                at: second.clone(),
                holder: Some((format!("writer-{}", next()), first.clone())),
                in_cycle: true,
            };
            edge.demanded_of(case, 2)
        })
    })
}

/// One task, one lock, two lines.
fn self_deadlock() -> impl Iterator<Item = Case> {
    [Form::Spinlock, Form::Semaphore, Form::Mutex].into_iter().flat_map(|lock| {
        [4, 1].map(|cpus| {
            let outer = SELF_DEADLOCK.line_after("fn append", "self.guard.enter()");
            let edge = Edge {
                waiter: "writer-A".to_string(),
                lock: "scull0.lock".to_string(),
                at: SELF_DEADLOCK.line_after("fn size(", "self.guard.enter()"),
                holder: Some(("writer-A".to_string(), outer)),
                in_cycle: true,
            };
            let case = stopped("self-deadlock", lock, cpus, "", Verdict::Deadlock);
            edge.demanded_of(case.says("deadlock: writer-A waits for itself"), 1)
        })
    })
}

/// The task that has the lock is gone.
fn forgotten_unlock() -> impl Iterator<Item = Case> {
    [Form::Spinlock, Form::Semaphore, Form::Mutex].into_iter().flat_map(|lock| {
        [4, 1].map(|cpus| {
            let forgotten = FORGOTTEN_UNLOCK.line_after("fn write", "self.guard.enter()");
            let edge = Edge {
                waiter: "writer-B".to_string(),
                lock: "scull0.lock".to_string(),
                at: FORGOTTEN_UNLOCK.line_after("fn size", "self.guard.enter()"),
                holder: Some(("writer-A".to_string(), forgotten)),
                in_cycle: false,
            };
            let case = stopped("forgotten-unlock", lock, cpus, "", Verdict::Stuck);
            edge.demanded_of(case.says("has returned without giving it back"), 1)
        })
    })
}

/// A task sleeps, and no other has anything that it waits for.
fn lost_wakeup() -> impl Iterator<Item = Case> {
    [4, 1].into_iter().map(|cpus| {
        let edge = Edge {
            waiter: "reader-A".to_string(),
            lock: "scull0.readers".to_string(),
            at: LOST_WAKEUP.line("sleeper.sleep::<M>()"),
            holder: None,
            in_cycle: false,
        };
        edge.demanded_of(stopped("lost-wakeup", Form::None, cpus, "probe=script", Verdict::Stuck), 1)
    })
}

/// How much damage is done, to the last count.
fn exact() -> impl Iterator<Item = Case> {
    let owners = [
        ("double-up lock=semaphore probe=rendezvous", 2),
        ("double-up lock=semaphore probe=rendezvous cpus=1", 2),
        ("double-up lock=semaphore probe=rendezvous writers=6 cpus=2", 2),
        ("double-wake lock=none probe=rendezvous", 2),
        ("double-wake lock=none probe=rendezvous cpus=1", 2),
        ("double-wake lock=none probe=rendezvous writers=6", 5),
    ];
    let owners =
        owners.into_iter().map(|(words, owners)| raced(words, move |run| same("owners", run.owners, owners)));
    let touched = ["", " cpus=2"].into_iter().map(|cpus| {
        let words = format!("stack-semaphore lock=semaphore probe=fire quanta=20 rounds=2{cpus}");
        raced(&words, |run| same("uses after free", run.use_after_free, 40))
    });
    owners.chain(touched)
}

/// What stops each of them, whatever the machine.
fn cures() -> impl Iterator<Item = Case> {
    let table: [(&str, &str, &[Form]); 7] = [
        ("abba", "rendezvous", &[Form::Ordered]),
        ("self-deadlock", "off", &[Form::Helper]),
        ("forgotten-unlock", "off", &[Form::Guarded]),
        ("double-up", "rendezvous", &[Form::Mutex]),
        ("lost-wakeup", "script", &[Form::WaitEvent, Form::Semaphore, Form::Completion]),
        ("double-wake", "rendezvous", &[Form::WaitEvent, Form::Semaphore, Form::Completion]),
        ("stack-semaphore", "fire", &[Form::Completion]),
    ];
    table.into_iter().flat_map(|(exhibit, probe, locks)| {
        locks.iter().flat_map(move |lock| {
            ["quanta=1 cpus=4", "quanta=20 cpus=4", "quanta=20 cpus=1", "quanta=20 writers=5 cpus=2"]
                .map(|work| is_clean(&format!("{exhibit} lock={lock} probe={probe} rounds=2 {work}")))
        })
    })
}

/// Wrong forms that do no harm on one CPU, since no task comes in between.
fn harmless() -> impl Iterator<Item = Case> {
    let words = ["abba lock=spinlock probe=rendezvous", "stack-semaphore lock=semaphore probe=fire"];
    words.into_iter().map(|words| is_clean(&format!("{words} quanta=20 cpus=1")))
}

fn raced(words: &str, check: impl Fn(&Run) -> Answer + Send + 'static) -> Case {
    Case::new(name_of(words), format!("run {words}")).run(move |run| {
        same("the verdict", run.verdict, Verdict::Raced)?;
        check(run)
    })
}

fn is_clean(words: &str) -> Case {
    Case::new(name_of(words), format!("run {words}")).run(clean)
}

fn name_of(words: &str) -> String {
    format!("deadlocks::{}", words.replace(' ', "::"))
}

/// A run that the watchdog ends, as is expected, with exit status 0, within [`LIMIT`].
fn stopped(exhibit: &str, lock: Form, cpus: u32, probe: &str, verdict: Verdict) -> Case {
    let words = format!("run {exhibit} lock={lock} cpus={cpus} {probe} {LIMIT}");
    Case::new(format!("deadlocks::{exhibit}::{lock}::{cpus}-cpus"), words).run(move |run| {
        same("what the watchdog said", run.stopped, Some(verdict))?;
        same("the verdict", run.verdict, verdict)?;
        same("the expectation", run.expected, verdict.into())?;
        same("ok", run.ok, true)
    })
}

/// A waiter, as the exhibit must be found.
#[derive(Clone, Debug)]
struct Edge {
    waiter: String,
    lock: String,
    /// `file:line`.
    at: String,
    /// The holder, and since which `file:line`.
    holder: Option<(String, String)>,
    in_cycle: bool,
}

impl Edge {
    /// It must be there, of `all` that wait, in the report and in what people are told.
    fn demanded_of(self, case: Case, all: usize) -> Case {
        case.check(move |outcome| {
            let waits = waits(outcome);
            same("those who wait", waits.len(), all)?;
            holds(&format!("{self:?} is among {waits:?}"), waits.iter().any(|wait| self.is(wait)))?;
            contains(&outcome.com1, &format!("waits for {} at {}", self.lock, self.at))?;
            contains(&outcome.com1, &self.waiter)?;
            self.holder.iter().try_for_each(|(_, since)| contains(&outcome.com1, &format!("since {since}")))
        })
    }

    fn is(&self, wait: &Wait) -> bool {
        let place = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
        let since = wait.held_since.as_deref().map(place);
        wait.waiter == self.waiter
            && wait.lock == self.lock
            && place(&wait.at) == self.at
            && wait.holder.clone().zip(since) == self.holder
            && wait.in_cycle == self.in_cycle
    }
}

/// A source file of the kernel.
struct Source {
    name: &'static str,
    text: &'static str,
}

impl Source {
    const fn new(name: &'static str, text: &'static str) -> Self {
        Source { name, text }
    }

    /// `file:line` of the first line that has `part`.
    fn line(&self, part: &str) -> String {
        self.line_after("", part)
    }

    /// The first such line that is not before the first line with `start`.
    fn line_after(&self, start: &str, part: &str) -> String {
        let lines = self.text.lines().zip(1..).skip_while(|(line, _)| !line.contains(start));
        let (_, number) = lines
            .into_iter()
            .find(|(line, _)| line.contains(part))
            .unwrap_or_else(|| panic!("{} has no line with {part}", self.name));
        format!("{}:{number}", self.name)
    }
}
