//! Speaking to the outside: COM1 for people, COM2 for machines, and the writer for the moment when all else fails.

pub mod com1;
pub mod com2;
pub mod cut;
pub mod fault;
pub mod frames;
pub mod line;
pub mod log;
pub mod panic;
pub mod screen;
mod uart;
