//! The places where the device touches something shared, for scripts and rendezvous.
//!
//! `head`, `next`, `array`, `slot` and `size` are accesses, so their points are written `slot.load` and
//! `slot.store`. The others are named probes, and their points are their bare names.
#![forbid(unsafe_code)]

use crate::event::Site;

macro_rules! sites {
    ($($(#[$meta:meta])* $site:ident = $name:literal;)+) => {
        $($(#[$meta])* pub static $site: Site = Site::new($name);)+

        /// All of them, in the order in which a write and then a trim pass them.
        pub static ALL: &[&Site] = &[$(&$site),+];
    };
}

sites! {
    /// The device's bytes of a quantum.
    QUANTUM = "quantum";
    /// The device's pointers of an array.
    QSET = "qset";
    /// A read, a write or a dump is about to take the lock of the device.
    ENTER = "enter";
    /// The device's pointer to its first node.
    HEAD = "head";
    /// A node's pointer to the one after it.
    NEXT = "next";
    /// A new node is published and about to be cleared.
    NODE_CLEAR = "node.clear";
    /// A node's pointer to its array.
    ARRAY = "array";
    /// A new array is published and about to be cleared.
    ARRAY_CLEAR = "array.clear";
    /// An array's pointer to a quantum.
    SLOT = "slot";
    /// A write has its quantum and is about to copy.
    COPY_START = "copy.start";
    /// A write has copied its first half.
    COPY_HALF = "copy.half";
    /// A write has copied everything.
    COPY_END = "copy.end";
    /// The size of the device.
    SIZE = "size";
    /// A read has its quantum and is about to copy.
    READ_COPY = "read.copy";
    /// A trim has loaded the head of the list.
    TRIM_WALK = "trim.walk";
    /// A trim is about to free a block.
    TRIM_FREE = "trim.free";
    /// The module's bytes of a quantum, which a trim makes the device's.
    SCULL_QUANTUM = "scull_quantum";
    /// The module's pointers of an array, likewise.
    SCULL_QSET = "scull_qset";
    /// The module's bytes of a pipe's buffer. Scull itself only changes and shows it.
    SCULL_P_BUFFER = "scull_p_buffer";
    /// A trim has emptied the device.
    TRIM_DONE = "trim.done";
}

/// Every point, as scripts write them, in the same order.
pub const POINTS: &[&str] = &[
    "quantum.load",
    "quantum.store",
    "qset.load",
    "qset.store",
    "enter",
    "head.load",
    "head.store",
    "next.load",
    "next.store",
    "node.clear",
    "array.load",
    "array.store",
    "array.clear",
    "slot.load",
    "slot.store",
    "copy.start",
    "copy.half",
    "copy.end",
    "size.load",
    "size.store",
    "read.copy",
    "trim.walk",
    "trim.free",
    "scull_quantum.load",
    "scull_quantum.store",
    "scull_qset.load",
    "scull_qset.store",
    "scull_p_buffer.load",
    "scull_p_buffer.store",
    "trim.done",
];
