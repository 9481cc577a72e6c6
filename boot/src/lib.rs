//! The door.
#![no_std]
