//! `explore`: what tasks do with a driver in C, in every order.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::experiment::page::wrap;
use kcore::explore::account;
use kcore::explore::sheet::Sheet;
use kcore::explore::{MemoryModel, Recipe, Replay, Schedule, Survey};
use kcore::probe::Name;
use kcore::report::{Explore, Record};
use kcore::settings::{Expect, Form, Policy, Verdict};
use kcore::shell::parse;
use kcore::shell::tree::List;

use super::command::{Command, misuse};
use crate::arch::cpu;
use crate::console::com2;
use crate::print_to;
use crate::process::Process;
use crate::shell::explored::{self, Asked, Fault, Plan, Work, beyond, recipe};
use crate::shell::state::machine;

pub(super) const COMMAND: Command = Command::program(
    "explore",
    "MODULE --task LINE... [--setup LINE] [--after LINE] [--check LINE] [--fail CALL=N] [--keep-open] [--atomic] [--limit N] [--seconds N] [--schedule TURNS] [--expect VERDICT]",
    "make every order of what tasks do with a driver in C",
    explore,
)
.explained(details)
.on_first_cpu()
.of_ours();

fn details() -> String {
    "Each --task is a line of one task. Before each execution the driver begins anew, its devices have names\n\
     in /dev, and --setup is done; after it --check must succeed, and the driver must have freed all. --after is\n\
     of one more task, when all others are through. With --keep-open what a task has open stays open until the\n\
     others are through. With --atomic calls must answer what they answer in some\n\
     order if each is made as a whole. After --seconds N no execution begins, and what is known is told.\n"
        .to_string()
}

/// What is said where a driver does something later again and again.
const BOUNDED: &str =
    "What the driver does later it would have done once more: that is bounded, and so is this answer.";

/// What is said where time was over first.
const LATE: &str = "Time is over, and not all executions were made: this is what is known.";

/// What is to be explored.
#[derive(Default)]
struct Order<'w> {
    module: &'w str,
    tasks: Vec<&'w str>,
    setup: Option<&'w str>,
    after: Option<&'w str>,
    check: Option<&'w str>,
    keeps_open: bool,
    is_atomic: bool,
    fault: Option<Fault>,
    limit: Option<u64>,
    /// No execution begins after so many.
    seconds: Option<u64>,
    schedule: Option<Schedule>,
    expect: Option<Expect>,
    /// What is typed to explore it, but for what is done with it.
    again: Option<&'w str>,
}

impl<'w> Order<'w> {
    fn of(words: &[&'w str]) -> Result<Self, String> {
        let mut order = Order::default();
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            if !word.starts_with("--") && order.module.is_empty() {
                order.module = word;
                continue;
            }
            let mut value = || words.next().ok_or_else(|| format!("{word} has no value"));
            match word {
                "--task" => order.tasks.push(value()?),
                "--setup" => order.setup = Some(value()?),
                "--after" => order.after = Some(value()?),
                "--keep-open" => order.keeps_open = true,
                "--atomic" => order.is_atomic = true,
                "--check" => order.check = Some(value()?),
                "--fail" => order.fault = Some(value()?.parse()?),
                "--limit" => {
                    order.limit = Some(value()?.parse().map_err(|_| "--limit is a number".to_string())?)
                }
                "--seconds" => {
                    order.seconds = Some(value()?.parse().map_err(|_| "--seconds is a number".to_string())?)
                }
                "--schedule" => order.schedule = Some(value()?.parse()?),
                "--expect" => order.expect = Some(value()?.parse().map_err(|why| format!("{why}"))?),
                "--again" => order.again = Some(value()?),
                _ => return Err(format!("'{word}' is not understood")),
            }
        }
        match order {
            Order { module: "", .. } => Err("which module? lsmod shows them".into()),
            Order { tasks, after, .. }
                if tasks.is_empty() || tasks.len() + usize::from(after.is_some()) > 8 =>
            {
                Err("one to eight tasks are explored".into())
            }
            order => Ok(order),
        }
    }

