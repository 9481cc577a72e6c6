//! R16: a reader of the pipe is woken, and goes on without another look.

use kcore::dev::OpenFlags;
use kcore::errno::Errno;
use kcore::experiment::CALL;
use kcore::shared::probe;

use crate::machine::Kernel;

use super::pipe::Stage;
use super::trial::{Refusal, Trial};

/// One round: A reads a byte from each pipe; B writes one, reads one, and writes another.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    // Who is alone would wait for ever.
    if trial.resolved.writers < 2 {
        return Ok(());
    }
    trial.pipe_round(&|who, stage| {
        let ended = if who == 0 { read(stage) } else { write_read_write(stage) };
        // Without memory for a buffer there is no pipe, and A need not wait for B.
        if ended == Err(Errno::ENOMEM) {
            kcore::dev::CharDevice::unplugged(&*stage.pipe);
        }
    })
}

fn read(stage: &Stage) -> Result<(), Errno> {
    stage.open(OpenFlags::READ)?.read(&mut [0]).map(drop)
}

/// Never sleeps: where there is nothing to read, A has read it.
fn write_read_write(stage: &Stage) -> Result<(), Errno> {
    let file = stage.open(OpenFlags::READ_WRITE | OpenFlags::NONBLOCK)?;
    file.write(b"1")?;
    // -EAGAIN is an answer, too.
    let _ = file.read(&mut [0]);
    probe::<Kernel>(&CALL);
    let _ = file.write(b"2");
    // What is in a pipe goes with its last file, and A may come only now.
    stage.keep(file);
    Ok(())
}
