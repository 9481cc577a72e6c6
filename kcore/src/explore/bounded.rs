//! Executions with few preemptions first.
//!
//! A switch is a preemption if the task that it leaves could have gone on: it was not through, and waited for
//! nothing but its own stores to leave their buffer. All other switches are free, and so is each store that
//! leaves a buffer, and each failure.
//!
//! No step is left out because another covers it; but what has [happened](Happened) once, in whichever order,
//! is known from then on.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::events::{Events, Happened, Number};
use super::search::{Divergence, Next, Want, check};
use super::trace::Trace;
use super::wakeup::Move;
use crate::sort;

/// All executions, of which those with fewer preemptions are made first.
#[derive(Debug)]
pub struct Bounded {
    trace: Trace,
    events: Events,
    /// The event that each step of the trace is.
    path: Vec<Number>,
    /// The same of each part alone.
    own: Vec<Vec<Number>>,
    known: BTreeMap<Happened, Known>,
    /// Preemptions of the execution under way.
    preemptions: u32,
    /// With which events it begins; and what else could be made at each point behind that.
    beginning: Vec<Number>,
    nodes: Vec<Vec<Branch>>,
    /// With which events others begin that have as many preemptions, and one more.
    waiting: Vec<Vec<Number>>,
    later: Vec<Vec<Number>>,
    /// How many steps of the trace this execution has made.
    made: usize,
    /// All that it can come to is known. It goes on to its end all the same: what tasks have half done, none
    /// could clear away.
    in_vain: bool,
}

/// What is known of executions in which the same has happened.
#[derive(Debug)]
struct Known {
    /// The fewest preemptions with which it has.
    preemptions: u32,
    /// Which tasks went on last then, a bit each.
    last: u64,
    is_end: bool,
}

/// A way to go on.
#[derive(Debug)]
struct Branch {
    made: Move,
    /// Which task has gone on last then.
    last: Option<u8>,
    /// The task that has gone on last so far could have gone on.
    preempts: bool,
}

impl Bounded {
    /// Of so many tasks: see [`Trace::new`].
    pub fn new(tasks: usize, kin: usize) -> Self {
        assert!(kin < 64, "each task has a bit");
        Bounded {
            trace: Trace::new(tasks, kin),
            events: Events::default(),
            path: Vec::new(),
            own: alloc::vec![Vec::new(); tasks],
            known: BTreeMap::new(),
            preemptions: 0,
            beginning: Vec::new(),
            nodes: Vec::new(),
            waiting: Vec::new(),
            later: Vec::new(),
            made: 0,
            in_vain: false,
        }
    }

    /// An execution begins.
    pub fn begin(&mut self) {
        (self.made, self.in_vain) = (0, false);
    }

    /// The execution has begun with all steps of the trace.
    pub fn repeated(&mut self) {
        self.made = self.trace.len();
    }

    /// All tasks have waited for each other.
    pub fn barrier(&mut self) {
        if self.made == self.trace.len() {
            self.trace.barrier();
        }
    }

    /// Which task makes its next step. `pending` has that of each; `last`: the task that has gone on last, if
    /// any has since all have waited for each other.
    ///
    /// # Errors
    /// The execution is not what it was: see [`Divergence`].
    pub fn next(&mut self, pending: &[Option<Want>], last: Option<u8>) -> Result<Next, Box<Divergence>> {
        let at = self.made;
        if pending.iter().all(Option::is_none) {
            return Ok(Next::Over);
        }
        self.made += 1;
        if at < self.trace.len() {
            let expected = self.trace.get(at);
            check(at, expected, pending)?;
            return Ok(Next::Run(expected.task));
        }
        if let Some(&event) = self.beginning.get(at) {
            let expected = *self.events.get(event);
            check(at, &expected, pending)?;
            self.push(&expected);
            return Ok(Next::Run(expected.task));
        }
        let branches = self.branches(pending, last);
        let Some(first) = branches.last().map(|branch| branch.made) else { return Ok(Next::Over) };
        self.in_vain |= self.trace.since() == at && !self.enter(self.happened(), None);
        if !self.in_vain {
            self.nodes.push(branches);
            if let Some(part) = self.branch() {
                return Ok(Next::Run(part));
            }
        }
        self.in_vain = true;
        self.trace.push(&first);
        Ok(Next::Run(first.task))
    }

    /// What can be made next; the last of them first, which is that of the same task if it can go on.
    fn branches(&self, pending: &[Option<Want>], last: Option<u8>) -> Vec<Branch> {
        let branch = |(part, want): (u8, &Option<Want>)| {
            let want = want.as_ref().filter(|want| want.ready && self.trace.is_ready(part, &want.step))?;
            let task = (usize::from(part) < self.trace.kin()).then_some(part);
            let preempts = is_preemption(&self.trace, pending, last, part);
            Some(Branch { made: want.by(part, &self.trace), last: task.or(last), preempts })
        };
        let mut branches: Vec<Branch> = (0..).zip(pending).filter_map(branch).collect();
        branches.reverse();
        let goes_on = |branch: &Branch| Some(branch.made.task) == last;
        sort::few(&mut branches, |a, b| !goes_on(a) && goes_on(b));
        branches
    }

