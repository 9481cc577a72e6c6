//! The test.
//!
//! Each line is done as it is at the prompt, first as ever, to know what it prints and ends with, and how
//! often it asks for memory; then with its first allocation failing, the second, and so on; then with all
//! failing from the first on, from the second, and so on. Each time it has to come to its end, and either to
//! do all of its work or to say that there is no memory and end with another status than 0. Afterwards
//! nothing has died, no lock of the kernel's own is held, as many blocks are alive as before, and the prompt
//! answers.

use alloc::format;
use alloc::string::String;
use core::fmt;

use kcore::ledger::PerKind;
use kcore::report::{Boot, Case, Record, Summary};
use kcore::settings::CommandLine;

use crate::arch::cpu;
use crate::arch::exit::Exit;
use crate::console::com2;
use crate::kmemleak::{self, clear_stack_below};
use crate::mm::heap::{self, failing};
use crate::observe::log;
use crate::process::table;
use crate::shell::program::{MISUSE, prepare};
use crate::shell::state::Shell;
use crate::{context, dev, fs, oops, println, tty};

use super::capture::{self, Said};
use super::lines::{self, Line};

/// What the prompt is asked.
const QUESTION: &str = "echo are you there";

/// How a line ended.
struct Ended {
    status: i32,
    said: Said,
    /// Allocations that it made.
    allocations: u32,
}

/// What there was before a line.
struct Before {
    live: PerKind,
    deaths: u32,
}

/// Which allocations of a line fail.
#[derive(Clone, Copy)]
struct When {
    number: u32,
    all_others: bool,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = if self.all_others { " and all others" } else { "" };
        write!(f, "allocation {}{others}", self.number)
    }
}

/// What was tried, and what did not hold, each time.
#[derive(Default)]
struct Tally {
    lines: u32,
    tries: u32,
    deaths: u32,
    locks: u32,
    unbalanced: u32,
    silent: u32,
    mute: u32,
}

impl Tally {
    fn failures(&self) -> u32 {
        self.deaths + self.locks + self.unbalanced + self.silent + self.mute
    }

    fn report(&self) -> Exit {
        let Tally { lines, tries, deaths, locks, unbalanced, silent, mute } = self;
        let (_, most, size) = heap::reserve();
        println!();
        println!("{tries} allocations failed in {lines} lines, on {} ways of calls", failing::ways());
        println!(
            "panics {deaths}, locks held {locks}, unbalanced {unbalanced}, silent {silent}, prompts mute {mute}"
        );
        println!("of the reserve {most} of {size} bytes were in use at most");
        let failed = self.failures();
        com2::record(&Record::Summary(Summary { passed: tries.saturating_sub(failed), failed }));
        if failed == 0 { Exit::Success } else { Exit::Unexpected }
    }
}

/// The machine's shell, and what is known of it.
struct Test {
    shell: Shell,
    tally: Tally,
    /// Most tries of a line in each of the two ways.
    most: u32,
    /// What the prompt says when it is asked.
    answer: u64,
}

/// Tries all lines with `filter` in them: each allocation, or as many of each line as the settings have
/// rounds.
pub fn main(filter: Option<&str>, line: &'static CommandLine, boot: &'static Boot) -> Exit {
    prepare(&line.machine, boot);
    let mut shell = Shell::new(&line.machine, false);
    let file = capture::open();
    shell.files = [0; 3].map(|_| Some(file.clone())).to_vec();
    let mut test =
        Test { shell, tally: Tally::default(), most: line.run.rounds.unwrap_or(u32::MAX), answer: 0 };
    test.answer = test.perform(QUESTION).said.hash;
    // What is asked for the first time is made then.
    held_locks();
    let wanted = |line: &str| filter.is_none_or(|filter| line.contains(filter));
    for line in lines::LINES.iter().filter(|line| wanted(line.line)) {
        test.line(line);
    }
    for run in lines::experiments().flat_map(lines::of).filter(|line| wanted(line)) {
        test.line(&Line { before: "", line: &run, after: "", is_exact: false });
    }
    test.tally.report()
}

