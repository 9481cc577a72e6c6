//! The wait-for graph: what is a deadlock is found at the wait that closes it, and nothing else is.

mod crew;
mod cycles;
mod places;
mod questions;
mod random;
mod sharing;
mod still;
mod texts;
mod world;
