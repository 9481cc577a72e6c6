//! The firmware's tables.
