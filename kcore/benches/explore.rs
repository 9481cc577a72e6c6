//! The same small programs under our explorer, loom and shuttle, in one run: `cargo run -- bench explore`.
//!
//! A number is counted up, `times` times by each of `tasks` tasks: by a load and a store, or under a mutex;
//! by ours once more as the experiment `counter`. What is printed is how many executions each makes, whether
//! these are all, and how many it makes a second on one core: the median of some runs, from where to where
//! the middle half of them lies, in thousands, and how many times as many as shuttle that is. At the end
//! stands how long it takes until all is known of a mutex. Measured is the time that the tool has a CPU, on
//! which other work of the host has little influence.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use kcore::class;
use kcore::event::{Class, Site};
use kcore::experiment::{find, resolve};
use kcore::explore::MemoryModel;
use kcore::host::explored::{Allocator, Explored, Subject, check};
use kcore::settings::{Config, Form, Probe, RunSettings};
use kcore::shared::Shared;
use kcore::sync::Mutex;
use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// As long as one program may take under one tool, about.
const PATIENCE: Duration = Duration::from_secs(5);
/// Executions that one tool makes of a program at most.
const MOST: usize = 400_000;
/// A tool makes a program so often, or for so long.
const RUNS: usize = 15;
const LONG: Duration = Duration::from_secs(1);
/// So long a run takes at least: a short program is made again and again in it, else the clock is measured.
const SHORT: Duration = Duration::from_millis(1);

#[derive(Clone, Copy, PartialEq)]
struct Program {
    locked: bool,
    tasks: usize,
    times: usize,
}

/// What a tool has done.
#[derive(Clone, Copy)]
struct Done {
    executions: u64,
    finished: bool,
    /// The time that it had a CPU: `several` measures it.
    took: Duration,
}

impl Done {
    fn rate(&self) -> f64 {
        self.executions as f64 / self.took.as_secs_f64()
    }
}

fn main() {
    println!(
        "{:<13} {:<10} {:>10} {:>3} {:>7} {:>12} {:>11} {:>7}",
        "tasks x times", "tool", "executions", "all", "ms", "executions/s", "from-to (k)", "shuttle"
    );
    let of = |locked| move |(tasks, times)| Program { locked, tasks, times };
    let unlocked = [(2, 1), (2, 2), (2, 3), (2, 4)].map(of(false));
    let locked = [(2, 1), (3, 1), (4, 1), (2, 2), (3, 2), (4, 2)].map(of(true));
    let programs: Vec<Program> = unlocked.into_iter().chain(locked).collect();
    // Tool after tool: shuttle hears of every panic from its first program on, and loom ends tasks by them.
    let tools = [
        ("ours", ours as fn(Program) -> Done),
        ("loom", loom),
        ("shuttle", shuttle),
        ("experiment", experiment),
    ];
    let done =
        tools.map(|(_, run)| programs.iter().map(|program| several(run, *program)).collect::<Vec<_>>());
    let median = |runs: &[Done]| runs[runs.len() / 2];
    for (at, program) in programs.iter().enumerate() {
        let name = if program.locked { "mutex" } else { "no lock" };
        let name = format!("{name} {} x {}", program.tasks, program.times);
        for ((tool, _), all) in tools.iter().zip(&done) {
            let runs = &all[at];
            let Done { executions, finished, took } = median(runs);
            let rate = median(runs).rate();
            let (slow, fast) = (runs[runs.len() * 3 / 4].rate(), runs[runs.len() / 4].rate());
            println!(
                "{name:<13} {tool:<10} {executions:>10} {:>3} {:>7.2} {rate:>12.0} {:>11} {:>6.2}x",
                if finished { "yes" } else { "no" },
                took.as_secs_f64() * 1e3,
                format!("{:.0}-{:.0}", slow / 1e3, fast / 1e3),
                rate / median(&done[2][at]).rate(),
            );
        }
    }
    for times in [1, 2] {
        let of = |tool: usize, tasks| {
            let at = programs.iter().position(|program| *program == Program { locked: true, tasks, times });
            median(&done[tool][at.expect("it is one of them")])
        };
        let all: Duration = (2..=4).map(|tasks| of(0, tasks).took).sum();
        let Done { finished, took, .. } = of(1, 3);
        println!(
            "mutex x {times}: ours has made 2, 3 and 4 tasks in {:.2} ms, loom {} in {:.2} ms",
            all.as_secs_f64() * 1e3,
            if finished { "3" } else { "not 3" },
            took.as_secs_f64() * 1e3
        );
    }
}

