//! What tasks type, in every order of its steps, where that leads to a driver in C.

mod asked;
mod execution;
mod fault;
mod life;
mod whole;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::iter;
use core::sync::atomic::AtomicU32;

use kcore::class;
use kcore::errno::Errno;
use kcore::explore::{
    Driver, End, Follow, Maker, MemoryModel, QSET, QUANTUM, Recipe, Replay, Schedule, Search, Survey,
    Trouble, Unordered, Want,
};
use kcore::module::Wrong;
use kcore::probe::Name;
use kcore::report::place;
use kcore::settings::{self, Policy, Verdict};
use kcore::shell::tree::{Form, List};

pub(super) use asked::Asked;
pub(super) use fault::Fault;
use life::Life;
use whole::Answers;

use super::program::MISUSE;
use super::state::{Shell, machine};
use crate::arch::cpu;
use crate::experiments;
use crate::machine::SpinLock;
use crate::mm::heap;
use crate::module::again::{Again, Named};
use crate::module::{answers, faults, later};
use crate::observe::explorer::{self, Mode, Staff};
use crate::observe::run;
use crate::process::{Process, null, output};
use crate::time::{self, NEVER};

/// A driver, and what is done with it in each execution.
pub(super) struct Work {
    driver: Again,
    /// What makes the state that the tasks find.
    setup: Vec<List>,
    tasks: Vec<Vec<List>>,
    /// The last of these does what it does when all others are through.
    has_after: bool,
    /// What must succeed when they are through.
    check: Vec<List>,
    /// No execution begins after this cycle.
    deadline: u64,
    /// One would have begun after it.
    is_late: bool,
    /// The call that fails in each execution.
    fault: Option<Fault>,
    /// Whether it came to that in the last one.
    has_failed: bool,
    /// A shell that none has used.
    fresh: Shell,
    /// Those of the tasks, until they take them.
    shells: Vec<SpinLock<Option<Shell>>>,
    /// The tasks that are in their bodies; 0 for none.
    inside: Vec<AtomicU32>,
    /// What was wrong with the last execution, besides what its end says.
    notes: Vec<String>,
    /// What kind of wrong the driver did first in it.
    wrong: Option<Wrong>,
    /// The devices and files of the last execution.
    devices: Vec<Named>,
    paths: Vec<&'static str>,
    /// The data races of all executions.
    races: Vec<Unordered>,
    /// What the driver leaves for later, as far as it is known.
    staff: Staff,
    /// With what was missing in the execution that was broken off.
    more: Option<Staff>,
    /// Whether it leaves something for later, in what was explored so far; nothing, if nothing was.
    leaves: Option<bool>,
    /// Its init and its exit are a part though nothing is known that it leaves for later.
    is_apart: bool,
    /// Something was left for later more often than it was done.
    is_bounded: bool,
    /// Tasks that died have left little memory.
    is_crowded: bool,
    /// What the part that has the driver's init and exit comes to.
    life: SpinLock<Life>,
    /// What keeps a task from going on besides what it waits for.
    mode: Mode,
    answers: Answers,
}

/// What is explored with a driver.
#[derive(Default)]
pub(super) struct Plan {
    /// What makes the state that the tasks find.
    pub(super) setup: Vec<List>,
    pub(super) tasks: Vec<Vec<List>>,
    /// What one more does when all others are through.
    pub(super) after: Option<Vec<List>>,
    /// What a task has open it keeps open until all others are through, but for one that has nothing open.
    pub(super) keeps_open: bool,
    /// The call that fails in each execution.
    pub(super) fault: Option<Fault>,
}

/// What executions of so many tasks with a driver are called.
pub(super) fn recipe(module: &str, tasks: usize) -> Recipe {
    Recipe {
        experiment: module.to_string(),
        lock: settings::Form::None,
        sizes: [tasks as u32, 1, 1],
        geometry: [QUANTUM, QSET],
        model: MemoryModel::Sc,
        in_kernel: true,
        with: None,
        object: None,
        schedule: Schedule::default(),
    }
}

