//! The picture of a run on a machine: what its records say of lost blocks, and of tasks that wait for ever.

use std::path::Path;

use kcore::experiment::Verdict;
use kcore::explore::End;
use kcore::explore::account::{plural, worded};
use kcore::explore::sheet::{Arrow, Bar, Beside, Between, Kind, Mark, Row, Scene, one};
use kcore::report::{Leak, Record, Run, Store, Wait};

use super::drawing::{Frame, draw};
use crate::catalogue;
use crate::output::Sink;
use crate::status::Failure;

/// Of so many lost blocks all is shown.
const MOST_LEAKS: usize = 3;

/// The file that a picture is to be in, which is opened before anything is done for it.
pub(crate) fn open(file: &Path) -> Result<Sink, Failure> {
    // The text goes to stdout.
    if file == Path::new("-") {
        return Err(Failure::usage("--svg: a picture needs a file (try --help)".to_string()));
    }
    Sink::open("picture", file)
}

/// The picture of what a machine has reported.
pub(crate) fn of<'a>(records: impl Iterator<Item = &'a Record>) -> String {
    let mut recorded = Recorded::default();
    let (mut run, mut frame, mut leaks) = (None, Frame::default(), 0);
    for record in records {
        match record {
            Record::Run(other) => run = run.or(Some(other)),
            Record::Leak(leak) => {
                leaks += 1;
                if leaks <= MOST_LEAKS {
                    frame.paragraphs.push(recorded.leak(leak, leaks));
                }
            }
            Record::Wait(wait) => frame.paragraphs.push(recorded.wait(wait)),
            _ => {}
        }
    }
    let frame = match run {
        Some(run) => headed(run, frame),
        None => Frame { title: "A machine that has reported no run".to_string(), ..frame },
    };
    draw(&frame, &recorded.scene())
}

fn headed(run: &Run, mut frame: Frame) -> Frame {
    let Run { experiment, lock, probe, seed, .. } = run;
    let more = run.leaked.total().saturating_sub(MOST_LEAKS as u64);
    if more > 0 {
        frame
            .paragraphs
            .push(format!("{} lost as well.", plural(more as usize, "more block is", "more blocks are")));
    }
    let title = catalogue::find(experiment).map_or("", |entry| entry.title);
    frame.title = format!("{experiment}: {title}");
    let probe = if probe.contains(char::is_whitespace) { format!("\"{probe}\"") } else { probe.clone() };
    frame.command = format!("$ cargo run -- run {experiment} --lock {lock} --probe {probe} --seed {seed}");
    let end = End::of(run);
    (frame.verdict, frame.is_clean) = (worded(&end.outcome(1)), run.verdict == Verdict::Clean);
    if frame.paragraphs.is_empty() {
        let said = match frame.is_clean {
            true => "Nothing went wrong, so there is nothing to be shown.".to_string(),
            false => format!(
                "The report says what went wrong, and not by which steps: explore {experiment} shows an order of them."
            ),
        };
        frame.paragraphs.push(said);
    }
    frame
}

/// What is known of a run, under way.
#[derive(Default)]
struct Recorded {
    /// What each task is called, and its CPU.
    tasks: Vec<(String, Option<u32>)>,
    events: Vec<Event>,
}

/// Something that is known.
struct Event {
    /// When, as far as that is known.
    when: u64,
    row: Row,
    /// To which lost block, or lock, it belongs.
    about: String,
    part: Part,
}

/// Which part an event has in what went wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Makes,
    Stores,
    Loses,
    Has,
    Wants,
}

impl Recorded {
    fn task(&mut self, name: &str, cpu: Option<u32>) -> usize {
        let known = self.tasks.iter().position(|(other, _)| other == name);
        let at = known.unwrap_or(self.tasks.len());
        if known.is_none() {
            self.tasks.push((name.to_string(), None));
        }
        self.tasks[at].1 = self.tasks[at].1.or(cpu);
        at
    }

    fn add(&mut self, when: u64, task: usize, part: Part, about: &str, what: String, place: &str) {
        let (kind, mark) = match part {
            Part::Makes => (Kind::Aside, Some(Mark::Lost)),
            Part::Stores => (Kind::Step(0), Some(Mark::Lost)),
            Part::Loses => (Kind::Step(0), Some(Mark::Culprit)),
            Part::Has => (Kind::Step(0), None),
            Part::Wants => (Kind::Wish, Some(Mark::Culprit)),
        };
        let note =
            if part == Part::Loses { "that was the last reference".to_string() } else { String::new() };
        let place = short(place).to_string();
        let row = Row { task, kind, what, place, is_dull: false, mark, note, switch: None };
        self.events.push(Event { when, row, about: about.to_string(), part });
    }

