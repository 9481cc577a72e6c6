//! Which task makes which step, in the form in which people pass it on.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::trace::Trace;
use crate::probe::Name;

/// Turns of tasks: each makes so many steps, and the last all that it can.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    turns: Vec<Turn>,
}

/// The number of the first task's buffer.
pub const BUFFER: u8 = 64;
/// The number of what makes the first task's next allocation fail.
pub const FAILURE: u8 = 128;

/// Steps that one task makes in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The task, from 0; [`BUFFER`] and more for the buffers of their stores, [`FAILURE`] and more for
    /// failures.
    pub task: u8,
    /// How many.
    pub steps: u32,
}

impl Schedule {
    /// The turns of an execution, of which this is the task of each step.
    pub fn of(tasks: impl IntoIterator<Item = u8>) -> Self {
        let mut turns: Vec<Turn> = Vec::new();
        for task in tasks {
            match turns.last_mut() {
                Some(turn) if turn.task == task => turn.steps += 1,
                _ => turns.push(Turn { task, steps: 1 }),
            }
        }
        Schedule { turns }
    }

    /// The same of an execution of `tasks` tasks, behind which come the buffers of their stores, and their
    /// failures.
    pub fn of_parts(parts: impl IntoIterator<Item = u8>, tasks: usize) -> Self {
        let tasks = tasks as u8;
        Schedule::of(parts.into_iter().map(|part| part / tasks * BUFFER + part % tasks))
    }

    /// Which part makes each step, where the buffers come behind `tasks` tasks, and then the failures. That
    /// of a task which is not among them is no part.
    pub fn parts(&self, tasks: usize) -> Vec<u8> {
        let tasks = tasks as u8;
        let part = |task| if task % BUFFER < tasks { task / BUFFER * tasks + task % BUFFER } else { u8::MAX };
        self.tasks().into_iter().map(part).collect()
    }

    /// The same order of what is in conflict as in `trace`, in which a task goes on as long as it can: the
    /// same for all executions that are equivalent. [`None`] when it does not come before `known`.
    pub fn straight(trace: &Trace, known: Option<&Schedule>) -> Option<Self> {
        let (kin, tasks) = (trace.kin() as u8, trace.tasks() as u8);
        let most = known.map_or(usize::MAX, Schedule::switches);
        if trace.least_switches() > most {
            return None;
        }
        let mut made = alloc::vec![0; trace.tasks()];
        let mut ahead: Vec<_> = (0..tasks).map(|part| trace.next_of(part, 0)).collect();
        let mut parts: Vec<u8> = Vec::with_capacity(trace.len());
        let mut switches = 0;
        while parts.len() < trace.len() {
            let last = parts.last().copied();
            let distance =
                |part: &u8| (last != Some(*part), last.map(|last| last % kin) != Some(part % kin), *part);
            let can_follow =
                |part: &u8| ahead[usize::from(*part)].is_some_and(|at| trace.can_follow(at, &made));
            let ready = (0..tasks).filter(can_follow);
            let part = ready.min_by_key(distance).expect("what happened first can be made");
            switches += usize::from(last.is_some_and(|last| last % kin != part % kin));
            if switches > most {
                return None;
            }
            let at = ahead[usize::from(part)].expect("it can follow");
            ahead[usize::from(part)] = trace.next_of(part, at + 1);
            made[usize::from(part)] += 1;
            parts.push(part);
        }
        let straight = Schedule::of_parts(parts, trace.kin());
        known.is_none_or(|known| straight.rank() < known.rank()).then_some(straight)
    }

    /// The order of `trace` as it was made. [`None`] when it does not come before `known`.
    pub fn made(trace: &Trace, known: Option<&Schedule>) -> Option<Self> {
        let made = Schedule::of_parts(trace.moves().map(|made| made.task), trace.kin());
        known.is_none_or(|known| made.rank() < known.rank()).then_some(made)
    }

    /// The simpler it is to read, the smaller.
    pub fn rank(&self) -> impl Ord + '_ {
        (self.switches(), self.turns.iter().map(|turn| (turn.task, turn.steps)).collect::<Vec<_>>())
    }

    /// The task of each step.
    pub fn tasks(&self) -> Vec<u8> {
        self.turns.iter().flat_map(|turn| core::iter::repeat_n(turn.task, turn.steps as usize)).collect()
    }

    /// The turns.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// How often another task goes on. That a store leaves its task's buffer is no switch by itself.
    pub fn switches(&self) -> usize {
        let task = |turn: &Turn| turn.task % BUFFER;
        self.turns.windows(2).filter(|pair| task(&pair[0]) != task(&pair[1])).count()
    }

    /// The same without the end of turn number `index`: who made it makes all steps of the next turn of its
    /// own with it.
    pub fn without(&self, index: usize) -> Self {
        let mut turns = self.turns.clone();
        let task = turns[index].task;
        if let Some(next) = (index + 1..turns.len()).find(|&next| turns[next].task == task) {
            turns[index].steps += turns[next].steps;
            turns.remove(next);
        }
        Schedule::of(Schedule { turns }.tasks())
    }
}

/// `A3B5A2`; `a1` is a store of A's that leaves its buffer, and `!A1` that its next allocation fails.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.turns.iter().try_for_each(|turn| match turn.task {
            FAILURE.. => write!(f, "!{}{}", Name(turn.task - FAILURE), turn.steps),
            BUFFER.. => write!(f, "{}{}", char::from(b'a' + turn.task - BUFFER), turn.steps),
            task => write!(f, "{}{}", Name(task), turn.steps),
        })
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> String {
        schedule.to_string()
    }
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut turns = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let failure = rest.strip_prefix('!');
            rest = failure.unwrap_or(rest);
            let letter = rest.chars().next().unwrap_or_default();
            let digits = rest
                .get(letter.len_utf8()..)
                .unwrap_or_default()
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
            let (turn, after) = rest.split_at(rest.len() - digits);
            let steps =
                turn.get(letter.len_utf8()..).unwrap_or_default().parse().ok().filter(|steps| *steps > 0);
            let task = match letter {
                'A'..='Z' if failure.is_some() => Some(letter as u8 - b'A' + FAILURE),
                'A'..='Z' => Some(letter as u8 - b'A'),
                'a'..='z' if failure.is_none() => Some(letter as u8 - b'a' + BUFFER),
                _ => None,
            };
            let (Some(steps), Some(task)) = (steps, task) else {
                return Err(format!("{turn:?} is no turn of a task: a letter and a number of steps"));
            };
            turns.push(Turn { task, steps });
            rest = after;
        }
        Ok(Schedule { turns })
    }
}
