//! The JSON lines of COM2: read into the kernel's own types, and checked.
//!
//! A report that contradicts itself is worse than none, so every identity that a record promises is tested
//! here again, on the other side of the wire.

use kcore::experiment::Verdict;
use kcore::machine::Kind;
use kcore::report::{Record, Run, Summary};
use serde::Serialize;

use crate::status::Status;
use crate::symbols::Symbols;

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// As it came.
    pub text: String,
    /// What it says.
    pub record: Record,
}

/// Everything that came over COM2.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The lines that are records, in their order.
    pub lines: Vec<Line>,
    /// What is wrong with them, a sentence each.
    pub problems: Vec<String>,
}

impl Report {
    /// Reads and checks `text`, the report of a machine that ended with `status`.
    ///
    /// Only a machine that gave its verdict owes a summary; one that died may have stopped in the middle of a
    /// line.
    pub fn read(text: &str, status: Status) -> Self {
        let mut report = Report::default();
        let broken_off = |line: &str| !status.is_verdict() && !text.ends_with('\n') && text.ends_with(line);
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match serde_json::from_str::<Record>(line) {
                Ok(record) => report.lines.push(Line { text: line.trim_end().to_string(), record }),
                Err(_) if broken_off(line) => {}
                Err(error) => {
                    report.problems.push(format!("line {} of the report is no record: {error}", index + 1))
                }
            }
        }
        let checked = report.lines.iter().flat_map(|line| match &line.record {
            Record::Run(run) => contradictions(run),
            _ => Vec::new(),
        });
        report.problems.extend(checked.collect::<Vec<_>>());
        if status.is_verdict() {
            report.problems.extend(report.end(status));
        }
        report
    }

    /// The records.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.lines.iter().map(|line| &line.record)
    }

    /// The runs.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.records().filter_map(|record| if let Record::Run(run) = record { Some(run) } else { None })
    }

    /// The summary, which is the last record of every program that came to its end.
    pub fn summary(&self) -> Option<&Summary> {
        match self.lines.last() {
            Some(Line { record: Record::Summary(summary), .. }) => Some(summary),
            _ => None,
        }
    }

    /// Whether the report came to its end.
    pub fn is_complete(&self) -> bool {
        self.summary().is_some()
    }

    /// What contradicts the exit status.
    fn end(&self, status: Status) -> Option<String> {
        let Some(summary) = self.summary() else {
            return Some("the report has no summary at its end".to_string());
        };
        let not_ok = |record: &&Record| match record {
            Record::Run(run) => !run.ok,
            Record::Case(case) => !case.ok,
            _ => false,
        };
        // A shell sums up each run by itself, and in the end only how it ended.
        let is_summary = |line: &Line| matches!(line.record, Record::Summary(_));
        let (_, before) = self.lines.split_last().expect("the summary is the last line");
        let begin = before.iter().rposition(is_summary).map_or(0, |at| at + 1);
        let bad = before[begin..].iter().map(|line| &line.record).filter(not_ok).count();
        match (status, summary.failed, bad) {
            (Status::Expected, 1.., _) => Some(format!(
                "the summary counts {} failed, but the exit status says that all is as expected",
                summary.failed
            )),
            (Status::Unexpected, 0, _) => {
                Some("the summary counts no failure, but the exit status says that there is one".to_string())
            }
            (_, 0, 1..) => {
                Some(format!("the summary counts no failure, but {bad} records are not as expected"))
            }
            _ => None,
        }
    }

    /// The lines as `--json` writes them: each leak and each oops gets a field `symbols`, one entry for each
    /// address of its backtrace.
    pub fn json(&self, symbols: &Symbols) -> Vec<String> {
        self.lines.iter().map(|line| symbolised(line, symbols)).collect()
    }
}

/// A record with one field more.
#[derive(Serialize)]
struct Symbolised<'a> {
    #[serde(flatten)]
    record: &'a Record,
    symbols: Vec<String>,
}

fn symbolised(line: &Line, symbols: &Symbols) -> String {
    // Of an exception the first address is the instruction itself; a panic has a line instead.
    let (backtrace, exact) = match &line.record {
        Record::Leak(leak) => (&leak.backtrace, false),
        Record::Oops(oops) => (&oops.backtrace, oops.at.is_empty()),
        _ => return line.text.clone(),
    };
    let names = backtrace.iter().enumerate();
    let names = names.map(|(index, address)| symbols.describe(*address, exact && index == 0)).collect();
    let whole = Symbolised { record: &line.record, symbols: names };
    serde_json::to_string(&whole).expect("records have string keys only, so they can be JSON")
}