    /// A block that was lost; returns what is to be said of it.
    fn leak(&mut self, leak: &Leak, number: usize) -> String {
        let (name, Leak { task, cpu, size, kind, allocated_at, .. }) = (format!("b{number}"), leak);
        let owner = self.task(task, Some(*cpu));
        let what = format!("makes {name}: {kind}, {size} bytes");
        self.add(leak.cycles, owner, Part::Makes, &name, what, allocated_at);
        let mut said = format!(
            "{name} is lost: {} of {size} bytes, which {task} allocated ({}).",
            one(kind),
            short(allocated_at)
        );
        if let Some(Store { task, cpu, site, at, cycles }) = &leak.stored {
            let task = self.task(task, Some(*cpu));
            self.add(*cycles, task, Part::Stores, &name, format!("{site} becomes {name}"), at);
        }
        let last = leak
            .overwritten
            .as_ref()
            .map(|store| (store, "stores over", "stored over the last word that led there"));
        let freed = leak.freed.as_ref().map(|store| (store, "frees", "freed the last block that led there"));
        if let Some((Store { task, cpu, site, at, cycles }, does, told)) = last.or(freed) {
            said += &format!(" {task} {told} ({}).", short(at));
            let task = self.task(task, Some(*cpu));
            self.add(*cycles, task, Part::Loses, &name, format!("{does} {site}: {name}"), at);
        }
        said + &leak
            .doubt
            .as_ref()
            .map_or_else(String::new, |doubt| format!(" By what, is not known: {doubt}."))
    }

    /// A task that waited for ever; returns what is to be said of it.
    fn wait(&mut self, wait: &Wait) -> String {
        let Wait { waiter, cpu, lock, at, holder, held_since, .. } = wait;
        let task = self.task(waiter, Some(*cpu));
        self.add(u64::MAX, task, Part::Wants, lock, format!("wants {lock}"), at);
        let mut said = format!("{waiter} waits for {lock} ({}).", short(at));
        if let Some((holder, since)) = holder.as_ref().zip(held_since.as_ref()) {
            said += &format!(" {holder} has it since {}.", short(since));
            let task = self.task(holder, None);
            let is_it = |event: &Event| (event.row.task, event.part, &event.about) == (task, Part::Has, lock);
            if !self.events.iter().any(is_it) {
                self.add(0, task, Part::Has, lock, format!("takes {lock}"), since);
            }
        }
        said
    }

    fn scene(mut self) -> Scene {
        self.events.sort_by_key(|event| event.when);
        let events = &self.events;
        let about = |from: usize, part| {
            events.iter().position(|event| event.part == part && event.about == events[from].about)
        };
        let arrow = |(from, event): (usize, &Event)| match event.part {
            Part::Stores => about(from, Part::Loses).map(|to| Arrow {
                from,
                to,
                kind: Between::Spoils("is lost by it".to_string()),
            }),
            Part::Wants => about(from, Part::Has).map(|to| Arrow { from, to, kind: Between::Waits }),
            _ => None,
        };
        let arrows = events.iter().enumerate().filter_map(arrow);
        let arrows =
            arrows.filter(|arrow| events[arrow.from].row.task != events[arrow.to].row.task).collect();
        let end = events.len();
        let has = events.iter().enumerate().filter(|(_, event)| event.part == Part::Has);
        let bar = |(number, (from, event)): (usize, (usize, &Event))| {
            let (task, name) = (event.row.task, event.about.clone());
            Bar { task, from, to: end, kind: Beside::Has, number, name }
        };
        let bars = has.enumerate().map(bar).collect();
        let head = |(name, cpu): &(String, Option<u32>)| match cpu {
            Some(cpu) => format!("{name} (CPU {cpu})"),
            None => name.clone(),
        };
        let tasks = self.tasks.iter().map(head).collect();
        let has_blocks = events.iter().any(|event| event.part == Part::Makes);
        let rows = self.events.into_iter().map(|event| event.row).collect();
        Scene { tasks, rows, arrows, bars, words: Vec::new(), has_blocks, folds: Vec::new() }
    }
}

