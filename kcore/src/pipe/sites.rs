//! The places where a pipe touches something shared, for scripts and rendezvous.
#![forbid(unsafe_code)]

use crate::event::Site;

/// Where the next byte is read: points `rp.load` and `rp.store`. The waiters look at it without the lock.
pub static RP: Site = Site::new("rp");

/// Where the next byte is written: points `wp.load` and `wp.store`. The waiters look at it without the
/// lock.
pub static WP: Site = Site::new("wp");

/// An open has the lock: point `pipe.open`.
pub static OPEN: Site = Site::new("pipe.open");

/// A read or a write has the lock for the first time: point `pipe.enter`.
pub static ENTER: Site = Site::new("pipe.enter");

/// A read has found nothing and has given the lock back: point `pipe.empty`.
pub static EMPTY: Site = Site::new("pipe.empty");

/// A read need not wait any more, and is about to take the lock again: point `pipe.readable`.
pub static READABLE: Site = Site::new("pipe.readable");

/// A write has found no room and has given the lock back: point `pipe.full`.
pub static FULL: Site = Site::new("pipe.full");

/// A write need not wait any more, and is about to take the lock again: point `pipe.writable`.
pub static WRITABLE: Site = Site::new("pipe.writable");

/// A read or a write that has waited has the lock again: point `pipe.again`.
pub static AGAIN: Site = Site::new("pipe.again");

/// A read is about to copy bytes out of the buffer: point `pipe.take`.
pub static TAKE: Site = Site::new("pipe.take");

/// A write is about to copy bytes into the buffer: point `pipe.put`.
pub static PUT: Site = Site::new("pipe.put");

/// A read or a write has given the lock back and is about to wake others: point `pipe.wake`.
pub static WAKE: Site = Site::new("pipe.wake");

/// Every point, as scripts write them, in the order in which an open, a write and a read pass them.
pub const POINTS: &[&str] = &[
    "pipe.open",
    "pipe.enter",
    "pipe.full",
    "pipe.writable",
    "pipe.empty",
    "pipe.readable",
    "pipe.again",
    "rp.load",
    "rp.store",
    "wp.load",
    "wp.store",
    "pipe.put",
    "pipe.take",
    "pipe.wake",
];
