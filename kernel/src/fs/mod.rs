//! The names of everything that can be opened.
//!
//! ```text
//! /dev                       devices: null zero full random urandom console tty, and those of the loaded modules
//! /proc                      devices modules meminfo slabinfo lock_stat interrupts uptime version cpuinfo mounts,
//!   PID, self                status stack, for each task,
//!                            and what modules add: scullmem scullseq scullpipe
//! /proc/sys/kernel           printk
//! /sys/kernel, /sys/kernel/debug   kmemleak, and what drivers in C add
//! /etc                       group
//! /mnt                       copies of files of the host
//! ```
//!
//! There are no files on a disk: a name stands for a device or for a text that is made when it is opened.
//! Everything belongs to the superuser; the others have the last three bits of the mode.
//!
//! - [`Kind`], [`Entry`]: what `stat` and `ls` tell.
//! - [`open`](fn@open), [`stat`], [`list`], [`shortest`]: by path.
//! - `tree`: what each name stands for.
//! - `nodes`: the names in `/dev`: [`mknod`], [`symlink`], [`unlink`], [`chmod`], [`chgrp`], [`add_node`],
//!   [`remove_node`].
//! - [`groups`]: `/etc/group`; `mount`: `/mnt`.
//! - [`Generated`]: a file whose text is made; `Snapshot`: one that is open.
//! - `proc`: the files of `/proc`; [`MOUNTS`].
//! - `made`: what modules add: [`add_file`], [`add_directory`], [`remove_file`].

mod generated;
pub mod groups;
mod made;
mod mount;
mod nodes;
mod path;
mod proc;
mod tree;

pub use generated::Generated;
pub(crate) use made::is_free as made_is_free;
pub(crate) use made::take_out_file;
pub use made::{add_directory, add_file, remove_file};
pub(crate) use nodes::is_free as names_are_free;
pub use nodes::{add_node, remove_node};
pub use path::{Entry, File, Kind, chgrp, chmod, list, lstat, mknod, open, shortest, stat, symlink, unlink};
pub use proc::MOUNTS;
