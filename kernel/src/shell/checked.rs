//! What is tried with a driver in C by itself, without a word of its author, and what is found.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::{fmt, iter};

use kcore::event::Waiting;
use kcore::explore::account;
use kcore::explore::sheet;
use kcore::explore::{Of, Replay, Schedule, Survey, Trouble};
use kcore::module;
use kcore::place::Place;
use kcore::probe::Name;
use kcore::report::place;
use kcore::settings::Verdict;
use kcore::shell::parse;
use kcore::sort;

use super::explored::{Fault, Plan, Work};

/// Executions of one trial at most.
const MOST: u64 = 200;
/// Numbers for ioctl of which each two are tried together at most.
const COMMANDS: usize = 6;
/// Calls that are made to fail in one line at most, one after the other.
const FAULTS: u32 = 40;

/// What is written to a device that has room for it.
const LONG: &str = "some words";
/// More writes than the rings of most drivers have entries, and no multiple of how many these are.
const OFTEN: u32 = 23;

/// What is wrong, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wrong {
    Death,
    Memory,
    Standstill,
    Context,
    Leak,
    Left,
    Copy,
    Other,
    Atomic,
    Sleep,
    Race,
}

impl Wrong {
    pub(super) fn word(self) -> &'static str {
        match self {
            Wrong::Death => "death",
            Wrong::Memory => "memory",
            Wrong::Standstill => "deadlock",
            Wrong::Context => "invalid-context",
            Wrong::Leak => "leak",
            Wrong::Left => "left-behind",
            Wrong::Copy => "unchecked-copy",
            Wrong::Other => "wrong",
            Wrong::Atomic => "not-atomic",
            Wrong::Sleep => "sleeps-for-ever",
            Wrong::Race => "data-race",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) kind: Wrong,
    /// The first line of the driver that it is about; empty when none is known.
    pub(super) at: String,
    pub(super) what: String,
    /// What is done before.
    pub(super) setup: Option<String>,
    pub(super) tasks: Vec<String>,
    /// What one more does when all others are through.
    pub(super) after: Option<String>,
    /// Each task keeps open what it has open until all others are through.
    pub(super) keeps_open: bool,
    pub(super) fault: Option<Fault>,
    pub(super) made: Schedule,
    /// Of so many executions so many are wrong.
    pub(super) share: (u64, u64),
}

impl Finding {
    fn of(
        trial: &Trial<'_>,
        kind: Wrong,
        at: String,
        what: String,
        made: Schedule,
        share: (u64, u64),
    ) -> Self {
        let tasks = trial.tasks.iter().map(ToString::to_string).collect();
        let [setup, after] = [trial.setup, trial.after].map(|line| line.map(ToString::to_string));
        let (keeps_open, fault) = (trial.keeps_open, trial.fault);
        Finding { kind, at, what, setup, tasks, after, keeps_open, fault, made, share }
    }
}

/// What is done with a driver, and what was found so far.
pub(super) struct Checker<'a> {
    work: Work,
    tell: &'a mut dyn FnMut(&str),
    pub(super) found: Vec<Finding>,
    /// Executions that were made, and trials of which not all were.
    pub(super) executions: u64,
    pub(super) trials: u64,
    /// Trials that say nothing, and why.
    pub(super) troubled: Vec<String>,
    pub(super) cut: u64,
    /// Trials for which there was no time.
    pub(super) late: u64,
    /// Trials in which the driver would have done something later once more than it did.
    pub(super) bounded: u64,
}

/// What is tried.
#[derive(Clone, Copy, Default)]
struct Trial<'t> {
    /// What is done before.
    setup: Option<&'t str>,
    /// What tasks do.
    tasks: &'t [&'t str],
    /// What one more does when all others are through.
    after: Option<&'t str>,
    /// The call that fails.
    fault: Option<Fault>,
    /// What calls answer is held against what they answer if each is made as a whole.
    is_atomic: bool,
    /// What a task has open it keeps open until all others are through.
    keeps_open: bool,
}

impl<'t> Trial<'t> {
    fn of(tasks: &'t [&'t str]) -> Self {
        Trial { tasks, ..Trial::default() }
    }

    fn tasks(&self) -> String {
        self.tasks.join(" | ")
    }
}

impl fmt::Display for Trial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tasks())?;
        self.setup.map_or(Ok(()), |setup| write!(f, ", after {setup}"))?;
        f.write_str(if self.keeps_open { ", kept open" } else { "" })?;
        self.after.map_or(Ok(()), |after| write!(f, ", and then {after}"))?;
        self.fault.map_or(Ok(()), |fault| write!(f, ", --fail {fault}"))
    }
}

