//! kmemleak, exact: all CPUs stop, everything that can hold an address is searched, and a block that nothing
//! refers to is a leak.
//!
//! Linux's kmemleak searches while the machine runs, so it must doubt what it finds: a block is a suspect
//! only when it is some seconds old and was missed more than once. Here nothing moves during the search, so
//! the first one is right.
//!
//! - [`world`]: the other CPUs stand still, whatever they did.
//! - [`roots`]: where the search begins: variables, stacks, registers.
//! - [`mod@scan`]: the search, and the memory that it needs, which is not searched itself.
//! - [`state`]: what was found last, and what the control words have set.
//! - `control`, `report`: what is written to and read from `/sys/kernel/debug/kmemleak`.
//! - `provenance`: which store dropped the last reference.
//! - `patrol`: a search every so many seconds.
//! - [`speed`]: how long it takes.

mod control;
mod object;
mod patrol;
mod provenance;
mod report;
pub mod roots;
pub mod scan;
pub mod speed;
pub mod state;
pub mod world;

pub use control::control;
pub use report::report;
pub use roots::clear_stack_below;
pub(crate) use state::is_free;
pub use state::{Agreement, agreement, enable, holders, missed, search};
