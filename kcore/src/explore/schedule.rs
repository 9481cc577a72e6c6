//! Which task makes which step, in the form in which people pass it on.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::probe::Name;

/// Turns of tasks: each makes so many steps, and the last all that it can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    turns: Vec<Turn>,
}

/// Steps that one task makes in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The task, from 0.
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

    /// The task of each step.
    pub fn tasks(&self) -> Vec<u8> {
        self.turns.iter().flat_map(|turn| core::iter::repeat_n(turn.task, turn.steps as usize)).collect()
    }

    /// The turns.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// How often another task goes on.
    pub fn switches(&self) -> usize {
        self.turns.len().saturating_sub(1)
    }

    /// The same without switch number `index`: the task that made turn `index` makes all its steps of the next
    /// turn of its own with it.
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

/// `A3B5A2`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.turns.iter().try_for_each(|turn| write!(f, "{}{}", Name(turn.task), turn.steps))
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut turns = Vec::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let digits = rest[letter.len_utf8()..].trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (turn, after) = rest.split_at(rest.len() - digits);
            let steps = turn[letter.len_utf8()..].parse().ok().filter(|steps| *steps > 0);
            let (Some(steps), true) = (steps, letter.is_ascii_uppercase()) else {
                return Err(format!("{turn:?} is no turn of a task: a letter and a number of steps"));
            };
            turns.push(Turn { task: letter as u8 - b'A', steps });
            rest = after;
        }
        Ok(Schedule { turns })
    }
}
