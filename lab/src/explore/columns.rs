//! An execution as people read it: a line for each step, a column for each task.

use std::fmt::Write;

use kcore::event::{Op, Outcome};
use kcore::explore::Act;
use kcore::host::explored::{Line, Of, Replay};
use kcore::probe::Name;

use super::account::WIDTH;
use super::names::{Names, place};

/// Of these, the number of the step and the mark of a switch.
const MARGIN: usize = 6;
/// By which a task is further to the right than the one before it, where they share a column.
const INDENT: usize = 4;

/// Columns that are wide enough to be read.
const MOST_COLUMNS: usize = 2;

/// All steps of `replay`, and what tasks that never ended wanted to do next. Where another task goes on the step has
/// a mark. More tasks than there are columns for share one, each further to the right, with its letter.
pub(super) fn render(replay: &Replay) -> String {
    let transcript = &replay.transcript;
    let all = || transcript.lines.iter().chain(&transcript.waiting);
    let names = Names::of(transcript);
    let tasks = all().map(|line| line.who).max().map_or(1, |who| usize::from(who) + 1);
    let mut text = format!("{:MARGIN$}", "");
    (0..tasks).for_each(|who| text += &placed(&Name(who as u8).to_string(), who, tasks));
    let mut text = format!("{}\n", text.trim_end());
    let mut before = None;
    for (number, line) in transcript.lines.iter().enumerate() {
        let mark = if before.is_some_and(|before| before != line.who) { '>' } else { ' ' };
        before = Some(line.who);
        let _ = writeln!(text, "{:>4}{mark} {}", number + 1, row(line, &words(line, &names), tasks));
    }
    for line in &transcript.waiting {
        let _ = writeln!(text, "   -  {}", row(line, &wish(line), tasks));
    }
    text
}

/// A line of the columns, without its number: what the task of `line` does.
fn row(line: &Line, what: &str, tasks: usize) -> String {
    let who = usize::from(line.who);
    if tasks <= MOST_COLUMNS {
        let column = (WIDTH - MARGIN) / tasks;
        let between = (0..who).map(|_| format!("{:1$}| ", "", column - 2)).collect::<String>();
        return between + &cell(what, &place(line.at), column - 3);
    }
    let indent = INDENT * who;
    let cell = cell(what, &place(line.at), WIDTH - MARGIN - 2 - indent);
    format!("{:indent$}{} {cell}", "", Name(line.who))
}

/// The head of a column.
fn placed(head: &str, who: usize, tasks: usize) -> String {
    match tasks <= MOST_COLUMNS {
        true if who > 0 => format!("| {head:<0$}", (WIDTH - MARGIN) / tasks - 2),
        true => format!("{head:<0$}", (WIDTH - MARGIN) / tasks - 2),
        false => format!("{head:<INDENT$}"),
    }
}

/// At most `width` characters: what, and at the right where, in short if that is too long.
fn cell(what: &str, place: &str, width: usize) -> String {
    let is_long = what.chars().count() + 1 + place.len() > width;
    let place = if is_long { place.replace(".rs:", ":") } else { place.to_string() };
    let what = if is_long { what.trim_end_matches(AT_LAST) } else { what };
    let room = width.saturating_sub(place.len() + 1);
    let what: String = what.chars().take(room).collect();
    format!("{what:<room$} {place}")
}

/// What is said of a store that leaves its buffer.
const AT_LAST: &str = " at last";

/// What a task wanted that never came to it.
pub(super) fn wish(line: &Line) -> String {
    match line.of {
        Of::Lock(lock) => format!("wants {}", lock.name.name),
        Of::WakeUp(_) => "sleeps for ever".to_string(),
        Of::Looks => "spins for ever".to_string(),
        _ => "waits".to_string(),
    }
}

/// What a step is.
pub(super) fn words(line: &Line, names: &Names) -> String {
    let bytes = line.step.size;
    match (line.of, line.step.act) {
        (Of::Lock(lock), Act::Give { .. }) => format!("gives {}", lock.name.name),
        (Of::Lock(_), Act::Update) => "at the queue of waiters".to_string(),
        (Of::Lock(lock), _) => format!("takes {}", lock.name.name),
        (Of::Access(_, op), _) => access(line, op, names),
        (Of::Block(_), _) => format!("frees {bytes} bytes"),
        (Of::WakeUp(_), Act::Take { .. }) => "was woken".to_string(),
        (Of::WakeUp(task), _) => format!("wakes {}", Name((task.0 as u8).saturating_sub(1))),
        (Of::End, Act::Give { .. }) => "ends".to_string(),
        (Of::End, _) => "looks for an end".to_string(),
        (Of::Fence, _) => "fence".to_string(),
        (Of::Looks, _) => "spins".to_string(),
        (Of::Allocation, _) => "asks for memory".to_string(),
        (Of::Failure, _) => "is to get none".to_string(),
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
        Op::Store(value) | Op::Put(value) if line.buffered_since.is_some() => becomes(value) + AT_LAST,
        Op::Store(value) | Op::Put(value) => becomes(value),
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
