//! A lock of your own, `--lock student`: this is the one file to change (docs/TEACHING.md).
//!
//! As it stands it is the lock of the exhibit `broken-lock`: two tasks can have it at once.

use crate::event::Events;
use crate::place::Place;
use crate::shared::Shared;
use crate::sync::broken::{LoadThenStore, Take};

/// How the lock is taken.
#[derive(Debug)]
pub struct Student;

impl Take for Student {
    fn take<M: Events>(word: &Shared<usize>, place: Place) -> bool {
        LoadThenStore::take::<M>(word, place)
    }
}
