//! What was written and has not gone where it belongs: one process writes a draft, another brings it there.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::class;
use kcore::dev::{FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::event::Class;
use kcore::sync::{Completion, Mutex, Own};
use kcore::tools::System;

use super::Process;
use super::process::{STDERR, STDOUT};
use crate::fs::File;
use crate::machine::Kernel;

/// What a process has put out, and its complaints.
pub struct Draft {
    /// For each call the descriptor and the bytes, in the order of the calls.
    writes: Mutex<Vec<(usize, Vec<u8>)>, Kernel>,
    finished: Completion<Kernel>,
}

/// A descriptor that leads into a draft.
struct End {
    draft: Arc<Draft>,
    descriptor: usize,
}

impl Draft {
    /// What `process` will write from now on.
    pub fn of(process: &Process) -> Arc<Self> {
        let draft = Arc::new(Draft {
            writes: Mutex::new(Own(class!("draft")), Vec::new()),
            finished: Completion::new(Class::EVENT),
        });
        for descriptor in [STDOUT, STDERR] {
            let end = End { draft: Arc::clone(&draft), descriptor };
            process.set_file(descriptor, Arc::new(File::new(Box::new(end), OpenFlags::WRITE)));
        }
        draft
    }

    /// Nothing more is written to it.
    pub fn finish(&self) {
        self.finished.complete_all();
    }

    /// Waits until it is finished, and has `process` write it, in as many calls as there were.
    pub fn write_as(&self, process: &Process) {
        self.finished.wait();
        let writes = core::mem::take(&mut *self.writes.lock());
        for (descriptor, bytes) in writes {
            match process.write_all(descriptor, &bytes) {
                Err(errno) if descriptor == STDOUT => process.lose_output(errno),
                // Where no reader can be told of a complaint, none can be told of that either.
                _ => {}
            }
        }
    }
}

impl FileOperations<Kernel> for End {
    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        self.draft.writes.lock().push((self.descriptor, from.to_vec()));
        Ok(from.len())
    }
}
