//! What is still to be made, where several searches make it.
//!
//! Each [`Search`](super::Search) has a [`Part`] of its own: all executions that begin in one way. An
//! execution that it finds and that parts from its own before that is made by whichever search takes it up.
//! That each is made once, and none begun in vain, hangs on the order of what leaves a point, as with one
//! search: what was found from one branch is not made if an earlier one covers it, and goes into a later one,
//! however far that is, down to where its searches went on without a plan.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::node::Node;
use super::wakeup::{Move, WakeupTree, strike};

/// Executions that one search is to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The points on the way there, from where executions begin to its own.
    path: Vec<usize>,
    /// How all of its executions begin: a step from each of these points but the last.
    pub(super) prefix: Vec<Move>,
    /// How many of these steps another search has made so.
    pub(super) seen: usize,
    /// What need not be made after that.
    pub(super) sleep: Vec<Move>,
}

/// What becomes of the executions that go on from a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    /// A search is to make them.
    Waiting,
    /// A search makes them, here or far away.
    Taken,
    /// They wait until all searches far away are through, which may find them, too.
    Later,
    /// They are its branches', which have searches of their own. Without any, all are made.
    Divided,
}

/// A point from which executions part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Point {
    /// The point before it; [`None`] where executions begin.
    before: Option<usize>,
    /// The steps that lead here; the last of them from the point before.
    prefix: Vec<Move>,
    /// What need not be made from here, but for what the branches make.
    sleep: Vec<Move>,
    /// Points to which steps lead from here, in the order in which they were found.
    branches: Vec<usize>,
    /// From here on searches find out by themselves how to go on.
    is_free: bool,
    /// Searches far away know of it, or may find it.
    is_common: bool,
    state: State,
    /// Branches that were made, and are forgotten.
    made: u32,
    /// How much of the part that begins here is made, in millionths.
    progress: u32,
}

/// What is still to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frontier {
    points: Vec<Option<Point>>,
    /// How many points there were when searches far away got their shares: these have the same numbers there.
    common: usize,
}

/// Where executions begin.
const ROOT: usize = 0;

impl Frontier {
    /// All executions.
    pub fn whole() -> Self {
        let root = Point {
            before: None,
            prefix: Vec::new(),
            sleep: Vec::new(),
            branches: Vec::new(),
            is_free: true,
            is_common: false,
            state: State::Waiting,
            made: 0,
            progress: 0,
        };
        Frontier { points: alloc::vec![Some(root)], common: 0 }
    }

    /// Whether all was made.
    pub fn is_empty(&self) -> bool {
        self.is_done(ROOT)
    }

    /// A search has made so much of its part: see [`Search::progress`](super::Search::progress).
    pub fn note(&mut self, part: &Part, progress: f64) {
        let at = *part.path.last().expect("a part has a point");
        self.point(at).progress = (progress * 1e6) as u32;
    }

    /// How much of all is made, from 0 to 1, as far as can be seen.
    pub fn progress(&self) -> f64 {
        self.progress_from(ROOT)
    }

    fn progress_from(&self, at: usize) -> f64 {
        let Some(point) = &self.points[at] else { return 1.0 };
        let all = f64::from(point.made) + point.branches.len() as f64;
        match point.state {
            State::Divided if all == 0.0 => 1.0,
            State::Divided => {
                let branches = point.branches.iter().map(|&branch| self.progress_from(branch));
                (f64::from(point.made) + branches.sum::<f64>()) / all
            }
            _ => f64::from(point.progress) / 1e6,
        }
    }

    /// How many parts no search has yet.
    pub fn parts(&self) -> usize {
        self.waiting().count()
    }

    /// A part that no search has; [`None`] when there is none, until others have handed something over.
    pub fn take(&mut self) -> Option<Part> {
        let at = self.waiting().next()?;
        self.point(at).state = State::Taken;
        let Point { prefix, sleep, .. } = self.point(at).clone();
        let mut path: Vec<usize> =
            core::iter::successors(Some(at), |&at| self.points[at].as_ref()?.before).collect();
        path.reverse();
        let before = &path[..prefix.len()];
        let seen = before.iter().rposition(|&at| self.point(at).is_free).unwrap_or(0);
        Some(Part { path, prefix, seen, sleep })
    }

