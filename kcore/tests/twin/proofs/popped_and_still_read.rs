//! A stack without a lock: the node is followed by an address that may have been freed.
//!
//! Code: E0133
//! Races: R29

pub struct Node {
    pub next: *const Node,
}

#[cfg(wrong)]
pub fn second(top: *const Node) -> *const Node {
    (*top).next
}

#[cfg(not(wrong))]
pub fn second(top: &Node) -> *const Node {
    top.next
}