impl Test {
    /// Tries one line in all ways; says how it went.
    fn line(&mut self, line: &Line<'_>) {
        let failures = self.tally.failures();
        // The first time fills what is kept from one time to the next.
        self.attempt(line, None);
        let usual = self.attempt(line, None);
        let step = (usual.allocations / self.most.max(1)).max(1);
        let mut tries = 0;
        for all_others in [false, true] {
            let mut number = 0;
            loop {
                let before = Before { live: live(), deaths: oops::count() };
                let when = When { number, all_others };
                let ended = self.attempt(line, Some(when));
                if ended.allocations <= number {
                    break;
                }
                tries += 1;
                self.judge(line, &before, &usual, &ended, when);
                number += step;
            }
        }
        self.tally.lines += 1;
        self.tally.tries += tries;
        let ok = failures == self.tally.failures();
        let what = if ok { "ok" } else { "FAILED" };
        println!("{} ... {what}: {tries} times, {} allocations", line.line, usual.allocations);
        let message = if ok {
            String::new()
        } else {
            format!("{} things did not hold", self.tally.failures() - failures)
        };
        com2::record(&Record::Case(Case { name: line.line.into(), ok, message }));
    }

    /// Does a line, with what is to be done before and after it. If `fails` says so, allocations of the line
    /// itself fail.
    fn attempt(&mut self, line: &Line<'_>, fails: Option<When>) -> Ended {
        clear_stack_below();
        self.perform(line.before);
        let when = fails.unwrap_or(When { number: u32::MAX, all_others: false });
        failing::arm(when.number, when.all_others);
        let mut ended = self.perform(line.line);
        ended.allocations = failing::disarm();
        self.perform(line.after);
        ended
    }

    /// Does a line as if a user had typed it.
    #[inline(never)]
    fn perform(&mut self, line: &str) -> Ended {
        capture::begin();
        self.shell.state.status = 0;
        if let Err(error) = self.shell.line(line) {
            self.shell.say(format_args!("{error}"));
            self.shell.state.status = MISUSE;
        }
        self.shell.state.exit = None;
        Ended { status: self.shell.state.status, said: capture::said(), allocations: 0 }
    }
}

/// The blocks that are alive, but for those of the trace: a list of stores that got no memory gets some the
/// next time.
fn live() -> PerKind {
    let PerKind { scull, other } = heap::live();
    PerKind { scull, other: other - log::rings() }
}

impl Test {
    /// Whether all holds that has to after a line whose allocation `number`, or also `all_others`, failed.
    fn judge(&mut self, line: &Line<'_>, before: &Before, usual: &Ended, ended: &Ended, when: When) {
        let answer = self.perform(QUESTION);
        // What a race comes to with so little work is luck; that it came to something is not.
        let whole = ended.said.has_verdict
            || ended.status == usual.status && (!line.is_exact || ended.said.hash == usual.said.hash);
        // Of several commands the last one may have had all that it needs.
        let refused = ended.said.names_memory && (ended.status != 0 || line.line.contains(['|', ';', '&']));
        let died = oops::count() - before.deaths;
        let held = held_locks();
        let live = live();
        let faults = [
            (died > 0, &mut self.tally.deaths, "a task died"),
            (held > 0, &mut self.tally.locks, "locks are held"),
            (live != before.live && !ended.said.has_given_up, &mut self.tally.unbalanced, "blocks were lost"),
            (!whole && !refused, &mut self.tally.silent, "it neither did its work nor said why"),
            (answer.said.hash != self.answer, &mut self.tally.mute, "the prompt does not answer"),
        ];
        for (holds_not, count, what) in faults {
            if holds_not {
                *count += 1;
                println!("  {}: {when}: {what}", line.line);
                println!("    status {} ({} as ever): {}", ended.status, usual.status, ended.said.last());
                println!("    live {:?}, before {:?}", live, before.live);
            }
        }
    }
}

/// How many of the locks are taken that sleepers wait for, and whether the caller has spinlocks, or
/// interrupts off.
fn held_locks() -> u32 {
    let are_free = [
        dev::modules_are_free(),
        dev::registry().is_free(),
        fs::names_are_free(),
        fs::made_is_free(),
        table::is_free(),
        kmemleak::is_free(),
        tty::file::is_free(),
        cpu::irq_are_on() && !context::is_atomic(),
    ];
    are_free.into_iter().filter(|is_free| !is_free).count() as u32
}
