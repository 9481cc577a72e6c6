//! All commands: one file for each, or for a few of a kind.

mod attributes;
mod check;
mod command;
mod experiments;
mod explore;
mod ioctl;
mod jobs;
mod language;
mod ls;
mod machine;
mod modules;
mod names;
mod poll;
mod probe;
mod ps;
mod status;
mod strace;
mod table;
mod terminal;
mod tools;
mod user;

pub(super) use command::{Command, Run};
pub(super) use experiments::taken;
pub(super) use table::{ALL, find, is_builtin, near};