/// What a trial came to, besides what was found.
struct Outcome {
    /// In each execution a task sleeps for ever, and has no lock.
    waits: bool,
    /// The call that was to fail was made.
    has_failed: bool,
    /// It says nothing, or was not made.
    is_void: bool,
}

impl<'a> Checker<'a> {
    pub(super) fn new(work: Work, tell: &'a mut dyn FnMut(&str)) -> Self {
        Checker {
            work,
            tell,
            found: Vec::new(),
            executions: 0,
            trials: 0,
            troubled: Vec::new(),
            cut: 0,
            late: 0,
            bounded: 0,
        }
    }

    /// Tries all; `commands` are numbers for ioctl. What was found, the worst first.
    pub(super) fn run(mut self, commands: &[String]) -> Self {
        self.attempt(Trial::of(&["true"]));
        if !self.troubled.is_empty() {
            self.work.finish();
            return self;
        }
        self.fail("true", Fault::Init);
        let devices = self.work.names();
        let files = self.work.paths();
        if devices.is_empty() && files.is_empty() {
            (self.tell)("it makes no device and no file: only its init and its exit are tried");
        }
        let files: Vec<String> = files.iter().map(|path| list(path)).collect();
        let mut waiting = BTreeSet::new();
        for device in &devices {
            self.device(device, commands, &files, &mut waiting);
        }
        if devices.is_empty() {
            self.files(files, &mut waiting);
        }
        sort::few(&mut self.found, |a, b| (a.kind, &a.at) < (b.kind, &b.at));
        self.work.finish();
        self
    }

    /// What can be done with files of a driver that has no device, each of which this line reads.
    fn files(&mut self, read: Vec<String>, waiting: &mut BTreeSet<String>) {
        let write = |path| words(path, LONG);
        let lines: Vec<String> = self.work.paths().into_iter().map(write).chain(read).collect();
        lines.iter().for_each(|line| self.alone(line, waiting));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.together(None, &lines, waiting);
        if let Some(setup) = lines.first().filter(|line| self.succeeds(line)) {
            self.together(Some(setup), &lines, waiting);
        }
    }

