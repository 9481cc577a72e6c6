//! All commands: one file for each, or for a few of a kind.

mod attributes;
mod cat;
mod command;
mod dd;
mod echo;
mod experiments;
mod hexdump;
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
mod search;
mod status;
mod table;
mod terminal;
mod text;
mod user;

pub(super) use command::Run;
pub(super) use dd::WORDS as DD_WORDS;
pub(super) use table::{ALL, find, is_builtin};
