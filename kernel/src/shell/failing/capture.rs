//! What a line prints, without memory for it: what it comes to, and whether it says that there is no memory.

use alloc::boxed::Box;
use alloc::sync::Arc;

use kcore::class;
use kcore::dev::{FileOperations, OpenFlags};
use kcore::errno::Errno;

use crate::fs::File;
use crate::machine::{Kernel, SpinLock};

/// In which words it is said that there is no memory.
const WORDS: [&str; 5] =
    ["not enough memory", "no memory", "memory exhausted", "ENOMEM", Errno::ENOMEM.message()];
/// Bytes of the last text that are kept for a reader that looks for a mistake.
const KEPT: usize = 160;

/// A text, as far as it is kept.
#[derive(Clone, Copy)]
pub(super) struct Said {
    /// What all of it comes to (FNV-1a).
    pub(super) hash: u64,
    /// Whether it says that there is no memory.
    pub(super) names_memory: bool,
    /// Whether it tells the verdict of an experiment.
    pub(super) has_verdict: bool,
    /// Whether that is one for which tasks were given up in the middle of a driver: what they own is never
    /// freed (I17).
    pub(super) has_given_up: bool,
    last: [u8; KEPT],
    length: usize,
}

impl Said {
    const NOTHING: Said = Said {
        hash: 0xcbf2_9ce4_8422_2325,
        names_memory: false,
        has_verdict: false,
        has_given_up: false,
        last: [0; KEPT],
        length: 0,
    };

    /// The begin of what was written last.
    pub(super) fn last(&self) -> &str {
        str::from_utf8(&self.last[..self.length]).unwrap_or("?").trim_end()
    }

    fn add(&mut self, text: &[u8]) {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        self.hash = text.iter().fold(self.hash, step);
        let has = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
        self.names_memory |= WORDS.into_iter().any(has);
        self.has_verdict |= has("verdict: ");
        self.has_given_up |= has("verdict: invalid-context");
        self.length = text.len().min(KEPT);
        self.last[..self.length].copy_from_slice(&text[..self.length]);
    }
}

static SAID: SpinLock<Said> = SpinLock::new(class!("captured output"), Said::NOTHING);

/// A file that keeps what is written to it.
struct Capture;

/// Opens it.
pub(super) fn open() -> Arc<File> {
    Arc::new(File::new(Box::new(Capture), OpenFlags::READ_WRITE))
}

/// Nothing was written yet.
pub(super) fn begin() {
    *SAID.lock() = Said::NOTHING;
}

/// What was written.
pub(super) fn said() -> Said {
    *SAID.lock()
}

impl FileOperations<Kernel> for Capture {
    fn read(&self, _into: &mut [u8]) -> Result<usize, Errno> {
        Ok(0)
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        SAID.lock().add(from);
        Ok(from.len())
    }
}
