//! The watchdog: it knows when tasks can never go on, says why, and gives them up.

/// The caller is about to sleep, or may be. Where nobody may, the experiment ends with `invalid-context`.
#[track_caller]
pub fn might_sleep() {}

/// Nothing can run any more, and nothing is to come. Returns whether somebody can run now.
pub(crate) fn nothing_runs() -> bool {
    false
}
