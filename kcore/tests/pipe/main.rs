//! The pipe, on a machine of threads: what it promises, in both editions, and what the book's does not keep.

mod crowd;
mod editions;
mod errors;
mod gate;
mod model;
mod poll;
mod stage;
mod unplug;
mod waiting;
