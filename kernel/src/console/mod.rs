//! Speaking to the outside: COM1 for people, COM2 for machines.

pub mod com1;
pub mod com2;
pub mod cut;
pub mod line;
pub mod log;
pub mod screen;
mod uart;