    /// Keeps each `of`th of the parts that no search has, from number `number` on, from 0: the others are
    /// searches' that are far away. What is found besides is left for [`Frontier::merged`].
    pub fn keep(&mut self, number: usize, of: usize) {
        let waiting: Vec<usize> = self.waiting().collect();
        let others = waiting.iter().enumerate().filter(|(at, _)| at % of != number);
        others.for_each(|(_, &at)| self.point(at).state = State::Taken);
        self.common = self.points.len();
        for point in self.points.iter_mut().flatten() {
            point.is_common = point.state == State::Divided;
        }
    }

    /// What is left when each of these, that have [kept](Frontier::keep) their shares of the same, has made
    /// them.
    pub fn merged(all: &[Frontier]) -> Self {
        let common = all.first().map_or(0, |first| first.common);
        let points = all.iter().take(1).flat_map(|first| first.points.iter().take(common).cloned());
        let mut merged = Frontier { points: points.collect(), common };
        for point in merged.points.iter_mut().flatten() {
            point.branches.retain(|&branch| branch < common);
            (point.state, point.is_common) = (State::Divided, false);
        }
        for frontier in all {
            for point in frontier.points.iter().flatten().filter(|point| point.state == State::Later) {
                let mut at = point.before.expect("executions do not begin later");
                while at >= common {
                    at = frontier.points[at].as_ref().and_then(|point| point.before).expect("it leads there");
                }
                let known = merged.point(at).prefix.len();
                merged.go_along(at, &mut point.prefix[known..].to_vec(), common);
            }
        }
        merged.common = 0;
        merged.forget_made(ROOT);
        merged
    }

    /// A search has made all of its part.
    pub fn finish(&mut self, part: &Part) {
        let mut at = *part.path.last().expect("a part has a point");
        self.point(at).state = State::Divided;
        loop {
            if self.is_first(at) {
                self.forget_made(at);
            }
            let Some(before) = self.point(at).before else { return };
            at = before;
        }
    }

    /// From point number `at` of a part's path executions go on like `sequence`.
    pub(super) fn insert(&mut self, part: &Part, at: usize, mut sequence: Vec<Move>) {
        let (point, own) = (part.path[at], part.path[at + 1]);
        let mut sequence = &mut sequence[..];
        if self.point(point).sleep.iter().any(|asleep| strike(asleep, &mut sequence)) {
            return;
        }
        let branches = self.point(point).branches.clone();
        let mut is_later = false;
        let along = branches.into_iter().find(|&branch| {
            is_later |= branch == own;
            strike(&self.made(branch), &mut sequence)
        });
        match along {
            // An earlier branch covers it.
            Some(_) if !is_later => {}
            Some(along) => self.go_along(along, sequence, 0),
            None => self.branch(point, sequence),
        }
    }

    /// Executions go on like `sequence` from a point which is not being explored from an earlier branch. Only
    /// branches with numbers from `since` on may cover it.
    fn go_along(&mut self, mut at: usize, mut sequence: &mut [Move], since: usize) {
        loop {
            if self.point(at).is_free && at >= since {
                return;
            }
            let branches = self.point(at).branches.clone();
            let mut branches = branches.into_iter().filter(|branch| *branch >= since);
            match branches.find(|&branch| strike(&self.made(branch), &mut sequence)) {
                Some(along) => at = along,
                None => return self.branch(at, sequence),
            }
        }
    }

    /// The step that leads to a point.
    fn made(&mut self, at: usize) -> Move {
        *self.point(at).prefix.last().expect("a step leads there")
    }

    /// The first points of a part, with what is known of each and the step by which the executions of the
    /// part go on, are for all searches from now on. What comes then is the rest of the part.
    pub(super) fn share(
        &mut self,
        part: &mut Part,
        nodes: impl IntoIterator<Item = ((Node, Vec<Move>), Move)>,
    ) {
        for ((node, asleep), made) in nodes {
            let at = *part.path.last().expect("a part has a point");
            let point = self.point(at);
            (point.sleep, point.made, point.state) = (asleep, node.made, State::Divided);
            let own = self.lead(at, made, State::Taken);
            self.plant(at, node.tree);
            part.path.push(own);
            part.prefix.push(made);
            part.sleep = self.point(own).sleep.clone();
        }
    }

