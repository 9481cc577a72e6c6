//! Lost blocks that a conservative search does not call lost.

use alloc::format;
use alloc::string::String;

use crate::kmemleak::{self, Agreement};

/// How many of them there were in all rounds, and what hid the first. That is luck, and no verdict depends on
/// it.
#[derive(Default)]
pub(super) struct Hidden {
    blocks: u64,
    by: String,
}

impl Hidden {
    /// Adds those of a round, of which the search was the last one.
    pub(super) fn add(&mut self, agreement: &Agreement) {
        if agreement.hidden > 0 && self.blocks == 0 {
            self.by = kmemleak::holders(agreement.hides);
        }
        self.blocks += agreement.hidden;
    }

    /// A line about them, and more about what hid the first; nothing when there were none.
    pub(super) fn note(&self) -> Option<String> {
        let Hidden { blocks, by } = self;
        let text = || {
            format!(
                "lost blocks that are still named by a stale word: {blocks}; one of them\n{}",
                by.trim_end()
            )
        };
        (*blocks > 0).then(text)
    }
}
