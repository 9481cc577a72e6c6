//! Every execution of an experiment, in the kernel: its tasks wait before each of their steps for their turn,
//! and a [`Search`](kcore::explore::Search) says which goes on. What is a step is what is told ([decision
//! 44](../../../../docs/decisions/0044-the-kernel-explores-on-one-cpu.md)). All are on one CPU, but where an
//! interrupt of another is what they are about ([decision
//! 46](../../../../docs/decisions/0046-what-runs-on-another-cpu-is-explored-there.md)).
//!
//! | file | noun |
//! |---|---|
//! | `agents` | [`Staff`]: what a driver leaves for later, as parts that are rung for |
//! | `clash` | [`Clash`]: a spinlock that a handler takes, and that is taken where it may come |
//! | `world` | one execution at a time: its parts, what each wants to do next, and what was found |
//! | `names` | what addresses are called that are others in the next execution |
//! | `ear` | what is told, as steps |
//! | `mode` | [`Mode`]: where the parts run, and what keeps them from going on |
//! | `scribe` | what is written down of one that people will read |
//! | `office` | [`Office`]: where CPUs that share a search fetch what they make |
//! | `turns` | whose turn it is: tasks that hand it on, and interrupts on top of them |

mod agents;
mod clash;
mod ear;
mod mode;
mod names;
mod office;
mod scribe;
mod turns;
mod world;

pub use agents::{
    Gate, Staff, agenda, await_agenda, cannot, change, is_agent, meet, meet_before_close, more, number_of,
    open_gate, pass_gate, ring, sleeps_until, sort, try_take, were_bounded,
};
pub use clash::{Clash, clash};
pub use ear::{rest, signal_at, signal_no_more};
pub use mode::Mode;
pub use office::{Office, survey};
pub use scribe::{is_written_down, note_lost, replayed, write_down};
pub(crate) use turns::is_hushed;
pub use turns::{
    begin, close, died, dies_at, end, explore, explore_with, hush, is_between, is_on_each_cpu, is_open,
    is_part, look_for_races, made, open, race, race_of, races, renumbered, running, search, take_part,
    trouble, unheard, was_tried_in_vain,
};