    /// What can be done with a device: new, and when it was written to.
    fn device(
        &mut self,
        device: &str,
        commands: &[String],
        files: &[String],
        waiting: &mut BTreeSet<String>,
    ) {
        let path = format!("/dev/{device}");
        let (write, read) = (self.write_to(&path), read(&path, 1));
        let own = [write.clone(), read.clone(), format!(": > {path}")];
        let commands: Vec<_> = commands.iter().map(|command| format!("ioctl {path} {command} 1")).collect();
        let lines = own.iter().chain(&commands).chain(files).cloned();
        let lines: Vec<String> = lines.collect();
        lines.iter().for_each(|line| self.alone(line, waiting));
        for line in extremes(&path, &write) {
            self.attempt(Trial::of(&[&line]));
        }
        if write != words(&path, LONG) {
            self.fill(&path);
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.together(None, &lines, waiting);
        self.whole(&path, own[..1].iter().chain(&commands), waiting);
        // Two that were written are enough for two that read.
        let setups = [format!("{write}; {write}"), write];
        let setup = setups.iter().find(|line| self.succeeds(line));
        let before = setup.map_or_else(String::new, |line| format!("{line}; "));
        // Once more, for a lock that the one that fails has kept.
        self.with_failures(&format!("{before}{}; {read}", self::read(&path, 2)));
        if let Some(setup) = setup {
            let twice = format!("{read}; {read}");
            let tasks = [twice.as_str()];
            if !self.attempt(Trial { setup: Some(setup), ..Trial::of(&tasks) }).waits {
                waiting.remove(&read);
            }
            self.together(Some(setup), &lines, waiting);
        }
    }

    /// What one task types that writes to a device: fewer bytes where it would wait for room.
    fn write_to(&mut self, path: &str) -> String {
        let [long, short] = [LONG, "a"].map(|text| words(path, text));
        let is_short = !self.comes_to_its_end(&long) && self.comes_to_its_end(&short);
        if is_short { short } else { long }
    }

    /// A device that has room for less than is written is filled by one task, while another reads as much.
    fn fill(&mut self, path: &str) {
        let all = LONG.len() + 1;
        let read = format!("dd if={path} of=/dev/null bs={all} count=1 iflag=fullblock");
        self.attempt(Trial::of(&[&words(path, LONG), &read]));
    }

    /// A task that does `line` comes to its end, with success.
    fn comes_to_its_end(&mut self, line: &str) -> bool {
        self.explore(&Trial::of(&[line]), 1).bad.is_empty()
    }

    /// Whether `line` can be what is done before: a task that does it comes to its end, with success.
    fn succeeds(&mut self, line: &str) -> bool {
        self.comes_to_its_end(line)
            && self.explore(&Trial { setup: Some(line), ..Trial::of(&["true"]) }, 1).trouble.is_none()
    }

    /// One task does `line`, and then what it does fails.
    fn alone(&mut self, line: &str, waiting: &mut BTreeSet<String>) {
        match self.attempt(Trial::of(&[line])) {
            Outcome { waits: true, .. } => {
                self.fail(line, Fault::Sleep);
                waiting.insert(line.to_string());
            }
            Outcome { is_void: true, .. } => {}
            _ => self.with_failures(&format!("{line}; {line}")),
        }
    }

    /// One task does `line`, and then each call in it fails that can.
    fn with_failures(&mut self, line: &str) {
        let outcome = self.attempt(Trial::of(&[line]));
        if outcome.waits {
            self.fail(line, Fault::Sleep);
        }
        if !outcome.is_void {
            [Fault::Memory, Fault::Copy].into_iter().for_each(|fault| self.fail(line, fault));
        }
    }

    /// Each call of a kind fails, one after the other.
    fn fail(&mut self, line: &str, fault: fn(u32) -> Fault) {
        let tasks = [line];
        for which in 1..=FAULTS {
            let trial = Trial { fault: Some(fault(which)), ..Trial::of(&tasks) };
            if !self.attempt(trial).has_failed {
                return;
            }
        }
    }

    /// Two tasks do two of the lines, and three the first.
    fn together(&mut self, setup: Option<&str>, lines: &[&str], waiting: &BTreeSet<String>) {
        let is_command = |line: &str| line.starts_with("ioctl");
        let are_many = lines.iter().filter(|line| is_command(line)).count() > COMMANDS;
        for (index, first) in lines.iter().enumerate() {
            for second in &lines[index..] {
                let both_wait = waiting.contains(*first) && waiting.contains(*second);
                if both_wait || are_many && first != second && is_command(first) && is_command(second) {
                    continue;
                }
                self.attempt(Trial { setup, ..Trial::of(&[first, second]) });
            }
        }
        if let Some(first) = lines.first().filter(|line| setup.is_none() && !waiting.contains(**line)) {
            self.attempt(Trial::of(&[*first; 3]));
        }
    }

    /// Two tasks open a device, or both do one of the `lines`: what their calls answer, and what can be read then, is
    /// held against what whole calls answer.
    fn whole<'l>(&mut self, path: &str, lines: impl Iterator<Item = &'l String>, waiting: &BTreeSet<String>) {
        let open = format!(": < {path}");
        let twice = format!("{open}; {open}");
        self.attempt(Trial { is_atomic: true, ..Trial::of(&[&twice, &open]) });
        self.attempt(Trial { is_atomic: true, keeps_open: true, ..Trial::of(&[&open, &open]) });
        let after = Some(read(path, 2)).filter(|_| !waiting.contains(&read(path, 1)));
        for line in lines.filter(|line| !waiting.contains(*line)) {
            let tasks = [line.as_str(); 2];
            self.attempt(Trial { is_atomic: true, after: after.as_deref(), ..Trial::of(&tasks) });
        }
    }

    fn attempt(&mut self, trial: Trial<'_>) -> Outcome {
        if self.work.is_over() {
            self.late += 1;
            return Outcome { waits: false, has_failed: false, is_void: true };
        }
        (self.tell)(&format!("  {trial}"));
        self.trials += 1;
        let survey = self.explore(&trial, MOST);
        let has_failed = self.work.has_failed();
        self.executions += survey.executions;
        self.cut += u64::from(!survey.complete && survey.trouble.is_none());
        self.bounded += u64::from(self.work.is_bounded());
        let races: Vec<_> = self.work.races().to_vec();
        let has_races = !races.is_empty();
        let waits = self.judge(&trial, &survey);
        for race in races {
            let stores = race.accesses.iter().find(|access| access.stores);
            let at = stores.map_or("".into(), |access| place(access.at));
            let (what, made) = (race.to_string(), race.made.clone());
            self.note(Finding::of(&trial, Wrong::Race, at, what, made, (0, survey.executions)));
        }
        if trial.is_atomic && survey.bad.is_empty() && survey.trouble.is_none() && !has_races {
            self.hold_answers(&trial);
        }
        Outcome { waits, has_failed, is_void: survey.trouble.is_some() }
    }

