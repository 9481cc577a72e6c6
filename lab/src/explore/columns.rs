//! An execution as people read it: a line for each step, a column for each task.

use std::fmt::Write;
use std::path::Path;

use kcore::event::{Op, Outcome};
use kcore::explore::Act;
use kcore::host::explored::{Line, Of, Replay};
use kcore::probe::Name;

/// Characters of a line.
const WIDTH: usize = 80;
/// Of these, the number of the step and the mark of a switch.
const MARGIN: usize = 6;
/// By which a task is further to the right than the one before it, where they share a column.
const INDENT: usize = 4;

/// Columns that are wide enough to be read.
const MOST_COLUMNS: usize = 2;

/// All steps of `replay`. Where another task goes on the step has a mark. More tasks than there are columns for
/// share one, each further to the right, with its letter.
pub(super) fn render(replay: &Replay) -> String {
    let lines = &replay.transcript.lines;
    let tasks = lines.iter().map(|line| line.who).max().map_or(1, |who| usize::from(who) + 1);
    let heads: Vec<String> = (0..tasks).map(|who| Name(who as u8).to_string()).collect();
    let has_columns = tasks <= MOST_COLUMNS;
    let column = if has_columns { (WIDTH - MARGIN) / tasks } else { INDENT };
    let mut text = format!("{:MARGIN$}", "");
    heads.iter().for_each(|head| text += &format!("{head:<column$}"));
    let mut text = text.trim_end().to_string();
    let mut before = None;
    for (number, line) in lines.iter().enumerate() {
        let mark = if before.is_some_and(|before| before != line.who) { '>' } else { ' ' };
        before = Some(line.who);
        let indent = column * usize::from(line.who);
        let cell = match has_columns {
            true => cell(line, column - 2),
            false => format!("{} {}", heads[usize::from(line.who)], cell(line, WIDTH - MARGIN - 2 - indent)),
        };
        let _ = write!(text, "\n{:>4}{mark} {:indent$}{cell}", number + 1, "");
    }
    text + "\n"
}

/// A step, at most `width` characters wide: what it is, and at the right where.
fn cell(line: &Line, width: usize) -> String {
    let (what, place) = (words(line), place(line));
    let room = width.saturating_sub(place.len() + 1);
    let what: String = what.chars().take(room).collect();
    format!("{what:<room$} {place}")
}

/// The file and the line.
pub(super) fn place(line: &Line) -> String {
    let file =
        Path::new(line.at.file()).file_name().map_or_else(String::new, |name| name.to_string_lossy().into());
    format!("{file}:{}", line.at.line())
}

/// What a step is.
pub(super) fn words(line: &Line) -> String {
    let bytes = line.step.size;
    match (line.of, line.step.act) {
        (Of::Lock(lock), Act::Give { .. }) => format!("gives {}", lock.name.name),
        (Of::Lock(lock), Act::Update) => format!("queue of {}", lock.name.name),
        (Of::Lock(lock), _) => format!("takes {}", lock.name.name),
        (Of::Access(site, op), _) => access(line, site.name, op),
        (Of::Block(_), _) => format!("frees {bytes} bytes"),
        (Of::WakeUp(_), Act::Take { .. }) => "sleeps until woken".to_string(),
        (Of::WakeUp(task), _) => format!("wakes task {}", task.0),
        (Of::End, Act::Give { .. }) => "ends".to_string(),
        (Of::End, _) => "looks for an end".to_string(),
        (Of::Fence, _) => "fence".to_string(),
        (Of::Looks, _) => "spins".to_string(),
        (Of::Nothing, _) => String::new(),
    }
}

fn access(line: &Line, name: &str, op: Op) -> String {
    let bytes = line.step.size;
    match op {
        Op::Read => format!("reads {bytes} bytes"),
        Op::Write => format!("writes {bytes} bytes"),
        Op::Clear => format!("clears {bytes} bytes"),
        Op::Load | Op::Look => format!("{name} = {}", seen(line)),
        Op::Store(value) | Op::Put(value) if line.leaves_buffer => {
            format!("{name} := {} at last", number(value))
        }
        Op::Store(value) | Op::Put(value) => format!("{name} := {}", number(value)),
        Op::Swap(value) => match line.outcome {
            Some(Outcome::Failed) => format!("{name}: swap fails"),
            _ => format!("{name} := {} by swap", number(value)),
        },
        Op::Update => format!("{name}: counts"),
        Op::Point => name.to_string(),
    }
}

fn seen(line: &Line) -> String {
    match line.outcome {
        Some(Outcome::Saw(value)) => number(value),
        _ => "?".to_string(),
    }
}

/// Small numbers as they are; an address by what tells it from others.
fn number(value: usize) -> String {
    match value {
        0..0x1_0000 => value.to_string(),
        address => format!("@{:05x}", address & 0xf_ffff),
    }
}
