//! The places where access control touches what others touch, too: named probes.

use crate::event::Site;

/// A task is about to ask the gate of scullsingle: point `try`.
pub static TRY: Site = Site::new("try");

/// The gate has said no, and the task that asked is about to leave; the book's has yet to take the attempt
/// back: point `refused`.
pub static REFUSED: Site = Site::new("refused");

/// The task that is inside is about to give the gate back: point `release`.
pub static RELEASE: Site = Site::new("release");

/// scullpriv has found no device of a terminal, and is about to make one: point `missing`.
pub static MISSING: Site = Site::new("missing");

/// Every point of scullsingle's gate, as scripts write them.
pub const GATE: &[&str] = &["try", "refused", "release"];
