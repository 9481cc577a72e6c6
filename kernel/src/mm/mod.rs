//! Memory: frames, stacks with guards, and the heap with its account.

pub mod backtrace;
pub mod heap;
pub mod stacks;
mod text;

pub use text::Text;
