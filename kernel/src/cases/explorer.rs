//! All orders, made here: that each is made once, from the same state, that what is not told is named, and
//! that a handler of another CPU waits for its turn, or is given up.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use kcore::event::{Events, Site};
use kcore::experiment::{Resolved, of_kernel, resolve};
use kcore::explore::{Driver, Replay, Search, Trouble, account};
use kcore::machine::Cpu;
use kcore::probe::Plan;
use kcore::settings::{Config, Form, RunSettings, Verdict};
use kcore::shared::Shared;

use super::Answer;
use super::case::{holds, same};
use crate::arch::smp;
use crate::experiments::explored::{self, Bounds};
use crate::irq::device;
use crate::machine::Kernel;
use crate::observe::explorer::{self, Mode};
use crate::observe::participant;

crate::case! {
    "explorer::each-order-once" => each_once;
    "explorer::what-no-task-tells-is-named" => untold;
    "explorer::a-handler-of-another-cpu" => elsewhere;
    "explorer::a-counterexample-repeats" => repeats;
    "explorer::what-is-known-is-told-in-time" => in_time;
}

static WORD: Site = Site::new("word");

/// Makes all executions of two parts, as `mode` says, of which the tasks run `body` on a word. Calls `judge`
/// after each, with what has become of it and what is in the word.
fn explore(
    mode: Mode,
    body: &(dyn Fn(&Shared<u64>, u32) + Sync),
    judge: &mut dyn FnMut(Result<(), Option<Verdict>>, u64),
) -> Result<u64, Trouble> {
    let mut executions = 0;
    let mut make = || {
        explorer::begin().map_err(|error| Trouble::Refused(error.into()))?;
        let word = Shared::new(0);
        let raced = explorer::race(&|who| body(&word, who));
        judge(raced, word.audit());
        executions += 1;
        explorer::end(|_| Ok(())).map(|()| explorer::search(Search::end))
    };
    explorer::open(mode);
    let result = explorer::explore(3 - mode.parts(1), Driver::Search(Search::new(2, 2)), || {
        while make()? {}
        Ok(())
    });
    explorer::close();
    result.map(|()| executions)
}

/// Two tasks that load a word and store it, increased: four orders, of which two lose an update.
fn each_once() -> Answer {
    for _ in 0..2 {
        let mut lost = 0;
        let increment = |word: &Shared<u64>, _| {
            let value = word.load::<Kernel>(&WORD);
            word.store::<Kernel>(&WORD, value + 1);
        };
        let executions = explore(Mode::Apart, &increment, &mut |_, sum| lost += u64::from(sum < 2));
        same("executions", executions, Ok(4))?;
        same("of which an update was lost", lost, 2)?;
    }
    Ok(())
}

/// A task that does something else in each execution: no verdict of such is worth anything.
fn untold() -> Answer {
    let made = AtomicU64::new(0);
    let body = |word: &Shared<u64>, who| {
        if who == 0 && made.fetch_add(1, Relaxed) > 0 {
            word.store::<Kernel>(&WORD, 1);
        }
        word.load::<Kernel>(&WORD);
        word.store::<Kernel>(&WORD, 2);
    };
    let result = explore(Mode::Apart, &body, &mut |_, _| {});
    holds("it is named", matches!(result, Err(Trouble::Diverged(_))))
        .map_err(|why| format!("{why}: {result:?}"))
}

/// What the handler waits for.
static GATE: Shared<usize> = Shared::number(0);

/// The handler of another CPU waits, spinning, for what the task stores. If the task does so, each of the two
/// may come first; if not, the handler is found to wait for ever, and is given up where it is.
fn elsewhere() -> Answer {
    if smp::cpus() == 1 {
        return Ok(());
    }
    participant::interrupt_by(device::fire);
    device::open(|| {
        while GATE.look::<Kernel>(&WORD) == 0 {
            Kernel::spinning();
            Kernel::relax();
        }
    });
    let mut ends = Vec::new();
    for opens in [1, 0, 1] {
        let body = |_: &Shared<u64>, _| GATE.put::<Kernel>(&WORD, opens);
        let explored = explore(Mode::Elsewhere, &body, &mut |raced, _| {
            GATE.set_up(0);
            ends.push(raced);
        });
        ends.push(explored.map(|_| ()).map_err(|_| None));
    }
    device::close();
    let (through, stuck) = (Ok(()), Err(Some(Verdict::Livelock)));
    let wanted = [&[through; 3][..], &[stuck, stuck, through], &[through; 3]].concat();
    same("how executions end", ends, wanted)
}

/// The experiment of a task and its interrupt, in a form.
fn irq(form: Form) -> Result<(Resolved, RunSettings), String> {
    let settings = RunSettings { lock: Some(form), ..RunSettings::default() };
    let settings = account::smallest(&settings, of_kernel::irq);
    let resolved = resolve(&settings, of_kernel::irq, smp::cpus(), Config::OURS);
    let resolved = resolved.map_err(|usage| usage.to_string())?;
    Ok((Resolved { plan: Plan::Fire { points: Vec::new() }, ..resolved }, settings))
}

/// When the time is over, the search ends with what it has made, and does not say that this was all.
fn in_time() -> Answer {
    let (resolved, settings) = irq(Form::None)?;
    let bounds = Bounds { limit: None, deadline: 0 };
    let survey = explored::survey(&resolved, &settings, Mode::Interrupted, bounds);
    same("executions, and whether they are all", (survey.executions, survey.complete), (1, false))
}

/// A task and its interrupt: the shortest that goes wrong does so 20 times of 20, in the same steps; and
/// without any one of its switches it does not.
fn repeats() -> Answer {
    // The spinlock of a kernel for one CPU has no word.
    let deadlock = Config::OURS.smp().then_some((Form::Spinlock, Verdict::Deadlock, "A3B1"));
    for (form, verdict, turns) in [(Form::None, Verdict::Raced, "A3B4A3")].into_iter().chain(deadlock) {
        let (resolved, settings) = irq(form)?;
        let bounds = Bounds { limit: None, deadline: u64::MAX };
        let survey = explored::survey(&resolved, &settings, Mode::Interrupted, bounds);
        let make = |schedule: &_| explored::replay(&resolved, &settings, Mode::Interrupted, schedule, None);
        let shortest = Replay::shortest(&survey, u32::MAX, |schedule| Some(make(schedule))).flatten();
        let Replay { end, made, trouble, .. } = shortest.ok_or("there is none")?;
        same("how it ends", (end.verdict, trouble), (verdict, None))?;
        same("its turns", made.to_string().as_str(), turns)?;
        for _ in 0..20 {
            let again = make(&made);
            same("how it ends again", (again.end, again.parted, again.trouble), (end, None, None))?;
            same("its turns again", &again.made, &made)?;
        }
        for index in 0..made.turns().len() - 1 {
            let without = make(&made.without(index));
            let is_less = without.made.switches() < made.switches();
            holds("without a switch it does not go wrong", !is_less || without.end.kind() != end.kind())?;
        }
    }
    Ok(())
}
