//! The program and its script, seen from outside, with a stand-in for QEMU behind them.

mod documents;
mod explore;
mod fake;
mod matrix;
mod module;
mod replay;
mod report;
mod script;
mod signals;
mod terminal;
mod usage;
