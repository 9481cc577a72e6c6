//! What holds for the whole module: LDD3's `scull_quantum`, `scull_qset` and `scull_p_buffer`.
#![forbid(unsafe_code)]

use crate::scull::Geometry;
use crate::shared::Shared;

/// The module's settings. A device takes quantum and qset over when it is trimmed, a pipe its buffer's size
/// when it is first opened. They are `int`s, as in the book: a negative one is kept as it is.
#[derive(Debug)]
pub struct Parameters {
    /// Bytes of a quantum (`scull_quantum`).
    pub quantum: Shared<usize>,
    /// Pointers of an array (`scull_qset`).
    pub qset: Shared<usize>,
    /// Bytes of a pipe's buffer (`scull_p_buffer`).
    pub pipe_buffer: Shared<usize>,
}

impl Parameters {
    /// Bytes of a pipe's buffer unless the user says otherwise (`SCULL_P_BUFFER`).
    pub const PIPE_BUFFER: usize = 4000;

    /// Devices are divided as `geometry` says; pipes have the book's buffer.
    pub fn new(geometry: Geometry) -> Self {
        Parameters {
            quantum: Shared::new(geometry.quantum),
            qset: Shared::new(geometry.qset),
            pipe_buffer: Shared::new(Self::PIPE_BUFFER),
        }
    }

    /// What a device takes over when it is trimmed. Neither guarded nor a probe point.
    pub fn geometry(&self) -> Geometry {
        Geometry { quantum: self.quantum.audit(), qset: self.qset.audit() }
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters::new(Geometry::default())
    }
}
