//! An execution as people read it: a line for each step, a column for each task.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write;

use crate::event::{Op, Outcome};
use crate::experiment::page::wrap;
use crate::explore::account::WIDTH;
use crate::explore::{Act, Line, Of};
use crate::probe::Name;

use super::names::Names;
use super::scene::{Beside, Kind, Row, Scene};
use super::shortened;

/// Of these, the number of the step and the mark of a switch.
const MARGIN: usize = 6;
/// By which a task is further to the right than the one before it, where they share a column.
const INDENT: usize = 4;

/// Columns that are wide enough to be read.
const MOST_COLUMNS: usize = 2;

/// Characters of a source line that are left of it at least.
const LEAST_PLACE: usize = 11;

/// Where turns of a loop are left out.
const TURNS: &str = "..";

/// All that happens in `scene`, and what its signs are.
pub(super) fn text(scene: &Scene) -> String {
    rows(scene) + &signs(scene)
}

/// A line for each row. Where another task goes on it has a mark. More tasks than there are columns for share
/// one, each further to the right, with its letter.
fn rows(scene: &Scene) -> String {
    let tasks = scene.tasks.len();
    let heads: String = match tasks <= MOST_COLUMNS {
        true => scene.tasks.iter().enumerate().map(|(task, head)| column(task, head, tasks)).collect(),
        false => (0..tasks).map(|task| format!("{:<INDENT$}", Name(task as u8).to_string())).collect(),
    };
    let mut text = format!("{:MARGIN$}{}\n", "", heads.trim_end());
    for row in &scene.rows {
        let number = match row.kind {
            Kind::Step(number) => number.to_string(),
            Kind::Aside => String::new(),
            Kind::Wish => "-".to_string(),
            Kind::Turns => TURNS.to_string(),
        };
        let mark = if row.switch.is_some() { '>' } else { ' ' };
        let _ = writeln!(text, "{number:>4}{mark} {}", line(row, tasks));
    }
    text
}

/// A line of the columns, without its number.
fn line(row: &Row, tasks: usize) -> String {
    if tasks <= MOST_COLUMNS {
        let cell = cell(&row.what, &row.place, width(tasks));
        let before: String = (0..row.task).map(|task| column(task, "", tasks)).collect();
        return before + if row.task > 0 { "| " } else { "" } + &cell;
    }
    let indent = INDENT * row.task;
    let cell = cell(&row.what, &row.place, WIDTH - MARGIN - 2 - indent);
    format!("{:indent$}{} {cell}", "", Name(row.task as u8))
}

/// A text in the column of a task.
fn column(task: usize, text: &str, tasks: usize) -> String {
    format!("{}{text:<1$} ", if task > 0 { "| " } else { "" }, width(tasks))
}

/// Of so many columns with a bar between them.
fn width(tasks: usize) -> usize {
    (WIDTH - MARGIN + 3) / tasks - 3
}

/// At most `width` characters: what, and at the right where, of which the end is left if both are too long.
fn cell(what: &str, place: &str, width: usize) -> String {
    let left = width.saturating_sub(what.chars().count() + 1).max(LEAST_PLACE);
    let place = match place.chars().count().checked_sub(left) {
        None | Some(0) => place.to_string(),
        Some(more) => ['\u{2026}'].into_iter().chain(place.chars().skip(more + 1)).collect(),
    };
    let room = width.saturating_sub(place.chars().count() + 1);
    format!("{:<room$} {place}", shortened(what, room))
}

/// What is in the columns that is no word.
fn signs(scene: &Scene) -> String {
    let signs = [
        (scene.rows.iter().any(|row| row.kind == Kind::Wish), "-: what a task waits for, for ever"),
        (
            scene.rows.iter().any(|row| row.kind == Kind::Turns),
            "..: between two turns of a loop, those like them",
        ),
        (
            scene.bars.iter().any(|bar| bar.kind == Beside::Buffers),
            "buffers: until it \"becomes\" so, no other task sees it",
        ),
    ];
    let signs = signs.into_iter().filter(|(is_there, _)| *is_there).map(|(_, sign)| sign);
    let signs: Vec<_> = scene.signs().into_iter().chain(signs).collect();
    match signs.is_empty() {
        true => String::new(),
        false => wrap(&signs.join("; "), WIDTH, "  ", "  ") + "\n",
    }
}

