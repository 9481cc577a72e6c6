//! Which executions are made, and in which order.
//!
//! Optimal dynamic partial order reduction: algorithm 2 of Abdulla, Aronis, Jonsson and Sagonas, J. ACM 64(4),
//! 2017. Of all executions that differ only in the order of steps which are not in conflict one is made, and
//! none is begun that is given up half-way.

use alloc::vec::Vec;

use super::step::Step;
use super::trace::{Race, Trace};
use super::wakeup::{After, Move, WakeupTree, is_weak_initial};

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
    pub(super) fn by(self, task: u8, trace: &Trace) -> Move {
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

/// A search through all executions.
#[derive(Debug)]
pub struct Search {
    trace: Trace,
    /// Of the steps of the trace, one each.
    nodes: Vec<Node>,
    /// What is to come after the last of them.
    ahead: WakeupTree,
    /// How many steps of the trace this execution has made.
    made: usize,
}

/// A point from which executions part.
#[derive(Debug, Default)]
struct Node {
    /// What need not be made from here: all executions that begin with it are done.
    sleep: Vec<Move>,
    /// What is still to be made from here.
    tree: WakeupTree,
}

impl Search {
    /// Of executions of so many tasks: see [`Trace::new`].
    pub fn new(tasks: usize, kin: usize) -> Self {
        Search { trace: Trace::new(tasks, kin), nodes: Vec::new(), ahead: WakeupTree::default(), made: 0 }
    }

    /// An execution begins.
    pub fn begin(&mut self) {
        self.made = 0;
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
    pub fn next(&mut self, pending: &[Option<Want>], last: Option<u8>) -> Result<Next, Divergence> {
        let at = self.made;
        if pending.iter().all(Option::is_none) {
            return Ok(Next::Over);
        }
        if at < self.trace.len() {
            let expected = self.trace.get(at);
            check(at, expected, pending)?;
            self.made += 1;
            return Ok(Next::Run(expected.task));
        }
        let sleep = self.sleep();
        let planned = core::mem::take(&mut self.ahead);
        let mut node = Node { sleep, tree: planned };
        let chosen = match node.tree.take_first() {
            Some((chosen, ahead)) => {
                check(at, chosen, pending)?;
                debug_assert!(self.trace.is_ready(chosen), "what is planned can be made");
                self.ahead = ahead;
                chosen
            }
            None => match self.choose(pending, last, &node.sleep) {
                Ok(chosen) => chosen,
                Err(end) => return Ok(end),
            },
        };
        self.nodes.push(node);
        self.trace.push(chosen);
        self.made += 1;
        Ok(Next::Run(chosen.task))
    }

    /// What need not be made after the last step.
    fn sleep(&self) -> Vec<Move> {
        let Some(node) = self.nodes.last() else { return Vec::new() };
        let made = self.trace.get(self.nodes.len() - 1);
        node.sleep.iter().filter(|asleep| !asleep.depends(&made)).copied().collect()
    }

    fn choose(&self, pending: &[Option<Want>], last: Option<u8>, sleep: &[Move]) -> Result<Move, Next> {
        let mut end = Next::Over;
        let first = last.map_or(0, usize::from);
        for task in (first..pending.len()).chain(0..first) {
            let Some(want) = pending[task] else { continue };
            let next = want.by(task as u8, &self.trace);
            if !want.ready || !self.trace.is_ready(next) {
                continue;
            }
            if sleep.iter().any(|asleep| asleep.task == next.task) {
                end = Next::Asleep;
                continue;
            }
            return Ok(next);
        }
        Err(end)
    }

    /// The execution has come to its end, where `pending` is what tasks wait to do. Says whether there are
    /// more to be made.
    pub fn end(&mut self, pending: &[Option<Want>]) -> bool {
        for (task, want) in pending.iter().enumerate() {
            if let Some(want) = *want {
                self.trace.would_make(want.by(task as u8, &self.trace));
            }
        }
        // A race of two steps that the last execution made, too, was seen to then: what was planned for it begins
        // with a step that may come first here as well, whatever comes after the two.
        for race in self.trace.take_races() {
            let sequence = self.reversed(&race);
            let node = &mut self.nodes[race.first];
            if !node.sleep.iter().any(|asleep| is_weak_initial(asleep, &sequence)) {
                node.tree.insert(sequence);
            }
        }
        self.back()
    }

    /// How the execution can go on where the first step of the race was made, so that the second comes
    /// before it.
    fn reversed(&self, race: &Race) -> Vec<Move> {
        let mut sequence: Vec<Move> = self.trace.independent_of(race.first).collect();
        sequence.push(race.second);
        sequence
    }

    /// Goes back to the last point from which there is more to be made.
    fn back(&mut self) -> bool {
        self.ahead = WakeupTree::default();
        while let Some(mut node) = self.nodes.pop() {
            let at = self.nodes.len();
            let done = self.trace.get(at);
            if let Some((chosen, ahead)) = node.tree.take_first() {
                node.sleep.push(done);
                self.nodes.push(node);
                self.trace.truncate(at);
                self.trace.push(chosen);
                self.ahead = ahead;
                return true;
            }
        }
        self.trace.truncate(0);
        false
    }

    /// The steps of the execution under way, or of the last one.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

/// Whether `expected` can be made as it was.
fn check(at: usize, expected: Move, pending: &[Option<Want>]) -> Result<(), Divergence> {
    let seen = pending[usize::from(expected.task)].map(|want| want.step);
    if seen == Some(expected.step) { Ok(()) } else { Err(Divergence { at, expected, seen }) }
}
