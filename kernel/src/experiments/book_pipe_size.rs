//! R18: a pipe is opened a second time, and its buffer is believed to be longer than it is.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kcore::dev::OpenFlags;
use kcore::errno::Errno;
use kcore::experiment::CALL;
use kcore::shared::probe;

use crate::machine::Kernel;

use super::pipe::Stage;
use super::stamps;
use super::trial::{Refusal, Trial};

/// Bytes that A writes.
const FIRST: usize = 100;
/// Bytes that B wants to write.
const SECOND: usize = 6000;
/// Bytes of a buffer, from the time on when B has come.
const LARGER: usize = 8000;

/// How both open it.
const FLAGS: OpenFlags = OpenFlags::READ_WRITE.union(OpenFlags::NONBLOCK);

/// One round: A writes to each pipe and reads it back; B sets a larger size, opens the pipe, and writes to it.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let refused = AtomicU64::new(0);
    trial.pipe_round(&[], &|who, stage| {
        let done = if who == 0 { write_and_read(stage) } else { enlarge_and_write(stage) };
        refused.fetch_add(done.is_err().into(), Relaxed);
    })?;
    trial.out_of_memory += refused.into_inner();
    Ok(())
}

fn write_and_read(stage: &Stage) -> Result<(), Errno> {
    let file = stage.open(FLAGS)?;
    let _ = file.write(&[stamps::of(0); FIRST]);
    probe::<Kernel>(&CALL);
    let _ = file.read(&mut [0; FIRST]);
    Ok(())
}

fn enlarge_and_write(stage: &Stage) -> Result<(), Errno> {
    stage.parameters.pipe_buffer.poke(LARGER);
    let file = stage.open(FLAGS)?;
    let bytes = stamps::buffer(SECOND, stamps::of(1))?;
    let _ = file.write(&bytes);
    Ok(())
}