/// What a task wanted that never came to it.
pub(super) fn wish(line: &Line) -> String {
    match line.of {
        Of::Lock(lock) => format!("wants {}", lock.name.name),
        Of::WakeUp(_) => "sleeps for ever".to_string(),
        Of::Looks => "spins for ever".to_string(),
        Of::Cpu => "waits for the CPU".to_string(),
        _ => "waits".to_string(),
    }
}

/// What a step is.
pub(super) fn words(line: &Line, names: &Names) -> String {
    let bytes = line.step.size;
    match (line.of, line.step.act) {
        (Of::Lock(lock), Act::Give { .. }) => format!("gives {}", lock.name.name),
        (Of::Lock(_), Act::Update) => "at the wait queue".to_string(),
        (Of::Lock(lock), _) if line.outcome == Some(Outcome::Failed) => {
            format!("finds {} taken", lock.name.name)
        }
        (Of::Lock(lock), _) => format!("takes {}", lock.name.name),
        (Of::Access(_, op), _) => access(line, op, names),
        (Of::Block(_, address), _) if names.knows(address) => {
            format!("frees {}: {bytes} bytes", names.value(address))
        }
        (Of::Block(..), _) => format!("frees {bytes} bytes"),
        (Of::WakeUp(_), Act::TryTake { .. }) if line.outcome == Some(Outcome::Failed) => "sleeps".to_string(),
        (Of::WakeUp(_), Act::Take { .. } | Act::TryTake { .. }) => "was woken".to_string(),
        (Of::WakeUp(task), _) => format!("wakes {}", Name((task.0 as u8).saturating_sub(1))),
        (Of::End, Act::Give { .. }) => "ends".to_string(),
        (Of::End, _) => "looks for an end".to_string(),
        (Of::Fence, _) => "fence".to_string(),
        (Of::Looks, _) => "spins".to_string(),
        (Of::Allocation, _) => "asks for memory".to_string(),
        (Of::Failure, _) => "is to get none".to_string(),
        (Of::Signal(_), Act::Load) => "looks for a signal".to_string(),
        (Of::Signal(task), _) => format!("signals {}", Name((task.0 as u8).saturating_sub(1))),
        (Of::Deadline(_), Act::Load) => "looks at the clock".to_string(),
        (Of::Deadline(_), _) => "lets a deadline pass".to_string(),
        (Of::Cpu, _) => "has the CPU".to_string(),
        (Of::Comes, _) => "comes".to_string(),
        (Of::Does(what), _) => what.to_string(),
        (Of::Nothing, _) => String::new(),
    }
}

fn access(line: &Line, op: Op, names: &Names) -> String {
    let (bytes, name) = (line.step.size, names.word(line));
    let becomes = |value| format!("{name} becomes {}", names.value(value));
    match op {
        Op::Read => format!("reads {bytes} bytes"),
        Op::Write => format!("writes {bytes} bytes"),
        Op::Clear => format!("clears {bytes} bytes"),
        Op::Load | Op::Look => match line.outcome {
            Some(Outcome::Saw(value)) => format!("{name} is {}", names.value(value)),
            _ => format!("looks at {name}"),
        },
        Op::Store(value) | Op::Put(value) => becomes(value),
        Op::Assign => format!("{name} is stored to"),
        Op::Swap(value) => match line.outcome {
            Some(Outcome::Failed) => format!("{name}: swap fails"),
            _ => becomes(value) + " by swap",
        },
        Op::Update => match line.word {
            Some([before, after]) if before == after => format!("{name} stays {}", names.value(after)),
            Some([_, after]) => becomes(after),
            None => format!("{name}: changes"),
        },
        Op::Point => name,
    }
}