    /// Makes so many executions of a trial at most.
    fn explore(&mut self, trial: &Trial<'_>, most: u64) -> Survey {
        let parsed = |lines: &[&str]| lines.iter().filter_map(|line| parse(line).ok()).collect();
        let setup: Vec<Vec<_>> = parsed(trial.setup.as_slice());
        let (tasks, after) = (parsed(trial.tasks), parsed(trial.after.as_slice()).pop());
        self.work.change(Plan {
            setup: setup.concat(),
            tasks,
            after,
            keeps_open: trial.keeps_open,
            fault: trial.fault,
        });
        if trial.is_atomic {
            self.work.gather_answers();
        }
        self.work.survey(Some(most))
    }

    /// The executions of a trial in which nothing else is wrong are held against those of whole calls.
    fn hold_answers(&mut self, trial: &Trial<'_>) {
        let Some(answered) = self.work.gathered().filter(|all| all.len() > 1).cloned() else { return };
        self.executions += self.work.hold_answers().unwrap_or(0);
        if !self.work.are_allowed(&answered) {
            let survey = self.work.survey(Some(MOST));
            self.judge(trial, &survey);
        }
    }

    /// Notes what is wrong in a trial; whether a task that has no lock sleeps for ever in each execution.
    fn judge(&mut self, trial: &Trial<'_>, survey: &Survey) -> bool {
        let troubled = |trouble: &Trouble| format!("{trial}: {}", account::trouble(trouble));
        self.troubled.extend(survey.trouble.iter().map(troubled));
        let mut waits = survey.executions > 0 && !survey.bad.is_empty();
        for schedule in survey.bad.values() {
            let again = |schedule: &Schedule| Some(self.work.replay(schedule, None, false));
            let Some(replay) = Replay::minimised(schedule, u32::MAX, again) else { continue };
            if let Some(trouble) = &replay.trouble {
                self.troubled.push(troubled(trouble));
                continue;
            }
            let kind = kind(&replay);
            let is_all = survey.bad_executions == survey.executions && survey.bad.len() == 1;
            waits &= kind == Wrong::Sleep && is_all;
            // Where a signal ends a sleep, tasks sleep for ever in those orders in which it does not come.
            let is_of_signal = matches!(trial.fault, Some(Fault::Sleep(_)));
            // Who keeps open what another waits for lets it wait.
            let is_kept = trial.keeps_open && matches!(kind, Wrong::Standstill | Wrong::Sleep);
            if !is_kept && (kind != Wrong::Sleep || !is_all && !is_of_signal) {
                let finding = self.finding(kind, &replay, survey, trial);
                finding.into_iter().for_each(|finding| self.note(finding));
            }
        }
        waits
    }

    /// What is wrong in an execution of a trial; nothing if that is known.
    fn finding(&self, kind: Wrong, replay: &Replay, survey: &Survey, trial: &Trial<'_>) -> Option<Finding> {
        let transcript = &replay.transcript;
        let notes: Vec<String> = transcript.notes.iter().map(|note| format!("{note}.")).collect();
        let stands = matches!(kind, Wrong::Standstill | Wrong::Sleep);
        let waiting = transcript.waiting.first().filter(|_| stands);
        let waits_at = waiting.and_then(|waiting| {
            let own = transcript.lines.iter().rev().filter(|line| line.who == waiting.who);
            iter::once(waiting).chain(own).map(|line| line.at).find(|at| at.of_driver().is_some())
        });
        let amid = if kind == Wrong::Atomic { interrupted(replay) } else { None };
        let at = waits_at.or(amid).map(place).or_else(|| notes.iter().find_map(|note| line_in(note)));
        if at.as_ref().is_some_and(|at| self.is_known(kind, at)) {
            return None;
        }
        let story = match waiting.filter(|_| kind == Wrong::Sleep) {
            Some(line) => format!("{} sleeps for ever, and in other orders it does not.", Name(line.who)),
            None => sheet::story(replay),
        };
        let said = notes.into_iter().chain(Some(story).filter(|story| !story.is_empty()));
        let said = said.collect::<Vec<_>>().join(" ");
        let at = at.or_else(|| line_in(&said));
        // Else that of the call that fails.
        let at = at.or_else(|| transcript.others.iter().find_map(|other| line_in(other))).unwrap_or_default();
        let others = transcript.others.iter().map(|other| format!(" {other}."));
        let what = said + &others.collect::<String>();
        let share = (survey.bad_executions, survey.executions);
        Some(Finding::of(trial, kind, at, what, replay.made.clone(), share))
    }

