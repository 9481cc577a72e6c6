//! What each form is safe against, concluded from what it gave.
//!
//! A form is safe against something if it was clean in the experiment in which just that comes between,
//! wherever that can come between. One counterexample is enough for `no`; a form that the experiment does not
//! have, or that was not run everywhere it should have been, gets no answer.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use kcore::experiment::Column;
use kcore::settings::Form;

use super::sheet::{Mark, Sheet};

/// A question to every form.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The heading.
    pub name: &'static str,
    /// The experiment that decides.
    pub experiment: &'static str,
    /// The columns that count.
    counts: fn(&Column) -> bool,
}

/// The questions, in the order of the table.
pub const QUESTIONS: [Question; 5] = [
    Question { name: "preempt-safe", experiment: "preempt", counts: |column| column.config.preempt() },
    Question { name: "interrupt-safe", experiment: "irq", counts: |_| true },
    Question { name: "softirq-safe", experiment: "softirq", counts: |_| true },
    Question { name: "SMP-safe", experiment: "scull-leak", counts: |column| column.cpus > 1 },
    Question { name: "may sleep", experiment: "sleep", counts: |_| true },
];

/// The table.
#[derive(Clone, Debug)]
pub struct Safety {
    /// The questions that the sheet can answer.
    pub questions: Vec<Question>,
    /// Each form with its answers; `None` where there is none.
    pub forms: Vec<(Form, Vec<Option<bool>>)>,
}

impl Safety {
    /// What `sheet` says. Questions whose experiment, and forms of which nothing, is in the sheet are left
    /// out.
    pub fn of(sheet: &Sheet) -> Self {
        let answered =
            |question: &Question| Form::ALL.iter().any(|lock| answer(sheet, question, *lock).is_some());
        let questions: Vec<Question> = QUESTIONS.into_iter().filter(answered).collect();
        let answers = |lock: &Form| -> Vec<Option<bool>> {
            questions.iter().map(|question| answer(sheet, question, *lock)).collect()
        };
        let forms = Form::ALL.iter().map(|lock| (*lock, answers(lock)));
        let forms = forms.filter(|(_, answers)| answers.iter().any(Option::is_some)).collect();
        Safety { questions, forms }
    }
}

fn answer(sheet: &Sheet, question: &Question, lock: Form) -> Option<bool> {
    let block = sheet.blocks.iter().find(|block| block.experiment.name == question.experiment)?;
    let line = block.lines.iter().find(|line| line.row.lock == lock)?;
    let cells = sheet.columns.iter().zip(&line.marks);
    let marks = cells.filter(|(column, mark)| (question.counts)(column) && **mark != Mark::NoFit);
    let marks: Vec<&Mark> = marks.map(|(_, mark)| mark).collect();
    if marks.iter().any(|mark| matches!(mark, Mark::Verdict { .. }) && !mark.is_clean()) {
        return Some(false);
    }
    (!marks.is_empty() && marks.iter().all(|mark| mark.is_clean())).then_some(true)
}

/// The word of an answer.
pub fn word(answer: Option<bool>) -> &'static str {
    match answer {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    }
}

/// The table as text for a terminal; empty if there is nothing to say.
pub fn render(safety: &Safety) -> String {
    const NAME: usize = 15;
    const CELL: usize = 16;
    const BOLD: Style = Style::new().bold();
    let mut text = String::new();
    if safety.questions.is_empty() {
        return text;
    }
    let row = |cells: &mut dyn Iterator<Item = &str>| -> String {
        cells.map(|cell| format!("{cell:>CELL$}")).collect()
    };
    let names = row(&mut safety.questions.iter().map(|question| question.name));
    let sources = row(&mut safety.questions.iter().map(|question| question.experiment));
    let _ = writeln!(text, "{BOLD}{:NAME$}{names}{BOLD:#}", "form");
    let _ = writeln!(text, "{:NAME$}{sources}", "  decided by");
    for (lock, answers) in &safety.forms {
        let _ = write!(text, "  {lock:width$}", width = NAME - 2);
        for answer in answers {
            let style = match answer {
                Some(true) => AnsiColor::Green.on_default(),
                Some(false) => AnsiColor::Yellow.on_default(),
                None => Style::new().dimmed(),
            };
            let word = word(*answer);
            let _ = write!(text, "{:gap$}{style}{word}{style:#}", "", gap = CELL - word.len());
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safety(sheet: &Sheet, name: &str, lock: Form) -> Option<bool> {
        let question = QUESTIONS.into_iter().find(|question| question.name == name).unwrap();
        answer(sheet, &question, lock)
    }

    #[test]
    fn only_what_stops_other_cpus_is_smp_safe() {
        let sheet = Sheet::expected();
        assert_eq!(safety(&sheet, "SMP-safe", Form::Spinlock), Some(true));
        assert_eq!(safety(&sheet, "SMP-safe", Form::None), Some(false));
        assert_eq!(safety(&sheet, "SMP-safe", Form::IrqOff), Some(false));
        assert_eq!(safety(&sheet, "SMP-safe", Form::Broken), None, "scull-leak does not have it");
    }

    #[test]
    fn what_was_not_run_gets_no_answer() {
        let mut sheet = Sheet::expected();
        let is_leak = |block: &&mut super::super::sheet::Block| block.experiment.name == "scull-leak";
        let leak = sheet.blocks.iter_mut().find(is_leak).unwrap();
        for line in &mut leak.lines {
            line.marks[0] = Mark::NotRun;
        }
        assert_eq!(safety(&sheet, "SMP-safe", Form::Spinlock), None);
        assert_eq!(safety(&sheet, "SMP-safe", Form::None), Some(false), "the other column is enough");
    }

    #[test]
    fn questions_without_their_experiment_are_left_out() {
        let mut sheet = Sheet::expected();
        sheet.blocks.retain(|block| block.experiment.name == "counter");
        assert!(Safety::of(&sheet).questions.is_empty());
        assert_eq!(render(&Safety::of(&sheet)), "");
    }
}