/// What `run` says against itself.
fn contradictions(run: &Run) -> Vec<String> {
    let mut problems = Vec::new();
    let mut problem = |text: String| {
        problems.push(format!("{} with lock={} probe={}: {text}", run.experiment, run.lock, run.probe));
    };
    for kind in Kind::SCULL {
        let (allocated, freed, live) = (run.allocated[kind], run.freed[kind], run.live[kind]);
        let (reachable, leaked) = (run.reachable[kind], run.leaked[kind]);
        if allocated.checked_sub(freed) != Some(live) {
            problem(format!("{kind}: allocated {allocated} - freed {freed} is not live {live}"));
        }
        if live.checked_sub(reachable) != Some(leaked) {
            problem(format!("{kind}: live {live} - reachable {reachable} is not leaked {leaked}"));
        }
    }
    if (run.leaked.total() == 0) != (run.leaked_bytes == 0) {
        problem(format!("{} blocks leaked, but {} bytes", run.leaked.total(), run.leaked_bytes));
    }
    let harm = run.leaked.total()
        + run.lost_updates
        + run.torn
        + run.use_after_free
        + run.double_free
        + run.out_of_bounds;
    let is_well = matches!(run.verdict, Verdict::Clean | Verdict::NotTried);
    if is_well && harm != 0 {
        problem(format!("the verdict is {}, but {harm} things went wrong", run.verdict));
    }
    if is_well && (run.verdict == Verdict::Clean) != (run.out_of_memory == 0) {
        problem(format!("the verdict is {}, and {} calls had no memory", run.verdict, run.out_of_memory));
    }
    if run.ok != run.expected.allows(run.verdict) {
        problem(format!(
            "ok is {}, but {} was expected and the verdict is {}",
            run.ok, run.expected, run.verdict
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use kcore::report::Counts;

    const SUMMARY: &str = r#"{"type":"summary","passed":1,"failed":0}"#;

    fn run() -> Run {
        let counts = |quantum| Counts { quantum, ..Counts::default() };
        Run {
            experiment: "scull-leak".into(),
            allocated: counts(9),
            freed: counts(1),
            live: counts(8),
            reachable: counts(5),
            leaked: counts(3),
            leaked_bytes: 12000,
            verdict: Verdict::Raced,
            expected: Verdict::Raced.into(),
            ok: true,
            ..Run::default()
        }
    }

    fn well(verdict: Verdict) -> Run {
        Run { verdict, expected: verdict.into(), ok: true, ..Run::default() }
    }

    fn problems(run: Run) -> usize {
        let line = serde_json::to_string(&Record::Run(run)).unwrap();
        Report::read(&format!("{line}\n{SUMMARY}\n"), Status::Expected).problems.len()
    }

    #[test]
    fn a_consistent_report_has_no_problem() {
        assert_eq!(problems(run()), 0);
        assert_eq!(problems(well(Verdict::Clean)), 0);
        assert_eq!(problems(Run { out_of_memory: 1, ..well(Verdict::NotTried) }), 0);
    }

    #[test]
    fn each_broken_identity_is_a_problem() {
        let broken: [fn(&mut Run); 8] = [
            |run| run.allocated.node = 1,
            |run| run.freed.quantum = 10,
            |run| (run.reachable.quantum, run.leaked.quantum) = (9, 0),
            |run| run.leaked_bytes = 0,
            |run| (run.verdict, run.expected) = (Verdict::Clean, Verdict::Clean.into()),
            |run| *run = Run { out_of_memory: 1, ..well(Verdict::Clean) },
            |run| *run = well(Verdict::NotTried),
            |run| run.ok = false,
        ];
        for (index, break_it) in broken.iter().enumerate() {
            let mut run = run();
            break_it(&mut run);
            assert_ne!(problems(run), 0, "case {index}");
        }
    }

    #[test]
    fn a_summary_is_owed_by_a_verdict_only() {
        assert!(!Report::read("", Status::Expected).problems.is_empty());
        assert!(Report::read("", Status::Panic).problems.is_empty());
    }

    #[test]
    fn a_summary_agrees_with_the_exit_status() {
        let failed = r#"{"type":"summary","passed":0,"failed":2}"#;
        assert_eq!(Report::read(SUMMARY, Status::Unexpected).problems.len(), 1);
        assert_eq!(Report::read(failed, Status::Expected).problems.len(), 1);
        assert_eq!(Report::read(failed, Status::Unexpected).problems.len(), 0);
    }

    #[test]
    fn a_dying_machine_may_break_off() {
        let text = format!("{SUMMARY}\n{{\"type\":\"ru");
        assert_eq!(Report::read(&text, Status::Panic).problems.len(), 0);
        assert_eq!(Report::read(&text, Status::Expected).problems.len(), 1);
    }

    #[test]
    fn a_leak_gets_its_symbols() {
        let leak = r#"{"type":"leak","address":1,"size":2,"kind":"node","cpu":0,"task":"A","serial":3,"cycles":4,"first_bytes":[],"backtrace":[16],"allocated_at":"","stored":null,"overwritten":null}"#;
        let report = Report::read(leak, Status::Panic);
        assert_eq!(report.problems, Vec::<String>::new());
        let json = report.json(&Symbols::of("/nonexistent"));
        assert!(json[0].starts_with(r#"{"type":"leak","address":1"#), "{}", json[0]);
        assert!(json[0].ends_with(r#","symbols":["0x10"]}"#), "{}", json[0]);
    }
}
