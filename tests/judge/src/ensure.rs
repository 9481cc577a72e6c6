//! Assertions that are answers.

use std::fmt::Debug;

/// What was demanded, or a sentence that says what came instead.
pub type Answer = Result<(), String>;

/// `what` must be `wanted`.
pub fn same<T: PartialEq + Debug>(what: &str, is: T, wanted: T) -> Answer {
    if is == wanted { Ok(()) } else { Err(format!("{what}: {wanted:?} was demanded, but it is {is:?}")) }
}

/// `demand` must be true; it is said in words for when it is not.
pub fn holds(demand: &str, is: bool) -> Answer {
    if is { Ok(()) } else { Err(format!("it does not hold that {demand}")) }
}

/// `text` must contain `part`.
pub fn contains(text: &str, part: &str) -> Answer {
    if text.contains(part) { Ok(()) } else { Err(format!("nowhere does it say: {part}")) }
}

/// `text` must not contain `part`.
pub fn lacks(text: &str, part: &str) -> Answer {
    if text.contains(part) { Err(format!("somewhere it says: {part}")) } else { Ok(()) }
}
