//! All commands: one file for each, or for a few of a kind.

mod cat;
mod command;
mod dd;
mod devices;
mod dmesg;
mod echo;
mod experiments;
mod help;
mod hexdump;
mod ioctl;
mod jobs;
mod kill;
mod ls;
mod machine;
mod modules;
mod places;
mod poll;
mod probe;
mod ps;
mod sleep;
mod status;
mod table;
mod terminal;
mod text;
mod user;

pub(super) use command::Run;
pub(super) use dd::WORDS as DD_WORDS;
pub(super) use table::{ALL, find, is_builtin};
