//! What a pipe is like at one moment, and what `/proc/scullpipe` shows (LDD3's `scull_read_p_mem`).
#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt::{self, Write};

use crate::errno::Errno;
use crate::machine::Machine;
use crate::pipe::device::Pipe;
use crate::pipe::ring::Ring;
use crate::scull::Parameters;

/// What a pipe is like at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Bytes of the buffer; `None` while no task has the pipe open.
    pub buffer: Option<usize>,
    /// How long the buffer is believed to be, and the two positions in it.
    pub ring: Ring,
    /// Files that are open for reading.
    pub readers: u32,
    /// Files that are open for writing.
    pub writers: u32,
}

/// The text. Where the book shows addresses, this shows how far they are from the start of the buffer.
///
/// [`Errno::ERESTARTSYS`] when a signal came while the task slept for the lock of a pipe.
pub fn text<M: Machine>(parameters: &Parameters, pipes: &[Arc<Pipe<M>>]) -> Result<String, Errno> {
    let mut text = String::new();
    // To write to a `String` cannot fail.
    let size = parameters.pipe_buffer.look::<M>(&crate::scull::sites::SCULL_P_BUFFER);
    let _ = writeln!(text, "Default buffersize is {size}");
    for (index, pipe) in pipes.iter().enumerate() {
        let _ = write!(text, "\nDevice {index}: {}\n{}", pipe.name(), pipe.snapshot()?);
    }
    Ok(text)
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring = self.ring;
        match self.buffer {
            Some(_) => writeln!(f, "   Buffer: 0 to {0} ({0} bytes)", ring.size)?,
            None => writeln!(f, "   Buffer: none")?,
        }
        writeln!(f, "   rp {}   wp {}", ring.rp, ring.wp)?;
        writeln!(f, "   readers {}   writers {}", self.readers, self.writers)
    }
}
