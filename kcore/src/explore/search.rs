//! Which executions are made, and in which order.
//!
//! Optimal dynamic partial order reduction: algorithm 2 of Abdulla, Aronis, Jonsson and Sagonas, J. ACM
//! 64(4),
//! 2017. Of all executions that differ only in the order of steps which are not in conflict one is made, and
//! none is begun that is given up half-way.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::frontier::{Frontier, Part};
use super::node::{Node, Nodes};
use super::step::Step;
use super::trace::Trace;
use super::wakeup::{After, Move, WakeupTree};

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This task makes its step.
    Run(u8),
    /// No task can: all are through, or wait for what does not come.
    Over,
    /// Tasks could go on, and all of them would do what was done before.
    Asleep,
}

/// What a task wants to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Its step.
    pub step: Step,
    /// What comes before it: see [`Move::after`].
    pub after: After,
    /// Whether it can, as far as its own store buffer is concerned.
    pub ready: bool,
}

impl Want {
    /// A step that hangs on no buffer.
    pub fn of(step: Step) -> Self {
        Want { step, after: None, ready: true }
    }

    /// As the next step of `task`.
    pub(super) fn by(&self, task: u8, trace: &Trace) -> Move {
        Move { task, of: trace.of(task), number: trace.next_number(task), step: self.step, after: self.after }
    }
}

/// An execution that was begun like a former one did not go on like it: something that no task tells of
/// decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// After how many steps.
    pub at: usize,
    /// The step that was to be made.
    pub expected: Move,
    /// What its task wants to do instead; [`None`] when that is nothing.
    pub seen: Option<Step>,
}

/// How much of what it is to make a search hands over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// Only what is not of its part.
    Found,
    /// What there is to be made from the first point.
    First,
    /// All.
    All,
}

/// A search through all executions of a [`Part`].
#[derive(Debug)]
pub struct Search {
    trace: Trace,
    /// What it is to make.
    part: Part,
    /// Of the steps of the trace behind the beginning of the part, one each.
    nodes: Nodes,
    /// What is to come after the last of them.
    ahead: WakeupTree,
    /// How many steps of the trace this execution has made.
    made: usize,
    /// Executions that part from those of the part before it begins: after how many steps, and how they go on
    /// then.
    outside: Vec<(usize, Vec<Move>)>,
    /// Room for one such.
    sequence: Vec<Move>,
}

impl Search {
    /// Of all executions of so many tasks: see [`Trace::new`].
    pub fn new(tasks: usize, kin: usize) -> Self {
        Search {
            trace: Trace::new(tasks, kin),
            part: Part::default(),
            nodes: Nodes::default(),
            ahead: WakeupTree::default(),
            made: 0,
            outside: Vec::new(),
            sequence: Vec::new(),
        }
    }

    /// From now on, of those of `part`.
    pub fn take_up(&mut self, part: Part) {
        self.trace.truncate(0);
        self.nodes.clear();
        self.ahead = WakeupTree::default();
        self.part = part;
    }

    /// An execution begins.
    pub fn begin(&mut self) {
        self.made = 0;
    }

    /// The execution has begun with so many steps of the trace.
    pub fn repeated(&mut self, steps: usize) {
        self.made = steps;
    }

    /// All tasks have waited for each other.
    pub fn barrier(&mut self) {
        if self.made == self.trace.len() {
            self.trace.barrier();
        }
    }

    /// Which task makes its next step. `pending` has that of each task; [`None`] for one that is through.
    /// `last`: the one that goes on if it may.
    ///
    /// # Errors
    /// The execution is not what it was: see [`Divergence`].
    pub fn next(&mut self, pending: &[Option<Want>], last: Option<u8>) -> Result<Next, Box<Divergence>> {
        let at = self.made;
        if pending.iter().all(Option::is_none) {
            return Ok(Next::Over);
        }
        if at < self.trace.len() {
            let expected = *self.trace.get(at);
            check(at, &expected, pending)?;
            self.made += 1;
            return Ok(Next::Run(expected.task));
        }
        if let Some(expected) = self.part.prefix.get(at) {
            check(at, expected, pending)?;
            if at == self.part.seen {
                // Those of the steps before were seen to by the search that has made them first.
                self.trace.forget_races();
            }
            self.trace.push(expected);
            self.made += 1;
            return Ok(Next::Run(expected.task));
        }
        let mut planned = core::mem::take(&mut self.ahead);
        let first = planned.take_first();
        let before = self.trace.len().checked_sub(1).map(|last| self.trace.get(last));
        let asleep = self.nodes.push(before, &self.part.sleep, planned);
        let chosen = match first {
            Some((chosen, ahead)) => {
                check(at, &chosen, pending)?;
                debug_assert!(self.trace.is_ready(chosen.task, &chosen.step), "what is planned can be made");
                self.ahead = ahead;
                chosen
            }
            None => match choose(&self.trace, pending, last, asleep) {
                Ok((task, want)) => want.by(task, &self.trace),
                Err(end) => {
                    self.nodes.pop();
                    return Ok(end);
                }
            },
        };
        self.trace.push(&chosen);
        self.made += 1;
        Ok(Next::Run(chosen.task))
    }