    fn work(&self, me: &Process) -> Result<Work, String> {
        let script = |text: &str| parse(text).map_err(|error| format!("'{text}': {error}"));
        let optional = |text: Option<&str>| text.map_or(Ok(Vec::new()), script);
        let tasks: Vec<Vec<List>> = self.tasks.iter().map(|text| script(text)).collect::<Result<_, _>>()?;
        let after = self.after.map(script).transpose()?;
        if let Some(what) = tasks.iter().chain(&after).find_map(|lists| beyond(lists)) {
            return Err(format!("{what} in a task cannot be explored: only commands, one after the other"));
        }
        let (setup, check) = (optional(self.setup)?, optional(self.check)?);
        let mut work = Work::of(me, self.module, check)?;
        work.change(Plan { setup, tasks, after, keeps_open: self.keeps_open, fault: self.fault });
        if self.is_atomic && work.hold_answers().is_none() {
            work.finish();
            return Err(
                "what its calls answer if each is made as a whole cannot be known, or varies by itself"
                    .into(),
            );
        }
        Ok(work)
    }

    fn expected(&self) -> Expect {
        self.expect.unwrap_or(Expect::Only(Verdict::Clean))
    }

    fn recipe(&self) -> Recipe {
        recipe(self.module, self.tasks.len() + usize::from(self.after.is_some()))
    }

    /// What is typed to make an execution again.
    fn again(&self, schedule: &Schedule) -> String {
        let asked = Asked {
            setup: self.setup,
            tasks: self.tasks.clone(),
            after: self.after,
            check: self.check,
            fault: self.fault,
            keeps_open: self.keeps_open,
            is_atomic: self.is_atomic,
            schedule,
        };
        let own = || format!("explore {}", self.module);
        format!("{}{asked}", self.again.map_or_else(own, ToString::to_string))
    }

    fn heading(&self) -> String {
        let tasks = account::plural(self.tasks.len(), "task", "tasks");
        let mut text =
            format!("{}: {tasks}; all orders of steps that touch the same memory or lock\n", self.module);
        for (who, line) in (0..).zip(&self.tasks) {
            text += &format!("  {}: {line}\n", Name(who));
        }
        if let Some(line) = self.after {
            text += &format!("  {}, when all others are through: {line}\n", Name(self.tasks.len() as u8));
        }
        text
    }
}

fn explore(me: &Process, arguments: &[&str]) -> i32 {
    let order = match Order::of(arguments) {
        Ok(order) => order,
        Err(why) => return misuse(me, format_args!("{why}")),
    };
    explored::alone(me, "explore", || Ok(explored(me, &order, order.work(me)?)))
}

/// Explores, or makes one execution, and says what was found; whether that is what was expected.
fn explored(me: &Process, order: &Order<'_>, mut work: Work) -> bool {
    print_to!(me, "{}", order.heading());
    if let Some(answers) = work.allowed() {
        let answers = account::plural(answers, "answer", "answers");
        print_to!(me, "  what the calls answer is held against the {answers} of whole calls\n");
    }
    let ok = match &order.schedule {
        Some(schedule) => again(me, order, &mut work, schedule),
        None => all(me, order, &mut work),
    };
    work.finish();
    ok
}

/// Makes one execution.
fn again(me: &Process, order: &Order<'_>, work: &mut Work, schedule: &Schedule) -> bool {
    let then = Policy::NonPreemptive;
    let replay = work.replay(schedule, Some(then), true);
    let recipe = Recipe { schedule: schedule.clone(), ..order.recipe() };
    let sheet = Sheet::again(&replay, &recipe, then);
    print_to!(me, "{}\n", sheet.text_again(&order.again(&replay.made)));
    told(me, &replay);
    replay.trouble.iter().for_each(|trouble| say(me, &account::trouble(trouble)));
    tell_races(me, order, work);
    let verdict = if replay.trouble.is_some() { Verdict::NotTried } else { sheet.end.verdict };
    let ok = replay.trouble.is_none() && order.expected().allows(verdict);
    print_to!(me, "{}\n", account::said(verdict, order.expected(), ok));
    com2::record(&Record::Execution(sheet));
    ok
}

/// What was wrong, each with its lines.
fn told(me: &Process, replay: &Replay) {
    replay
        .transcript
        .notes
        .iter()
        .chain(&replay.transcript.others)
        .for_each(|note| print_to!(me, "{}\n", wrap(note, account::WIDTH, "", "  ")));
}