    /// Adds the branches of `tree` to those of a point. Like that of a tree's end, without a frame of the
    /// stack for each step of an execution.
    fn plant(&mut self, at: usize, tree: WakeupTree) {
        let mut left: Vec<(usize, Move, WakeupTree)> = Vec::new();
        let add = |left: &mut Vec<_>, at, tree: WakeupTree| {
            let begin = left.len();
            left.extend(tree.into_branches().map(|(first, rest)| (at, first, rest)));
            left[begin..].reverse();
        };
        add(&mut left, at, tree);
        while let Some((at, first, rest)) = left.pop() {
            let next = self.lead(at, first, if rest.is_empty() { State::Waiting } else { State::Divided });
            add(&mut left, next, rest);
        }
    }

    /// Adds a branch that makes these steps.
    fn branch(&mut self, mut at: usize, steps: &[Move]) {
        let is_common = self.point(at).is_common;
        for (left, step) in (0..steps.len()).rev().zip(steps) {
            at = self.lead(
                at,
                *step,
                match left {
                    0 if is_common => State::Later,
                    0 => State::Waiting,
                    _ => State::Divided,
                },
            );
            self.point(at).is_common = is_common;
        }
    }

    /// Adds the point to which `made` leads from point `at`.
    fn lead(&mut self, at: usize, made: Move, state: State) -> usize {
        let Point { mut prefix, sleep, branches, .. } = self.point(at).clone();
        let earlier = branches.iter().map(|&branch| self.made(branch));
        let asleep: Vec<Move> = sleep.into_iter().chain(earlier).collect();
        prefix.push(made);
        let point = Point {
            before: Some(at),
            prefix,
            sleep: asleep.into_iter().filter(|asleep| !asleep.depends(&made)).collect(),
            branches: Vec::new(),
            is_free: state != State::Divided,
            is_common: false,
            state,
            made: 0,
            progress: 0,
        };
        let free = self.points[self.common..].iter().position(Option::is_none);
        let number = free.map_or(self.points.len(), |free| self.common + free);
        self.points.resize(self.points.len().max(number + 1), None);
        self.points[number] = Some(point);
        self.point(at).branches.push(number);
        number
    }

    /// Points that no search has yet.
    fn waiting(&self) -> impl Iterator<Item = usize> {
        let is_waiting = |point: &Point| point.state == State::Waiting;
        self.points
            .iter()
            .enumerate()
            .filter(move |(_, point)| point.as_ref().is_some_and(is_waiting))
            .map(|(at, _)| at)
    }

    /// Whether all executions from a point are made.
    fn is_done(&self, at: usize) -> bool {
        let point = self.points[at].as_ref();
        point.is_none_or(|point| point.state == State::Divided && point.branches.is_empty())
    }

    /// Whether all is made that leaves earlier the points on the way to this one: what is found elsewhere
    /// does not go on from here any more.
    fn is_first(&mut self, mut at: usize) -> bool {
        while !self.point(at).is_free {
            let before = self.point(at).before.expect("where executions begin, all is free");
            if self.point(before).branches.first() != Some(&at) {
                return false;
            }
            at = before;
        }
        true
    }

    /// Forgets the branches that are made, up to the first which is not; what remains is that they need not
    /// be made.
    fn forget_made(&mut self, at: usize) {
        while let Some(&first) = self.point(at).branches.first()
            && !self.point(at).is_common
        {
            self.forget_made(first);
            if !self.is_done(first) {
                return;
            }
            let made = self.made(first);
            self.points[first] = None;
            let point = self.point(at);
            point.branches.remove(0);
            point.made += 1;
            point.sleep.push(made);
        }
    }

    fn point(&mut self, at: usize) -> &mut Point {
        self.points[at].as_mut().expect("a point stays until all that goes on from it is made")
    }
}