/// Does some `work` with a driver, for which no locks are followed and no experiment runs. What the command
/// called `name` ends with, which says why if the work cannot be done: 0 if all is as expected.
pub(super) fn alone(me: &Process, name: &str, work: impl FnOnce() -> Result<bool, String>) -> i32 {
    let done = experiments::alone(|| {
        run::follow_locks(false);
        let done = work();
        run::follow_locks(true);
        done
    });
    match done {
        Ok(Ok(as_expected)) => i32::from(!as_expected),
        Ok(Err(why)) => {
            me.say(format_args!("{why}"));
            MISUSE
        }
        Err(errno) => {
            me.complain(name, errno);
            1
        }
    }
}

/// What of a task cannot be explored; nothing, if all of it can.
pub(super) fn beyond(lists: &[List]) -> Option<&'static str> {
    lists.iter().find_map(|list| {
        match list.pipelines.iter().map(|(_, one)| &one.commands[..]).find_map(of_commands) {
            Some(what) => Some(what),
            None if list.background => Some("something in the background"),
            None => None,
        }
    })
}

fn of_commands(commands: &[kcore::shell::tree::Command]) -> Option<&'static str> {
    let [command] = commands else { return Some("a pipe") };
    match &command.form {
        Form::Simple(simple) if simple.words.iter().any(|word| word.runs_commands()) => Some("$(...)"),
        Form::Simple(_) => None,
        Form::Subshell(_) => Some("a shell of its own"),
        _ if !command.redirections.is_empty() => Some("a redirection of several commands"),
        Form::Group(lists) | Form::For(_, _, lists) => beyond(lists),
        Form::While(_, condition, lists) => beyond(condition).or_else(|| beyond(lists)),
        Form::If(cases, rest) => {
            let each =
                |(condition, lists): &(Vec<List>, Vec<List>)| beyond(condition).or_else(|| beyond(lists));
            cases.iter().find_map(each).or_else(|| beyond(rest))
        }
    }
}

impl Maker for Work {
    fn make(&mut self, survey: &mut Survey) -> Result<(), Trouble> {
        if self.is_over() {
            self.is_late = true;
            return Err(Trouble::Cannot("what takes longer than there is time"));
        }
        if self.is_crowded {
            return Err(Trouble::Cannot("more, as tasks that died keep too much memory,"));
        }
        let end = self.execution();
        self.note_races();
        let kind = end.as_ref().map(End::kind).ok();
        let known = kind.and_then(|kind| survey.bad.get(&kind).cloned());
        let counted =
            explorer::end(|driver| survey.count(Ok(end?), driver.trace(), false, Schedule::straight));
        if counted.is_err() {
            self.more = explorer::more();
        } else if let Some(shown) = kind.and_then(|kind| survey.bad.get_mut(&kind))
            && Some(&*shown) != known.as_ref()
        {
            *shown = explorer::renumbered(shown);
        }
        self.is_bounded |= explorer::were_bounded();
        counted
    }

    fn search<R>(&mut self, ask: impl FnOnce(&mut Search, &[Option<Want>]) -> R) -> R {
        explorer::search(ask)
    }
}