/// A source line without its directories.
fn short(place: &str) -> &str {
    place.rsplit('/').next().unwrap_or(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::picture::tests::is_readable;

    fn record(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    fn leak(serial: u64, task: &str, other: &str) -> Record {
        let store = |task: &str, cycles: u64| {
            format!(
                r#"{{"task":"{task}","cpu":1,"site":"slot","at":"kcore/src/scull/follow.rs:72","cycles":{cycles}}}"#
            )
        };
        record(&format!(
            r#"{{"type":"leak","address":4096,"size":4000,"kind":"quantum","cpu":0,"task":"{task}","serial":{serial},
            "cycles":{},"first_bytes":[],"backtrace":[],"allocated_at":"kcore/src/scull/follow.rs:70",
            "stored":{},"overwritten":{}}}"#,
            10 * serial,
            store(task, 10 * serial + 1),
            store(other, 10 * serial + 2)
        ))
    }

    fn wait(waiter: &str, lock: &str, holder: &str) -> Record {
        record(&format!(
            r#"{{"type":"wait","waiter":"{waiter}","cpu":0,"lock":"{lock}","at":"a/abba.rs:129","holder":"{holder}",
            "held_since":"a/abba.rs:127","in_cycle":true}}"#
        ))
    }

    fn scene(records: &[Record]) -> Scene {
        let mut recorded = Recorded::default();
        for (record, number) in records.iter().zip(1..) {
            match record {
                Record::Leak(leak) => drop(recorded.leak(leak, number)),
                Record::Wait(wait) => drop(recorded.wait(wait)),
                _ => {}
            }
        }
        recorded.scene()
    }

    #[test]
    fn a_lost_block_is_shown_from_its_allocation_to_its_loss() {
        let records = [leak(2, "writer-A", "writer-B"), leak(1, "writer-B", "writer-A")];
        let scene = scene(&records);
        let rows: Vec<_> =
            scene.rows.iter().map(|row| (row.task, row.what.as_str(), row.place.as_str())).collect();
        assert_eq!(
            rows,
            [
                (1, "makes b2: quantum, 4000 bytes", "follow.rs:70"),
                (1, "slot becomes b2", "follow.rs:72"),
                (0, "stores over slot: b2", "follow.rs:72"),
                (0, "makes b1: quantum, 4000 bytes", "follow.rs:70"),
                (0, "slot becomes b1", "follow.rs:72"),
                (1, "stores over slot: b1", "follow.rs:72"),
            ]
        );
        assert_eq!(scene.tasks, ["writer-A (CPU 0)", "writer-B (CPU 1)"]);
        let arrows: Vec<_> = scene.arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
        assert_eq!(arrows, [(1, 2), (4, 5)]);
        is_readable(&of(records.iter()), "lost blocks");
    }

    #[test]
    fn a_deadlock_is_a_circle() {
        let records =
            [wait("writer-A", "scull1.lock", "writer-B"), wait("writer-B", "scull0.lock", "writer-A")];
        let scene = scene(&records);
        let rows: Vec<_> = scene.rows.iter().map(|row| (row.task, row.what.as_str())).collect();
        assert_eq!(
            rows,
            [
                (1, "takes scull1.lock"),
                (0, "takes scull0.lock"),
                (0, "wants scull1.lock"),
                (1, "wants scull0.lock")
            ]
        );
        let arrows: Vec<_> = scene.arrows.iter().map(|arrow| (arrow.from, arrow.to)).collect();
        assert_eq!(arrows, [(2, 0), (3, 1)]);
        assert_eq!(
            scene.bars.iter().map(|bar| (bar.task, bar.from, bar.to)).collect::<Vec<_>>(),
            [(1, 0, 4), (0, 1, 4)]
        );
        is_readable(&of(records.iter()), "a deadlock");
    }

    /// What the report does not say is not drawn.
    #[test]
    fn no_record_is_no_step() {
        let run = Run {
            experiment: "counter".to_string(),
            lost_updates: 3,
            verdict: Verdict::Raced,
            ..Run::default()
        };
        let picture = of([Record::Run(run.clone())].iter());
        assert!(picture.contains("raced: 3 lost") && picture.contains("explore counter shows"), "{picture}");
        is_readable(&picture, "an update that is lost");
        let clean = of([Record::Run(Run { verdict: Verdict::Clean, lost_updates: 0, ..run })].iter());
        assert!(clean.contains("Nothing went wrong"), "{clean}");
        assert!(of([].iter()).contains("reported no run"));
    }
}