    /// After how many steps the executions of the part are its own.
    fn base(&self) -> usize {
        self.part.prefix.len()
    }

    /// The execution has come to its end, where `pending` is what tasks wait to do. Says whether there are
    /// more to be made.
    pub fn end(&mut self, pending: &[Option<Want>]) -> bool {
        self.look_back(pending);
        self.go_back()
    }

    /// The execution has come to its end: finds out which others there are.
    pub fn look_back(&mut self, pending: &[Option<Want>]) {
        for (task, want) in pending.iter().enumerate() {
            if let Some(want) = want {
                self.trace.would_make(want.by(task as u8, &self.trace));
            }
        }
        // A race of two steps that the last execution made, too, was seen to then: what was planned for it
        // begins with a step that may come first here as well, whatever comes after the two.
        let mut sequence = core::mem::take(&mut self.sequence);
        for race in self.trace.races() {
            // How the execution can go on where the first step of the race was made, so that the second comes
            // before it.
            sequence.clear();
            sequence.extend(self.trace.independent_of(race.first));
            sequence.push(race.second);
            match race.first.checked_sub(self.part.prefix.len()) {
                Some(own) => self.nodes.insert(own, &mut sequence),
                None => self.outside.push((race.first, sequence.clone())),
            }
        }
        self.sequence = sequence;
        self.trace.forget_races();
    }

    /// Goes back to the last point from which there is more to be made, after [`Search::look_back`].
    pub fn go_back(&mut self) -> bool {
        self.ahead = WakeupTree::default();
        while let Some(node) = self.nodes.last() {
            if let Some((chosen, ahead)) = node.tree.take_first() {
                node.made += 1;
                let at = self.base() + self.nodes.all().len() - 1;
                self.nodes.lull(*self.trace.get(at));
                self.trace.truncate(at);
                self.trace.push(&chosen);
                self.ahead = ahead;
                return true;
            }
            self.nodes.pop();
        }
        self.trace.truncate(0);
        false
    }

    /// Hands over what others are to make, after [`Search::look_back`]: executions that it has found and that
    /// are not of its part; and of its part so much as `what` says.
    pub fn hand_over(&mut self, frontier: &mut Frontier, what: Share) {
        for (at, sequence) in self.outside.drain(..) {
            frontier.insert(&self.part, at, sequence);
        }
        let mut open =
            self.nodes.all().iter().enumerate().filter(|(_, node)| !node.tree.is_empty()).map(|(at, _)| at);
        let last = match what {
            Share::Found => None,
            Share::First => open.next(),
            Share::All => open.next_back(),
        };
        if let Some(last) = last {
            let base = self.base();
            let steps = self.trace.moves().skip(base);
            frontier.share(&mut self.part, self.nodes.take_first(last).into_iter().zip(steps));
        }
    }

    /// Whether there is something to hand over that does not belong to its part.
    pub fn has_found(&self) -> bool {
        !self.outside.is_empty()
    }

    /// How much of its part is made, from 0 to 1, if what is not known yet is like what is (D. E. Knuth,
    /// Estimating the efficiency of backtrack programs, 1975).
    pub fn progress(&self) -> f64 {
        let mut branch = 1.0;
        let of_node = |node: &Node| {
            let all = f64::from(node.made) + 1.0 + node.tree.len() as f64;
            let made = branch * f64::from(node.made) / all;
            branch /= all;
            made
        };
        self.nodes.all().iter().map(of_node).sum()
    }

    /// What it makes.
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// The steps of the execution under way, or of the last one.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

/// Which task makes its step where none is planned: `last` if it can, else the next after it.
fn choose<'a>(
    trace: &Trace,
    pending: &'a [Option<Want>],
    last: Option<u8>,
    asleep: &[Move],
) -> Result<(u8, &'a Want), Next> {
    let mut end = Next::Over;
    let first = last.map_or(0, usize::from);
    for task in (first..pending.len()).chain(0..first) {
        let Some(want) = &pending[task] else { continue };
        let task = task as u8;
        if !want.ready || !trace.is_ready(task, &want.step) {
            continue;
        }
        if !asleep.iter().any(|asleep| asleep.task == task) {
            return Ok((task, want));
        }
        end = Next::Asleep;
    }
    Err(end)
}

/// Whether `expected` can be made as it was.
pub(super) fn check(at: usize, expected: &Move, pending: &[Option<Want>]) -> Result<(), Box<Divergence>> {
    let seen = pending[usize::from(expected.task)].as_ref().map(|want| &want.step);
    match seen == Some(&expected.step) {
        true => Ok(()),
        false => Err(Box::new(Divergence { at, expected: *expected, seen: seen.copied() })),
    }
}