/// Some runs, the fastest first.
fn several(run: fn(Program) -> Done, program: Program) -> Vec<Done> {
    let began = Instant::now();
    let mut runs = Vec::new();
    while runs.len() < RUNS && began.elapsed() < LONG {
        let (began, mut times) = (cpu_time(), 1);
        let mut done = run(program);
        while cpu_time() - began < SHORT {
            (0..times).for_each(|_| done = run(program));
            times *= 2;
        }
        runs.push(Done { took: (cpu_time() - began) / times, ..done });
    }
    runs.sort_by_key(|done| done.took);
    runs
}

/// How long this process has had a CPU.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("time goes on")
}

/// The same bare body as the others have.
fn ours(program: Program) -> Done {
    static NUMBER: Site = Site::new("number");
    let checked = check(
        program.tasks as u32,
        MemoryModel::Sc,
        u64::MAX,
        || (Shared::<usize>::new(0), Mutex::<usize, Explored, Class>::new(class!("number"), 0)),
        |(number, locked), _| {
            for _ in 0..program.times {
                match program.locked {
                    true => *locked.lock() += 1,
                    false => {
                        number.store::<Explored>(&NUMBER, number.load::<Explored>(&NUMBER) + 1);
                    }
                }
            }
        },
        |_| true,
    );
    Done { executions: checked.executions, finished: checked.complete, took: Duration::ZERO }
}

/// The experiment: with its device, its books, and its verdict.
fn experiment(program: Program) -> Done {
    let settings = RunSettings {
        lock: Some(if program.locked { Form::Mutex } else { Form::None }),
        probe: Some(Probe::Off),
        writers: Some(program.tasks as u32),
        quanta: Some(program.times as u32),
        rounds: Some(1),
        ..RunSettings::default()
    };
    let resolved =
        resolve(&settings, find("counter").expect("it is there"), 64, Config::Full).expect("it fits");
    let subject = Subject::of(&resolved, &settings, MemoryModel::Sc).expect("it can be explored");
    let survey = subject.survey(None).expect("the host has room");
    Done { executions: survey.executions, finished: survey.complete, took: Duration::ZERO }
}

fn loom(program: Program) -> Done {
    static MADE: AtomicU64 = AtomicU64::new(0);
    MADE.store(0, SeqCst);
    let mut model = loom::model::Builder::new();
    model.max_permutations = Some(MOST);
    model.max_duration = Some(PATIENCE);
    let began = Instant::now();
    model.check(move || {
        MADE.fetch_add(1, SeqCst);
        let number = loom::sync::Arc::new((loom::sync::atomic::AtomicU64::new(0), loom::sync::Mutex::new(0)));
        let tasks: Vec<_> = (0..program.tasks)
            .map(|_| {
                let number = number.clone();
                loom::thread::spawn(move || {
                    for _ in 0..program.times {
                        match program.locked {
                            true => *number.1.lock().unwrap() += 1,
                            false => number.0.store(number.0.load(SeqCst) + 1, SeqCst),
                        }
                    }
                })
            })
            .collect();
        tasks.into_iter().for_each(|task| task.join().unwrap());
    });
    let executions = MADE.load(SeqCst);
    let finished = executions < MOST as u64 && began.elapsed() < PATIENCE;
    Done { executions, finished, took: Duration::ZERO }
}

fn shuttle(program: Program) -> Done {
    static MADE: AtomicU64 = AtomicU64::new(0);
    MADE.store(0, SeqCst);
    shuttle::check_dfs(
        move || {
            MADE.fetch_add(1, SeqCst);
            let number = shuttle::sync::Arc::new((
                shuttle::sync::atomic::AtomicU64::new(0),
                shuttle::sync::Mutex::new(0),
            ));
            let tasks: Vec<_> = (0..program.tasks)
                .map(|_| {
                    let number = number.clone();
                    shuttle::thread::spawn(move || {
                        for _ in 0..program.times {
                            match program.locked {
                                true => *number.1.lock().unwrap() += 1,
                                false => number.0.store(number.0.load(SeqCst) + 1, SeqCst),
                            }
                        }
                    })
                })
                .collect();
            tasks.into_iter().for_each(|task| task.join().unwrap());
        },
        Some(MOST),
    );
    let executions = MADE.load(SeqCst);
    Done { executions, finished: executions < MOST as u64, took: Duration::ZERO }
}
