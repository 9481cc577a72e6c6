//! The pages of `docs/` that are made from what the program knows, so that they say what holds.
//!
//! | module | its page |
//! |---|---|
//! | [`api`] | `docs/API.md`, from the headers of `include/` |
//! | [`commands`], `records` | `docs/COMMANDS.md`, from the commands, the keys, and the declarations of the report |
//! | [`experiments`] | `docs/EXPERIMENTS.md`, from the catalogue |
//! | [`races`] | `docs/RACES.md`, from the races |
//! | [`lock_order`] | `docs/LOCK_ORDER.md`, its table, from what machines have observed: `cargo lock-order` |
//! | [`performance`] | `docs/PERFORMANCE.md`, from what machines have measured: `cargo performance` |
//! | [`picture`] | `docs/run.svg`, from what a machine has said: `docs/run.txt` |
//! | [`counterexample`] | `docs/counterexample.svg`, from all executions of `scull-leak` |
//! | [`crate::matrix::markdown`] | `docs/MATRIX.md`, from the catalogue |
//! | [`proofs`] | `docs/PROOFS.md`, from all executions of the experiments |
//! | [`text`] | what is the same in all: lines, cells, anchors |
//!
//! `cargo documents` writes all but those two, and a test compares each with its file.

pub mod api;
pub mod commands;
pub mod experiments;
pub use crate::explore::picture as counterexample;
pub mod lock_order;
pub mod performance;
pub mod picture;
pub use crate::explore::all as proofs;
pub mod races;
mod records;
pub mod text;

use crate::matrix::{markdown, sheet::Sheet};

/// A page and where it is.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// The file, from the root of the workspace.
    pub file: &'static str,
    /// What is to be in it.
    pub render: fn() -> String,
}

/// Every page that is made.
pub const ALL: &[Document] = &[
    Document { file: "docs/API.md", render: api::render },
    Document { file: "docs/COMMANDS.md", render: commands::render },
    Document { file: "docs/EXPERIMENTS.md", render: experiments::render },
    Document { file: "docs/MATRIX.md", render: || markdown::render(&Sheet::expected()) },
    Document { file: "docs/PROOFS.md", render: proofs::render },
    Document { file: "docs/RACES.md", render: races::render },
    Document {
        file: "docs/counterexample.svg",
        render: || counterexample::shortest("scull-leak").expect("it can be explored, and leaks"),
    },
    Document { file: "docs/run.svg", render: || picture::render(picture::TRANSCRIPT) },
];
