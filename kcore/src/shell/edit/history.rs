//! The lines before.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::sync::Arc;

/// Lines that are kept.
const KEPT: usize = 200;

/// The lines that were entered, and where among them the editor stands.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Shells that were forked from one another share them.
    lines: VecDeque<Arc<str>>,
    /// Lines that were kept before these.
    forgotten: usize,
    /// How many lines back; 0 is the line in the making.
    back: usize,
    /// The line in the making, while another one is shown.
    draft: String,
}

impl History {
    /// The lines with their numbers, which count those too that are not kept any more; the oldest first.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (usize, &str)> {
        self.lines.iter().enumerate().map(|(index, line)| (self.forgotten + index + 1, &**line))
    }

    /// Keeps a line, unless it is empty or the same as the last one, and goes to the end.
    pub fn add(&mut self, line: &str) {
        self.back = 0;
        self.draft.clear();
        if line.trim().is_empty() || self.lines.back().is_some_and(|last| **last == *line) {
            return;
        }
        if self.lines.len() == KEPT {
            self.lines.pop_front();
            self.forgotten += 1;
        }
        self.lines.push_back(line.into());
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = History::default();
    }

    /// The line before the one that is shown, which is `now`.
    pub fn older(&mut self, now: &str) -> Option<String> {
        if self.back == self.lines.len() {
            return None;
        }
        if self.back == 0 {
            self.draft = now.to_string();
        }
        self.back += 1;
        self.lines.get(self.lines.len() - self.back).map(|line| line.to_string())
    }

    /// The line after the one that is shown.
    pub fn newer(&mut self) -> Option<String> {
        self.back = self.back.checked_sub(1)?;
        match self.back {
            0 => Some(core::mem::take(&mut self.draft)),
            back => self.lines.get(self.lines.len() - back).map(|line| line.to_string()),
        }
    }

    /// The line in the making is given up.
    pub fn leave(&mut self) {
        self.back = 0;
        self.draft.clear();
    }
}
