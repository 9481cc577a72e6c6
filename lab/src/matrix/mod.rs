//! `matrix`: every experiment in every form on every kind of machine, run and held against the catalogue.
//!
//! | module | its part |
//! |---|---|
//! | [`sheet`] | what stands in each cell: as the catalogue expects it, or as it was found |
//! | [`machines`] | a kernel for each configuration, a machine for each column, two of them at a time |
//! | [`table`] | the sheet as text for a terminal |
//! | [`safety`] | what each form is safe against, concluded from the sheet |
//! | [`markdown`] | both tables for `docs/MATRIX.md` |
//! | `program` | the command |

pub mod machines;
pub mod markdown;
mod program;
pub mod safety;
pub mod sheet;
pub mod table;

pub(crate) use program::{Choice, main};