impl Work {
    /// With the driver called `module`, which is loaded, as the user of `me`, and [no task yet](Work::change).
    pub(super) fn of(me: &Process, module: &str, check: Vec<List>) -> Result<Self, String> {
        let driver = Again::of(module).map_err(|errno| match errno {
            Errno::EBUSY => format!("{module} is in use"),
            _ => format!("{module} is no driver in C that is loaded"),
        })?;
        let mut shell = Shell::new(machine().settings, false);
        (shell.credentials, shell.directory) = (*me.credentials(), me.directory().to_string());
        let nothing = null::open();
        let mut fresh = shell.fork([0; 3].map(|_| Some(nothing.clone())).to_vec());
        (fresh.stays_in_task, fresh.is_background) = (true, true);
        Ok(Work {
            driver,
            setup: Vec::new(),
            tasks: Vec::new(),
            has_after: false,
            check,
            deadline: NEVER,
            is_late: false,
            fault: None,
            has_failed: false,
            fresh,
            shells: Vec::new(),
            inside: Vec::new(),
            notes: Vec::new(),
            wrong: None,
            devices: Vec::new(),
            paths: Vec::new(),
            races: Vec::new(),
            staff: Staff::none(),
            more: None,
            leaves: None,
            is_apart: false,
            is_bounded: false,
            is_crowded: false,
            life: SpinLock::new(class!("init and exit that are explored"), Life::default()),
            mode: Mode::Apart,
            answers: Answers::Ignored,
        })
    }

    /// What is explored from now on.
    pub(super) fn change(&mut self, plan: Plan) {
        let Plan { setup, mut tasks, after, keeps_open, fault } = plan;
        explorer::meet_before_close(if keeps_open { tasks.len() } else { 0 });
        self.has_after = after.is_some();
        tasks.extend(after);
        self.answers = Answers::Ignored;
        answers::keep(false);
        let seat = || SpinLock::new(class!("shell of an explored task"), None);
        self.shells = tasks.iter().map(|_| seat()).collect();
        self.inside = (0..=tasks.len()).map(|_| AtomicU32::new(0)).collect();
        (self.setup, self.tasks, self.fault) = (setup, tasks, fault);
        self.races.clear();
        (self.staff, self.is_apart, self.is_bounded) = (Staff::none(), false, false);
    }

    /// Whether the call that was to fail was made in the last execution.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// What its devices were called in the last execution: of those that have the same operations, the first.
    pub(super) fn names(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let first = self.devices.iter().filter(|(.., operations)| seen.insert(*operations));
        first.map(|(name, ..)| name.clone()).collect()
    }

