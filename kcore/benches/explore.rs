//! The same small programs under our explorer, loom and shuttle, in one run: `cargo bench -p kcore --bench explore`.
//!
//! A number is counted up, `times` times by each of `tasks` tasks: by a load and a store, or under a mutex. What is
//! printed is how many executions each makes, whether these are all, and how many it makes a second on one core.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use kcore::experiment::{find, resolve};
use kcore::host::explored::{Allocator, MemoryModel, Subject};
use kcore::settings::{Config, Form, Probe, RunSettings};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// As long as one program may take under one tool, about.
const PATIENCE: Duration = Duration::from_secs(5);
/// Executions that one tool makes of a program at most.
const MOST: usize = 400_000;

#[derive(Clone, Copy)]
struct Program {
    locked: bool,
    tasks: usize,
    times: usize,
}

/// What a tool has done.
struct Done {
    executions: u64,
    finished: bool,
    took: Duration,
}

fn main() {
    println!(
        "{:<22} {:<9} {:>11} {:>9} {:>9} {:>13}",
        "program", "tool", "executions", "all", "ms", "executions/s"
    );
    let unlocked =
        [(2, 1), (2, 2), (2, 3), (2, 4)].map(|(tasks, times)| Program { locked: false, tasks, times });
    let locked = [(2, 2), (3, 2), (4, 2)].map(|(tasks, times)| Program { locked: true, tasks, times });
    let programs: Vec<Program> = unlocked.into_iter().chain(locked).collect();
    // Tool after tool: shuttle hears of every panic from its first program on, and loom ends tasks by them.
    let tools = [("ours", ours as fn(Program) -> Done), ("loom", loom), ("shuttle", shuttle)];
    let done = tools.map(|(_, run)| programs.iter().map(|program| run(*program)).collect::<Vec<_>>());
    for (at, program) in programs.iter().enumerate() {
        let name = if program.locked { "mutex" } else { "load; store" };
        let name = format!("{name}, {} tasks x {}", program.tasks, program.times);
        for ((tool, _), done) in tools.iter().zip(&done) {
            let Done { executions, finished, took } = &done[at];
            let rate = *executions as f64 / took.as_secs_f64();
            let all = if *finished { "yes" } else { "no" };
            println!(
                "{name:<22} {tool:<9} {executions:>11} {all:>9} {:>9.1} {rate:>13.0}",
                took.as_secs_f64() * 1e3
            );
        }
    }
}

fn ours(program: Program) -> Done {
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
    let began = Instant::now();
    let survey = subject.survey(None).expect("the host has room");
    Done { executions: survey.executions, finished: survey.complete, took: began.elapsed() }
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
    let (executions, took) = (MADE.load(SeqCst), began.elapsed());
    Done { executions, finished: executions < MOST as u64 && took < PATIENCE, took }
}

fn shuttle(program: Program) -> Done {
    static MADE: AtomicU64 = AtomicU64::new(0);
    MADE.store(0, SeqCst);
    let began = Instant::now();
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
    Done { executions, finished: executions < MOST as u64, took: began.elapsed() }
}
