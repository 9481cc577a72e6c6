//! The documents say what holds: pages that are made are as they would be made now, links lead somewhere,
//! races that are cited exist, decisions are listed. That their commands work is tried by
//! `tests/qemu/documents.rs`.

mod cited;
mod decisions;
mod files;
mod links;
mod made;
mod transcripts;
