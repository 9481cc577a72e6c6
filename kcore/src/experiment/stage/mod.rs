//! What the bodies of the experiments stand on.
//!
//! | file | noun |
//! |---|---|
//! | `rig` | [`Rig`]: what a machine must give besides, so that experiments run on it |
//! | `round` | [`Stage`]: a run in the making, its counts, its tasks |
//! | `scull` | rounds on scull devices, with the account of their blocks |
//! | `recycling` | the same where freed blocks are used again |
//! | `pipe` | a round on pipes |
//! | `heap` | a round on blocks alone, and a [`Block`] |
//! | `object` | a round on devices that disappear: the raw structure of `unplug` |
//! | `count` | [`Count`]: a number that is counted up, and its guard |
//! | `meeting` | [`Meeting`]: how tasks meet without a probe |
//! | `desk` | requests with a unit in the frame of the task that waits: the raw frames of `stack-semaphore` |
//! | `probed` | a word of a primitive, as a probe point |
//! | `unit` | [`Unit`]: what tasks wait for until a signal comes |
//! | [`stamps`] | bytes that tell which task wrote them |
//!
//! Rounds begin a stretch of the heap's time ([`HeapRound`]) and end it; that the bodies of the catalogue
//! keep nothing beyond the round that they were given it in is what their unsafe code rests on. So it is
//! here, and the bodies have none.

mod count;
mod desk;
mod heap;
mod meeting;
mod object;
mod owners;
mod pipe;
mod probed;
mod recycling;
mod rig;
mod round;
mod scull;
pub mod stamps;
mod unit;
mod waits;

pub use count::Count;
pub use desk::Scene;
pub use heap::{Block, HeapRound, Told};
pub use meeting::Meeting;
pub(super) use object::{FREE, Object, Objects, Slot, TAKEN, WORKS};
pub use owners::Owners;
pub(super) use pipe::{Opened, Pipework};
pub(super) use probed::{Named, Probed};
pub(super) use recycling::Visitor;
pub use rig::{Account, FEW_PAUSES, Refusal, Rig, Walk, with_room_for};
pub use round::{Body, Stage};
pub(super) use scull::{Device, device_of, prepare_quanta, read_at, write_at};
pub use unit::Unit;
