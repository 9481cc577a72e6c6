//! The primitives under loom, which runs them in every order that its memory model and a bound on preemptions
//! allow.
//!
//! No `--cfg loom` is needed: the primitives are generic over the machine, and [`machine`] is made of loom's
//! parts. The [`bodies`] are each run on the right primitive, where they must hold, and on [`twins`] with one
//! mistake each, where loom must object: a body that lets a twin through proves nothing about the right one.

#![cfg(not(miri))]

mod bodies;
mod devices;
mod frame;
mod gate;
mod machine;
mod more;
mod right;
mod seats;
mod sleepers;
mod twins;
