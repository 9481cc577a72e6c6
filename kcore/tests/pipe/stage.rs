//! A pipe on a machine of its own.

use std::ops::Deref;
use std::sync::Arc;

use kcore::dev::{CharDevice, Credentials, FileOperations, OpenFlags};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::pipe;
use kcore::scull::{Edition, Parameters};

pub(crate) type Pipe = pipe::Pipe<HostMachine>;

/// An open file, which is released on its own machine, wherever it is dropped.
pub(crate) struct File {
    host: Host,
    operations: Option<Box<dyn FileOperations<HostMachine>>>,
}

impl Deref for File {
    type Target = dyn FileOperations<HostMachine>;

    fn deref(&self) -> &Self::Target {
        self.operations.as_deref().expect("it is open until it is dropped")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let operations = self.operations.take();
        self.host.run(|| drop(operations));
    }
}

/// A pipe, its module's settings, and its machine.
pub(crate) struct Stage {
    pub(crate) host: Host,
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) pipe: Arc<Pipe>,
}

impl Stage {
    /// A pipe whose buffer will have `size` bytes.
    pub(crate) fn new(edition: Edition, size: usize) -> Self {
        Stage::on(&Host::new(), edition, size)
    }

    /// The same, on a machine that has other pipes, too.
    pub(crate) fn on(host: &Host, edition: Edition, size: usize) -> Self {
        let parameters = Arc::new(Parameters::default());
        parameters.pipe_buffer.set_up(size);
        let pipe = Pipe::new(0, &parameters, edition).expect("there is a first pipe");
        Stage { host: host.clone(), parameters, pipe }
    }

    pub(crate) fn open(&self, flags: OpenFlags) -> Result<File, Errno> {
        let operations = self.host.run(|| self.pipe.clone().open(flags, &Credentials::ROOT))?;
        Ok(File { host: self.host.clone(), operations: Some(operations) })
    }

    /// A file for both, which never sleeps.
    pub(crate) fn open_nonblock(&self) -> File {
        self.open(OpenFlags::READ_WRITE | OpenFlags::NONBLOCK).expect("there is memory")
    }

    /// A file for both, which may sleep.
    pub(crate) fn open_both(&self) -> File {
        self.open(OpenFlags::READ_WRITE).expect("there is memory")
    }

    /// All files are closed: nothing is left, and nothing was freed twice.
    pub(crate) fn assert_nothing_left(&self) {
        let account = self.host.account();
        assert_eq!((account.live_bytes, account.double_frees, account.unknown_frees), (0, 0, 0));
        assert_eq!(self.pipe.sleepers(), (0, 0));
    }
}

/// Writes all of `bytes`, in as many calls as it takes.
pub(crate) fn write_all(file: &File, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let count = file.write(bytes).expect("nobody ends it");
        assert!((1..=bytes.len()).contains(&count));
        bytes = &bytes[count..];
    }
}
