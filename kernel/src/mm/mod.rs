//! Memory: stacks with guards, the images of drivers in C, the walk along the frames on them, and the heap
//! with its account.

pub mod backtrace;
pub mod heap;
pub mod images;
pub mod shortage;
pub mod stacks;
mod text;

pub use text::Text;
