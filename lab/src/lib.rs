//! The bench: the host program that builds the kernel, boots it, and reads what it reports.
//!
//! `cargo run -- COMMAND --key value` becomes the kernel command line `COMMAND key=value`. On the way:
//!
//! | module | its part |
//! |---|---|
//! | [`cli`] | the command line, checked with the kernel's own parser; one line for each mistake |
//! | `scope` | which option is for which command |
//! | `options`, `values` | the options that commands share; what reads values |
//! | [`app`] | what each command does |
//! | `output`, [`paint`] | what is written, where to, and in which colours |
//! | `manual`, `examples` | completions and pages of a manual; the examples of `--help` |
//! | `canvas` | a picture as it is drawn |
//! | [`build`], [`profile`], `cargo` | the kernel ELF, made by Cargo or named by `SCULLERY_KERNEL`; how it is compiled |
//! | [`machine`], [`session`] | a machine to boot, and one that runs |
//! | [`symbols`] | addresses become functions and lines |
//! | [`report`] | the JSON lines of COM2, read and checked |
//! | [`matrix`] | every form on every machine |
//! | [`catalogue`] | `list` and `explain` |
//! | [`explore`] | every execution of an experiment, without a machine |
//! | [`documents`] | the pages of `docs/` that are made |
//! | [`mod@bench`] | what can be measured only from outside |
//! | [`compare`] | the kernel's configurations side by side |
//! | [`folder`] | what a shell is given of the host: files, and a script's arguments |
//! | [`image`] | disk images for BIOS and UEFI |
//! | [`status`] | the exit status, and errors that carry one |
//!
//! The tests of whole machines use [`machine::Machine`]. What QEMU's flags and exit codes are is known to
//! `qemu-run.sh` alone.
#![forbid(unsafe_code)]

pub mod app;
pub mod bench;
pub mod build;
mod canvas;
mod cargo;
pub mod catalogue;
pub mod cli;
pub mod compare;
pub mod documents;
mod examples;
pub mod explore;
pub mod folder;
pub mod image;
pub mod machine;
mod manual;
pub mod matrix;
pub mod module;
mod options;
mod output;
pub mod paint;
pub mod profile;
pub mod report;
mod scope;
pub mod session;
mod signals;
pub mod status;
pub mod symbols;
mod usage;
mod values;
pub mod workspace;