    /// Its files of `/proc` and elsewhere in the last execution.
    pub(super) fn paths(&self) -> Vec<&'static str> {
        self.paths.clone()
    }

    /// Makes executions until all were made, or `limit` are.
    pub(super) fn survey(&mut self, limit: Option<u64>) -> Survey {
        self.try_apart();
        loop {
            let survey = self.surveyed(limit);
            match self.more.take() {
                Some(staff) => (self.staff, self.leaves) = (staff, Some(true)),
                None => return survey,
            }
            self.races.clear();
        }
    }

    fn surveyed(&mut self, limit: Option<u64>) -> Survey {
        let parts = self.parts();
        explorer::survey(limit, |jobs, office| {
            let driver = Driver::Search(Search::new(parts, parts));
            self.explored(driver, false, |work| {
                explorer::look_for_races();
                heap::without_ways(|| jobs.work(office, work));
            });
        })
    }

    /// Makes one execution in which the driver's init, and the set-up, are a part. Where they wait for what the
    /// driver leaves for later, or for what never comes, they can be broken off there, and nowhere else.
    fn try_apart(&mut self) {
        if self.leaves == Some(false) || !self.staff.is_empty() || self.is_apart {
            return;
        }
        self.is_apart = true;
        let survey = self.surveyed(Some(1));
        let more = self.more.take();
        self.is_apart = more.is_none() && survey.bad.keys().any(|end| end.verdict().is_stop());
        let leaves = more.is_some() || self.is_apart;
        self.leaves = Some(leaves || self.leaves.unwrap_or(false));
        self.staff = more.unwrap_or(Staff::none());
        self.races.clear();
    }

    /// Whether the driver's init and exit are a part.
    fn is_live(&self) -> bool {
        self.is_apart || !self.staff.is_empty()
    }

    /// How many parts an execution has: the tasks; and if the driver leaves something for later, one that has
    /// its init and its exit, and one for each of these things.
    fn parts(&self) -> usize {
        self.tasks_of_it() + self.staff.len()
    }

    fn tasks_of_it(&self) -> usize {
        self.tasks.len() + usize::from(self.is_live())
    }

    /// Whether something was left for later more often than it was done.
    pub(super) fn is_bounded(&self) -> bool {
        self.is_bounded
    }

    /// No execution begins after so many seconds from now, if there is such a limit.
    pub(super) fn end_after(&mut self, seconds: Option<u64>) {
        let cycles = |seconds: u64| time::microseconds(seconds.saturating_mul(1_000_000));
        self.deadline = seconds.map_or(NEVER, |seconds| cpu::cycles().saturating_add(cycles(seconds)));
    }

    /// Whether time is over.
    pub(super) fn is_over(&self) -> bool {
        cpu::cycles() > self.deadline
    }

    /// Whether time was over before all executions were made that were to be.
    pub(super) fn is_late(&self) -> bool {
        self.is_late
    }

    /// Makes the execution that `schedule` says, wherever it can; if a task dies in it, that `is_told`, and if it
    /// has data races, they are known.
    pub(super) fn replay(&mut self, schedule: &Schedule, then: Option<Policy>, is_told: bool) -> Replay {
        self.try_apart();
        loop {
            let parts = self.parts();
            let follow = Follow::new(parts, parts, schedule.parts(parts), then);
            let replay = self.explored(Driver::Follow(follow), is_told, |work| {
                explorer::write_down();
                if is_told {
                    explorer::look_for_races();
                }
                let end = work.execution();
                work.note_races();
                let trouble = explorer::end(|_| Ok(())).err().or(end.as_ref().err().cloned());
                work.more = trouble.as_ref().and_then(|_| explorer::more());
                let end = end.unwrap_or_else(|_| End::of_counts(Verdict::NotTried, 0, 0));
                let mut replay = explorer::replayed(end, core::mem::take(&mut work.notes));
                (replay.transcript.wrong, replay.transcript.others) = (work.wrong, work.besides());
                Replay { trouble, ..replay }
            });
            match self.more.take() {
                Some(staff) => self.staff = staff,
                None => return replay,
            }
        }
    }

    /// What there is besides what tasks do: which call fails, and what parts do that are no tasks.
    fn besides(&self) -> Vec<String> {
        // Else one has failed in another trial, if at all.
        let is_armed = !matches!(self.fault, None | Some(Fault::Sleep(_)));
        let failed = faults::failed().filter(|_| is_armed);
        let failed = failed.map(|at| format!("The call at {} fails", place(at)));
        failed.into_iter().chain(self.others()).collect()
    }

    /// What parts do that are no tasks.
    fn others(&self) -> Vec<String> {
        if !self.is_live() {
            return Vec::new();
        }
        let first = self.tasks.len() as u8;
        let own = format!("{} is the driver's init and exit", Name(first));
        let told = |(who, what): (u8, String)| format!("{} is {what}", Name(who));
        iter::once(own).chain((first + 1..).zip(later::agents()).map(told)).collect()
    }

    /// Executions are made in `work` as `driver` says.
    fn explored<R>(&mut self, driver: Driver, is_told: bool, work: impl FnOnce(&mut Self) -> R) -> R {
        explorer::open(self.mode);
        let (tasks, staff) = (self.tasks_of_it(), self.staff.clone());
        let result = explorer::explore_with(tasks, staff, driver, || output::silent(is_told, || work(self)));
        explorer::close();
        result
    }

    /// The data races of the last execution are known.
    fn note_races(&mut self) {
        for race in explorer::races() {
            Unordered::add(&mut self.races, &race, explorer::made);
        }
    }

    /// The data races that were found so far.
    pub(super) fn races(&self) -> &[Unordered] {
        &self.races
    }

    /// The driver is loaded as if nothing had been.
    pub(super) fn finish(&self) {
        output::silent(false, || self.driver.finish());
    }
}