    /// Goes on from the last point in a way that is not known, if there is any: which part does.
    fn branch(&mut self) -> Option<u8> {
        while let Some(Branch { made, last, preempts }) = self.nodes.last_mut()?.pop() {
            self.push(&made);
            let happened = self.happened();
            if preempts && !self.known.contains_key(&happened) {
                self.later.push(self.path.clone());
            } else if !preempts && self.enter(happened, last) {
                return Some(made.task);
            }
            self.truncate(self.path.len() - 1);
        }
        self.nodes.pop();
        None
    }

    /// This has happened, and task `last` has gone on last; or none has since all have waited for each other,
    /// and each may. Says whether that was not known: neither with a preemption less, which lets each go on,
    /// nor with as many.
    fn enter(&mut self, happened: Happened, last: Option<u8>) -> bool {
        let preemptions = self.preemptions;
        let known = self.known.entry(happened).or_insert(Known { preemptions, last: 0, is_end: false });
        let last = last.map_or(u64::MAX, |last| 1 << last);
        let is_new = known.preemptions == preemptions && known.last & last != last;
        known.last |= last;
        is_new
    }

    /// The execution has come to its end. Says whether it is equivalent to none before.
    pub fn end(&mut self) -> bool {
        if self.in_vain {
            return false;
        }
        let happened = self.happened();
        let known = self.known.get_mut(&happened);
        known.is_none_or(|known| !core::mem::replace(&mut known.is_end, true))
    }

    /// Goes on to another execution with as many preemptions; says whether there may be any.
    pub fn go_back(&mut self) -> bool {
        self.trace.truncate(self.path.len());
        self.trace.forget_races();
        while !self.nodes.is_empty() {
            self.truncate(self.path.len() - 1);
            if self.branch().is_some() {
                return true;
            }
        }
        self.take_up()
    }

    /// Goes on with those that have one preemption more, when there are no others; says whether there are
    /// any.
    pub fn deepen(&mut self) -> bool {
        if !self.has_more() {
            return false;
        }
        self.preemptions += 1;
        self.waiting = core::mem::take(&mut self.later);
        self.take_up()
    }

    /// Whether there are any with one preemption more, when there are no others.
    pub fn has_more(&mut self) -> bool {
        let mut later = core::mem::take(&mut self.later);
        later.retain(|path| !self.known.contains_key(&self.happened_on(path)));
        self.later = later;
        !self.later.is_empty()
    }

    /// Preemptions of the executions that are made now.
    pub fn preemptions(&self) -> u32 {
        self.preemptions
    }

    /// Goes on with what is waiting and not known, if there is any.
    fn take_up(&mut self) -> bool {
        while let Some(beginning) = self.waiting.pop() {
            let last = beginning.last().map(|event| self.events.get(*event).task);
            if self.enter(self.happened_on(&beginning), last) {
                let alike = self.path.iter().zip(&beginning).take_while(|(one, other)| one == other).count();
                self.truncate(alike);
                self.beginning = beginning;
                return true;
            }
        }
        false
    }

    fn push(&mut self, made: &Move) {
        self.trace.push(made);
        let clock = self.trace.clock_of(self.path.len()).iter().zip(&self.own).enumerate();
        let before = clock.map(|(part, (count, own))| {
            let count = *count as usize - usize::from(part == usize::from(made.task));
            count.checked_sub(1).map(|last| own[last])
        });
        let event = self.events.number(made, before.collect());
        self.path.push(event);
        self.own[usize::from(made.task)].push(event);
    }

    fn truncate(&mut self, len: usize) {
        for event in self.path.drain(len..) {
            self.own[usize::from(self.events.get(event).task)].pop();
        }
        self.trace.truncate(len);
    }

    fn happened(&self) -> Happened {
        self.own.iter().map(|own| own.last().copied()).collect()
    }

    /// What has happened where these have.
    fn happened_on(&self, path: &[Number]) -> Happened {
        let mut happened: Happened = self.own.iter().map(|_| None).collect();
        for event in path {
            happened[usize::from(self.events.get(*event).task)] = Some(*event);
        }
        happened
    }

    /// The steps of the execution under way, or of the last one.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

/// Whether `part` is a task that keeps another from going on, which has gone on `last`.
pub(super) fn is_preemption(trace: &Trace, pending: &[Option<Want>], last: Option<u8>, part: u8) -> bool {
    let could_go_on =
        |last: u8| pending[usize::from(last)].as_ref().is_some_and(|want| trace.is_ready(last, &want.step));
    usize::from(part) < trace.kin() && last.is_some_and(|last| last != part && could_go_on(last))
}