    /// Whether one is known of this kind and line.
    fn is_known(&self, kind: Wrong, at: &str) -> bool {
        self.found.iter().any(|known| known.kind == kind && known.at == at)
    }

    /// Keeps it, if no such is known.
    fn note(&mut self, finding: Finding) {
        if !self.is_known(finding.kind, &finding.at) {
            (self.tell)(&format!("found: {} {}", finding.kind.word(), finding.at));
            self.found.push(finding);
        }
    }
}

fn kind(replay: &Replay) -> Wrong {
    let end = &replay.end;
    let wrong = replay.transcript.wrong;
    match end.verdict {
        Verdict::Oops => Wrong::Death,
        Verdict::InvalidContext => Wrong::Context,
        verdict if verdict.is_stop() => {
            let is_lock = |of: &Of| match of {
                Of::Lock(lock) => lock.name.waiting != Waiting::Event,
                of => matches!(of, Of::Looks),
            };
            let waits_for_lock = replay.transcript.waiting.iter().any(|line| is_lock(&line.of));
            let waits_for_none = replay.transcript.waiting.is_empty();
            if waits_for_lock || waits_for_none { Wrong::Standstill } else { Wrong::Sleep }
        }
        _ if wrong.is_some_and(module::Wrong::is_of_memory) => Wrong::Memory,
        _ if wrong == Some(module::Wrong::Left) => Wrong::Left,
        _ if wrong == Some(module::Wrong::Sleeps) => Wrong::Context,
        _ if end.leaked > 0 => Wrong::Leak,
        _ if wrong == Some(module::Wrong::Copy) => Wrong::Copy,
        _ if wrong == Some(module::Wrong::NotAtomic) => Wrong::Atomic,
        _ => Wrong::Other,
    }
}

/// Where a task was in a call, of which it makes the rest later, when another came first.
fn interrupted(replay: &Replay) -> Option<Place> {
    let lines = &replay.transcript.lines;
    let is_left = |at: usize| {
        let [line, next] = [&lines[at], &lines[at + 1]];
        let goes_on = || lines[at + 1..].iter().any(|later| later.who == line.who);
        line.at.of_driver().is_some() && next.who != line.who && goes_on()
    };
    (0..lines.len().saturating_sub(1)).find(|at| is_left(*at)).map(|at| lines[at].at)
}

/// The first line of C that a text names.
fn line_in(text: &str) -> Option<String> {
    let is_line = |word: &&str| {
        word.split_once(".c:").is_some_and(|(_, line)| line.starts_with(|c: char| c.is_ascii_digit()))
    };
    let word = text.split([' ', '(', ')', ',']).find(is_line)?;
    Some(word.trim_end_matches(['.', ':']).to_string())
}

/// What one task types that writes this text to a device.
fn words(path: &str, text: &str) -> String {
    format!("echo {text} 1<> {path}")
}

/// What one task types that writes and reads more than there is room for in most drivers, and in a hole, and more
/// often than most drivers count.
fn extremes(path: &str, written: &str) -> [String; 4] {
    let write = |size: u32, before: u32| {
        format!("dd if=/dev/zero of={path} bs={size} seek={before} count=1 conv=notrunc")
    };
    let read = |size: u32| format!("dd if={path} of=/dev/null bs={size} count=1");
    let numbers = (1..=OFTEN).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let often = |what: &str| format!("for n in {numbers}; do {what}; done");
    let [once, all] = [1, 8 * OFTEN].map(|count| self::read(path, count));
    [
        format!("{}; {}", write(5_000, 0), read(5_000)),
        format!("{}; {}", write(5_000, 1), read(16)),
        format!("{}; {all}", often(written)),
        often(&format!("{written}; {once}")),
    ]
}

/// What one task types that reads a file, as much of it as most have: some have no end.
fn list(path: &str) -> String {
    format!("dd if={path} of=/dev/null bs=4096 count=2")
}

/// What one task types that reads so many times.
fn read(path: &str, count: u32) -> String {
    format!("dd if={path} of=/dev/null bs=16 count={count}")
}
