//! An execution as people read it: what each task does, what that touches, and what went wrong. All that
//! shows one has it from here, wherever it was made.
//!
//! | file | noun |
//! |---|---|
//! | `scene` | [`Scene`]: rows, arrows between them, bars beside them, and words |
//! | `columns` | that as text, a column for each task |
//! | `names` | what addresses are called there |
//! | `folds` | which rows are turns of a loop that say nothing new |
//! | `locks` | which locks tasks have, and wait for |
//! | `story` | what went wrong, in some sentences |
//! | `parting` | where one that is made again is not as its string says any more |
//! | `standstill`, `blocks` | why tasks wait for ever, and what happened to memory |

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::account::WIDTH;
use super::recipe::Recipe;
use super::replay::Replay;
use crate::experiment::page::wrap;
use crate::report::Outcome;
use crate::settings::Policy;

mod blocks;
mod columns;
mod folds;
mod locks;
mod names;
mod parting;
mod scene;
mod standstill;
mod story;

pub use scene::{Arrow, Bar, Beside, Between, Fold, Kind, Row, Scene, Word};
pub use story::{Mark, one};

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// How it ended.
    pub end: Outcome,
    /// Switches between tasks.
    pub switches: u64,
    /// What makes it again.
    pub replay: String,
    /// Where it is not as it was to be; null when all of it is.
    pub parted: Option<String>,
    /// What went wrong, in paragraphs.
    pub story: Vec<String>,
    /// What happens.
    pub scene: Scene,
}

impl Sheet {
    /// Of one of those of `recipe`, whatever turns this says.
    pub fn of(replay: &Replay, recipe: &Recipe) -> Self {
        let story = story::Story::of(replay);
        Sheet {
            end: replay.end.outcome(1),
            switches: replay.made.switches() as u64,
            replay: Recipe { schedule: replay.made.clone(), ..recipe.clone() }.to_string(),
            parted: None,
            story: story.paragraphs(),
            scene: Scene::of(replay, &story),
        }
    }

    /// Of one that was made as `recipe` says, as far as it could be, and then as `then` says.
    pub fn again(replay: &Replay, recipe: &Recipe, then: Policy) -> Self {
        let parted = replay.parted.map(|at| parting::text(replay, recipe, at, then));
        Sheet { parted, ..Self::of(replay, recipe) }
    }

    /// The columns, and what went wrong.
    pub fn text(&self) -> String {
        let story = self.story.iter().map(|part| wrap(part, WIDTH, "", "") + "\n");
        format!("{}\n{}\n", columns::text(&self.scene.folded()), story.collect::<String>())
    }

    /// What its switches are between.
    pub(super) fn between(&self) -> &'static str {
        match self.scene.tasks.last() {
            Some(last) if last.starts_with(scene::INTERRUPT) => "the task and its interrupt",
            _ => "tasks",
        }
    }

    /// The same of one that is made again: if it parts, where that is, and as `again` says, how it is made.
    pub fn text_again(&self, again: &str) -> String {
        let parted = self.parted.as_ref().map_or_else(String::new, |at| wrap(at, WIDTH, "  ", "  ") + "\n");
        let again = if self.parted.is_some() { again } else { "" };
        format!("{parted}\n{}\n{again}", self.text().trim_end()).trim_end().to_string()
    }
}

/// What went wrong in an execution as far as its steps tell, without them and without its notes.
pub fn story(replay: &Replay) -> String {
    story::Story::of(replay).of_its_steps()
}

/// `text`, shortened to so many characters.
pub fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        None => text.to_string(),
        Some(_) => text.chars().take(characters.saturating_sub(1)).chain(['\u{2026}']).collect(),
    }
}
