//! What went wrong in an execution, in a sentence.

use kcore::event::Op;
use kcore::experiment::INSIDE;
use kcore::experiment::page::wrap;
use kcore::explore::{Act, Step};
use kcore::host::explored::{Line, Of, Replay};
use kcore::probe::Name;

use super::account::{WIDTH, worded};
use super::columns;

/// The sentence, and what a watchdog says, in lines.
pub(super) fn tell(replay: &Replay) -> String {
    let lines = &replay.transcript.lines;
    if let Some(finding) = &replay.finding {
        return format!("{}\n\n", finding.trim_end());
    }
    let inside = (replay.end.owners > 1).then(|| both_inside(lines)).flatten();
    let told =
        inside.or_else(|| used_after_free(lines)).or_else(|| overwritten(lines)).or_else(|| parted(lines));
    let sentence = told.unwrap_or_default();
    let sentence = format!("{sentence} It ends {}.", worded(&replay.end));
    wrap(sentence.trim_start(), WIDTH, "", "") + "\n\n"
}

fn is_store(step: &Step) -> bool {
    matches!(step.act, Act::Store | Act::Update) && step.size > 0
}

fn is_free(line: &Line) -> bool {
    matches!(line.of, Of::Block(_))
}

/// Which step it is, and where.
fn at_step(lines: &[Line], line: &Line) -> String {
    let number = lines.iter().position(|other| std::ptr::eq(other, line)).map_or(0, |at| at + 1);
    format!("step {number}, {}", columns::place(line))
}

/// A task goes inside while another is.
fn both_inside(lines: &[Line]) -> Option<String> {
    let counts = |line: &&Line| matches!(line.of, Of::Access(site, Op::Update) if site.name == INSIDE.name);
    let first = lines.iter().find(counts)?;
    let second = lines.iter().filter(counts).find(|line| line.who != first.who)?;
    Some(format!(
        "{} goes inside ({}) while {} is ({}).",
        Name(second.who),
        at_step(lines, second),
        Name(first.who),
        at_step(lines, first)
    ))
}

/// A task stores over what another has stored since it looked.
fn overwritten(lines: &[Line]) -> Option<String> {
    for (at, second) in lines.iter().enumerate().filter(|(_, line)| is_store(&line.step) && !is_free(line)) {
        let Some(looked) = lines[..at].iter().rposition(|line| {
            line.who == second.who && line.step.act == Act::Load && line.step.overlaps(&second.step)
        }) else {
            continue;
        };
        let between = lines[looked..at].iter();
        let mut others = between.filter(|line| line.who != second.who && line.step.overlaps(&second.step));
        let Some(first) = others.rfind(|line| is_store(&line.step) && !is_free(line)) else { continue };
        let site = if let Of::Access(site, _) = second.of { site.name } else { "what is there" };
        return Some(format!(
            "{} stores over {site} ({}) what {} has stored there ({}) since {} looked ({}): that is gone.",
            Name(second.who),
            at_step(lines, second),
            Name(first.who),
            at_step(lines, first),
            Name(second.who),
            at_step(lines, &lines[looked]),
        ));
    }
    None
}

/// A task uses what another has freed.
fn used_after_free(lines: &[Line]) -> Option<String> {
    for (at, freed) in lines.iter().enumerate().filter(|(_, line)| is_free(line)) {
        let used = lines[at + 1..].iter().find(|line| line.step.overlaps(&freed.step));
        let Some(used) = used else { continue };
        let how = if is_free(used) { "frees once more" } else { "uses" };
        return Some(format!(
            "{} {how} ({}) the {} bytes that {} has freed ({}).",
            Name(used.who),
            at_step(lines, used),
            freed.step.size,
            Name(freed.who),
            at_step(lines, freed),
        ));
    }
    None
}

/// A task stores to both of two places between the steps of another that belong together.
fn parted(lines: &[Line]) -> Option<String> {
    let is_access = |line: &Line| matches!(line.of, Of::Access(..)) && line.step.size > 0;
    for (at, second) in lines.iter().enumerate().filter(|(_, line)| is_access(line)) {
        let Some(before) = lines[..at].iter().rposition(|line| line.who == second.who && is_access(line))
        else {
            continue;
        };
        let first = &lines[before];
        let between = &lines[before + 1..at];
        let stored =
            |step: &Step| between.iter().find(|line| is_store(&line.step) && line.step.overlaps(step));
        if first.step.overlaps(&second.step) {
            continue;
        }
        if let (Some(one), Some(other)) = (stored(&first.step), stored(&second.step)) {
            return Some(format!(
                "{} stores both ({}, {}) between two steps of {} ({}, {}) that belong together.",
                Name(one.who),
                at_step(lines, one),
                at_step(lines, other),
                Name(first.who),
                at_step(lines, first),
                at_step(lines, second),
            ));
        }
    }
    None
}
