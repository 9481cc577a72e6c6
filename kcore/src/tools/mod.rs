//! The tools of the prompt that need nothing but files: what each does with its words, in system calls.
//!
//! A tool is a function of a [`System`], the process that it runs as. So the host's own tools can be asked
//! for the same: `kcore/tests/tools` compares bytes, messages and statuses.
//!
//! | file | noun |
//! |---|---|
//! | `system` | [`System`]: the system calls of a process, and its complaints |
//! | `options` | [`Options`]: the options among words, as `getopt` finds them |
//! | `mode` | what users may do with a file: `664`, `u=rw,go-w` |
//! | `rows` | rows of bytes, equal ones once |
//! | `escape` | `\n`, `\061`, `\x31` |
//! | [`strace`] | calls as `strace` shows them |
//! | the others | a tool each, or a few of a kind |
#![forbid(unsafe_code)]

mod awk;
mod cat;
mod cp;
mod dd;
mod echo;
mod ends;
mod escape;
mod grep;
mod hexdump;
mod mode;
mod od;
mod options;
mod printf;
mod rows;
mod seq;
pub mod strace;
mod system;
mod tee;
mod wc;

pub use awk::awk;
pub use cat::cat;
pub use cp::{cp, touch};
pub use dd::{WORDS as DD_WORDS, dd};
pub use echo::echo;
pub use ends::{head, tail};
pub use grep::grep;
pub use hexdump::hexdump;
pub use mode::mode;
pub use od::od;
pub use options::{Options, options};
pub use printf::printf;
pub use seq::seq;
pub use system::{Ended, Failure, STDERR, STDIN, STDOUT, System};
pub use tee::tee;
pub use wc::wc;
