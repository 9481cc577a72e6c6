//! A shell at which no user sits, for the kernel's own tests.

use kcore::report::Boot;
use kcore::settings::MachineSettings;
use spin::Once;

use super::program;
use super::state::Shell;
use crate::tty::foreground;

static IS_PREPARED: Once = Once::new();

/// It obeys lines; what they put out goes to the terminal.
pub(crate) struct Rehearsal(Shell);

impl Rehearsal {
    /// A shell on this machine.
    pub(crate) fn new(settings: &'static MachineSettings, boot: &'static Boot) -> Self {
        IS_PREPARED.call_once(|| program::prepare(settings, boot));
        foreground::signals();
        Rehearsal(Shell::new(settings, false))
    }

    /// Does what `line` says; `$?` afterwards.
    pub(crate) fn obey(&mut self, line: &str) -> i32 {
        let status = self.0.line(line).map(|()| self.0.status);
        status.unwrap_or(program::MISUSE)
    }
}
