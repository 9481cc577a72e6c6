//! The death of a task, as it is kept for whoever reports the run.

use core::fmt;

use kcore::machine::TaskId;
use kcore::report;

use crate::arch::percpu;
use crate::console::cut::Cut;
use crate::mm::backtrace;
use crate::task;

/// Addresses of a backtrace that are kept.
const DEPTH: usize = 16;

/// What is cut to fit.
type Text = Cut<96>;

/// The death of a task.
#[derive(Clone, Debug)]
pub struct Oops {
    /// Whose.
    pub task: TaskId,
    /// On which CPU.
    pub cpu: u32,
    /// Of what.
    pub(crate) what: Text,
    /// Where, if it is a source line.
    pub(crate) at: Text,
    /// The instruction of an exception, then return addresses, innermost first; zeros behind the last.
    pub(crate) backtrace: [u64; DEPTH],
    /// Whether the first of them is that instruction.
    pub(crate) is_exact: bool,
}

impl Oops {
    /// That of the running task, here, of which nothing is said yet.
    pub(crate) fn here() -> Self {
        Oops {
            task: task::current(),
            cpu: percpu::this_cpu(),
            what: Text::new(),
            at: Text::new(),
            backtrace: [0; DEPTH],
            is_exact: false,
        }
    }

    /// Return addresses from `rbp` on, behind the first `kept`.
    pub(crate) fn walk(&mut self, rbp: u64, kept: usize) {
        let mut addresses = [0_usize; DEPTH];
        backtrace::walk(rbp, &mut addresses[kept..]);
        for (to, from) in self.backtrace[kept..].iter_mut().zip(&addresses[kept..]) {
            *to = *from as u64;
        }
    }

    /// All that is known of its backtrace.
    pub(crate) fn addresses(&self) -> &[u64] {
        let end = self.backtrace.iter().position(|address| *address == 0).unwrap_or(DEPTH);
        &self.backtrace[..end]
    }

    /// For whoever reports a run, later. `name` is that of the task, which has ended by now.
    pub(crate) fn say(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oops: {name} (CPU {}) died of this: {}", self.cpu, self.what.as_str())?;
        match self.addresses() {
            [rip, ..] if self.is_exact => write!(f, "\n  at rip [<{rip:016x}>]"),
            _ => write!(f, "\n  at {}", self.at.as_str()),
        }
    }

    /// For machines.
    pub(crate) fn record(&self, name: &str) -> report::Oops {
        report::Oops {
            task: name.into(),
            cpu: self.cpu,
            what: self.what.as_str().into(),
            at: self.at.as_str().into(),
            backtrace: self.addresses().to_vec(),
        }
    }
}
