//! A driver that is a relocatable object: what it is made of, where its parts go, what it may call, and what
//! it can be told (LDD3 ch. 2; System V ABI, AMD64 supplement).
//!
//! - [`object`]: the file, checked: whatever its bytes are, an answer is an error and never a panic.
//! - [`image`]: its parts at their addresses, with their relocations done.
//! - [`parameter`]: `module_param`: where each lies, and the value that a word gives it.
//! - [`expression`]: what a line of its source accesses.
//! - [`names`]: every function that the kernel offers to it.
//! - [`format`](mod@format): the text that `printk` makes of a form and its arguments.
//! - [`scan`]: what `sscanf` finds in a text.
//! - `wrong`: what it can do wrong.
//! - [`abi`]: the number of the headers that it was compiled with.

#![forbid(unsafe_code)]

pub mod abi;
pub mod expression;
pub mod format;
pub mod image;
pub mod names;
pub mod object;
pub mod parameter;
pub mod scan;
mod wrong;

pub use image::{Function, Image, Part};
pub use object::{GAP, Malformed, Object};
pub use parameter::Parameter;
pub use wrong::Wrong;