/// Data races, whether something went wrong by them or not. What makes several of them is told behind the last.
fn tell_races(me: &Process, order: &Order<'_>, work: &Work) {
    let races = work.races();
    for (index, race) in races.iter().enumerate() {
        print_to!(me, "\ndata race: by two tasks, and no lock orders them\n");
        for line in race.lines() {
            print_to!(me, "{}\n", wrap(&line, account::WIDTH, "  ", "    "));
        }
        if races.get(index + 1).is_none_or(|next| next.made != race.made) {
            print_to!(me, "again: {}\n", order.again(&race.made));
        }
    }
}

fn say(me: &Process, what: &str) {
    me.say(format_args!("{what}"));
}

/// Makes all.
fn all(me: &Process, order: &Order<'_>, work: &mut Work) -> bool {
    let began = cpu::cycles();
    work.end_after(order.seconds);
    let mut survey = work.survey(order.limit);
    survey.complete &= !work.is_bounded();
    if work.is_late() {
        // What is known is true all the same.
        survey.trouble = None;
    }
    let seconds = (cpu::cycles() - began) as f64 / (machine().boot.tsc_hz as f64).max(1.0);
    let shortest = Replay::shortest(&survey, u32::MAX, |schedule| Some(work.replay(schedule, None, false)));
    let shortest = shortest.flatten();
    let trouble = shortest.as_ref().and_then(|replay| replay.trouble.clone());
    survey.trouble = survey.trouble.or(trouble);
    if let Some(replay) = shortest.as_ref().filter(|replay| replay.end.verdict == Verdict::Oops) {
        // For what is said of the dead.
        work.replay(&replay.made, None, true);
    }
    let sheet = shortest
        .as_ref()
        .map(|replay| Sheet { replay: order.again(&replay.made), ..Sheet::of(replay, &order.recipe()) });
    let record = record(order, &survey, sheet.as_ref(), seconds);
    print_to!(
        me,
        "{}",
        account::findings(&record, if record.complete { "all there are" } else { "not all" })
    );
    shortest.iter().for_each(|replay| told(me, replay));
    if let Some(sheet) = &sheet {
        let what = if survey.complete { "The shortest that" } else { "The shortest found that" };
        let text = account::counterexample(sheet, what, None, &format!("again: {}", sheet.replay));
        print_to!(me, "\n{}\n", text.trim());
    }
    if work.is_bounded() {
        say(me, BOUNDED);
    }
    if work.is_late() {
        say(me, LATE);
    }
    survey.trouble.iter().for_each(|trouble| say(me, &account::trouble(trouble)));
    tell_races(me, order, work);
    print_to!(me, "{}\n", account::verdict(&record));
    let ok = record.ok;
    sheet
        .into_iter()
        .map(Record::Execution)
        .chain([Record::Explore(record)])
        .for_each(|one| com2::record(&one));
    ok
}

fn record(order: &Order<'_>, survey: &Survey, shortest: Option<&Sheet>, seconds: f64) -> Explore {
    let verdict = match shortest {
        _ if survey.trouble.is_some() => Verdict::NotTried,
        Some(sheet) => sheet.end.verdict,
        None if survey.complete => Verdict::Clean,
        None => Verdict::NotTried,
    };
    Explore {
        experiment: order.module.to_string(),
        lock: Form::None.to_string(),
        writers: order.tasks.len() as u32,
        quanta: 1,
        rounds: 1,
        memory_model: MemoryModel::Sc.word().to_string(),
        with: Vec::new(),
        executions: survey.executions,
        blocked: 0,
        raced: survey.bad_executions,
        complete: survey.complete,
        preemptions: None,
        deepest: survey.deepest as u64,
        seconds,
        verdict,
        expected: order.expected(),
        ok: survey.trouble.is_none() && order.expected().allows(verdict),
        switches: shortest.map(|sheet| sheet.switches),
        replay: shortest.map(|sheet| sheet.replay.clone()).unwrap_or_default(),
        outcomes: survey.ends.iter().map(|(end, count)| end.outcome(*count)).collect(),
    }
}
