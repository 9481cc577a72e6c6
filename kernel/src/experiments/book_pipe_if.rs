//! R16: a reader of the pipe is woken, and goes on without another look.

use kcore::dev::OpenFlags;
use kcore::errno::Errno;
use kcore::experiment::CALL;
use kcore::shared::probe;

use crate::machine::Kernel;

use super::pipe::Opened;
use super::trial::{Refusal, Trial};

/// One round: A reads a byte from each pipe; B writes one, reads one, and writes another.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let flags = [OpenFlags::READ, OpenFlags::READ_WRITE.union(OpenFlags::NONBLOCK)];
    trial.pipe_round(&flags, &|who, stage| {
        let file = stage.file(who);
        // -EAGAIN is an answer, too; and of two bytes B takes one at most, so there is one for A.
        let _ = if who == 0 { file.read(&mut [0]) } else { write_read_write(file) };
    })
}

/// Never sleeps: where there is nothing to read, A has read it.
fn write_read_write(file: &Opened) -> Result<usize, Errno> {
    file.write(b"1")?;
    let _ = file.read(&mut [0]);
    probe::<Kernel>(&CALL);
    file.write(b"2")
}
