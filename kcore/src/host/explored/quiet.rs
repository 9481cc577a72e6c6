//! Panics of tasks: each is the end of an execution that is counted, and nothing that a person must read.

use std::boxed::Box;
use std::panic;
use std::sync::Once;

use super::region::is_inside;

/// From now on a task that panics does so without a word.
pub(super) fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !is_inside() {
                before(info);
            }
        }));
    });
}
