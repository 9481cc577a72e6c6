//! The kernel with the in-kernel test cases, which no other has.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
#[path = "../main.rs"]
#[expect(unused_attributes, reason = "what it says of its crate is said of this one above")]
mod whole;

#[cfg(not(target_os = "none"))]
fn main() {}
