//! Random use of a device against a vector of bytes.

use std::collections::BTreeSet;

use kcore::dev::Whence;
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::report::Counts;
use kcore::scull::{File, Geometry, Mode};
use kcore::settings::Form;
use proptest::prelude::*;

use crate::census::{counts, sound};
use crate::{Scull, device};

/// A device that the model is held against.
pub(crate) trait Subject {
    /// One of its open files.
    type File<'d>: Opened
    where
        Self: 'd;
    fn opened(&self, mode: Mode) -> Self::File<'_>;
    fn size(&self) -> usize;
    /// The blocks that it is made of, after a look whether there are others.
    fn blocks(&self, host: &Host) -> Counts;
}

/// An open file of it.
pub(crate) trait Opened {
    fn position(&self) -> usize;
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Errno>;
    fn write(&mut self, from: &[u8]) -> Result<usize, Errno>;
    fn llseek(&mut self, whence: Whence, offset: i64) -> Result<usize, Errno>;
}

/// The methods of a file are those of the trait.
macro_rules! opened {
    ($file:ty) => {
        impl $crate::model::Opened for $file {
            fn position(&self) -> usize {
                self.position()
            }
            fn read(&mut self, into: &mut [u8]) -> Result<usize, kcore::errno::Errno> {
                self.read(into)
            }
            fn write(&mut self, from: &[u8]) -> Result<usize, kcore::errno::Errno> {
                self.write(from)
            }
            fn llseek(
                &mut self,
                whence: kcore::dev::Whence,
                offset: i64,
            ) -> Result<usize, kcore::errno::Errno> {
                self.llseek(whence, offset)
            }
        }
    };
}
pub(crate) use opened;

opened!(File<'_, HostMachine>);

impl Subject for Scull {
    type File<'d> = File<'d, HostMachine>;

    fn opened(&self, mode: Mode) -> Self::File<'_> {
        self.open(mode).unwrap()
    }

    fn size(&self) -> usize {
        self.size()
    }

    fn blocks(&self, host: &Host) -> Counts {
        sound(host, self)
    }
}

/// What a user does; the first number says with which file.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Open(usize, Mode),
    Read(usize, usize),
    Write(usize, usize, u8),
    Seek(usize, Whence, i64),
}

const FILES: usize = 3;

fn step() -> impl Strategy<Value = Step> {
    let mode = prop_oneof![1 => Just(Mode::Read), 1 => Just(Mode::Write), 4 => Just(Mode::ReadWrite)];
    let whence = prop_oneof![Just(Whence::Set), Just(Whence::Current), Just(Whence::End)];
    prop_oneof![
        1 => (0..FILES, mode).prop_map(|(file, mode)| Step::Open(file, mode)),
        4 => (0..FILES, 0..40_usize).prop_map(|(file, count)| Step::Read(file, count)),
        6 => (0..FILES, 0..40_usize, 1..=255_u8).prop_map(|(file, count, byte)| Step::Write(file, count, byte)),
        3 => (0..FILES, whence, -30..90_i64).prop_map(|(file, whence, offset)| Step::Seek(file, whence, offset)),
    ]
}

/// What the device should be. `quanta` are the quanta that exist, `nodes` how many nodes do.
struct Model {
    geometry: Geometry,
    bytes: Vec<u8>,
    size: usize,
    nodes: usize,
    quanta: BTreeSet<usize>,
}

impl Model {
    fn trim(&mut self) {
        (self.size, self.nodes) = (0, 0);
        self.bytes.clear();
        self.quanta.clear();
    }

    fn to_quantum_end(&self, position: usize) -> usize {
        self.geometry.quantum - position % self.geometry.quantum
    }

    fn read(&self, position: usize, count: usize) -> Vec<u8> {
        let to_end = self.size.saturating_sub(position);
        let count = count.min(to_end).min(self.to_quantum_end(position));
        if position >= self.size || !self.quanta.contains(&(position / self.geometry.quantum)) {
            return vec![];
        }
        self.bytes[position..][..count].to_vec()
    }

    fn write(&mut self, position: usize, from: &[u8]) -> usize {
        let from = &from[..from.len().min(self.to_quantum_end(position))];
        let end = position + from.len();
        self.quanta.insert(position / self.geometry.quantum);
        self.nodes = self.nodes.max(position / self.geometry.item_size() + 1);
        self.size = self.size.max(end);
        self.bytes.resize(self.bytes.len().max(end), 0);
        self.bytes[position..end].copy_from_slice(from);
        from.len()
    }

    fn arrays(&self) -> usize {
        let nodes: BTreeSet<_> = self.quanta.iter().map(|quantum| quantum / self.geometry.qset).collect();
        nodes.len()
    }
}

fn play<'d, S: Subject>(device: &'d S, files: &mut [(Mode, S::File<'d>)], model: &mut Model, step: &Step) {
    match *step {
        Step::Open(file, mode) => {
            files[file] = (mode, device.opened(mode));
            if mode == Mode::Write {
                model.trim();
            }
        }
        Step::Read(file, count) => {
            let (mode, file) = &mut files[file];
            let position = file.position();
            let mut bytes = vec![0xee; count];
            let read = file.read(&mut bytes).map(|read| &bytes[..read]);
            if *mode == Mode::Write {
                assert_eq!(read, Err(Errno::EBADF));
            } else {
                assert_eq!(read, Ok(&model.read(position, count)[..]));
            }
        }
        Step::Write(file, count, byte) => {
            let (mode, file) = &mut files[file];
            let position = file.position();
            let bytes: Vec<u8> = (0..count).map(|n| byte.wrapping_add(n as u8)).collect();
            let wrote = file.write(&bytes);
            if *mode == Mode::Read {
                assert_eq!(wrote, Err(Errno::EBADF));
            } else {
                assert_eq!(wrote, Ok(model.write(position, &bytes)));
            }
        }
        Step::Seek(file, whence, offset) => {
            let file = &mut files[file].1;
            let base = match whence {
                Whence::Set => 0,
                Whence::Current => file.position(),
                Whence::End => model.size,
            };
            let target = usize::try_from(base as i64 + offset).map_err(|_| Errno::EINVAL);
            assert_eq!(file.llseek(whence, offset), target);
        }
    }
}

/// How the steps of a test come about.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..60)
}

/// How often it is done.
pub(crate) fn config() -> ProptestConfig {
    let cases = if cfg!(miri) { 6 } else { 512 };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Plays `steps` on the device and the model, and compares them after each.
pub(crate) fn compare(host: &Host, device: &impl Subject, geometry: Geometry, steps: &[Step]) {
    let mut files: Vec<_> = (0..FILES).map(|_| (Mode::ReadWrite, device.opened(Mode::ReadWrite))).collect();
    let mut model = Model { geometry, bytes: vec![], size: 0, nodes: 0, quanta: BTreeSet::new() };
    for step in steps {
        play(device, &mut files, &mut model, step);
        assert_eq!(device.size(), model.size);
        let expected = counts(model.nodes as u64, model.arrays() as u64, model.quanta.len() as u64);
        assert_eq!(device.blocks(host), expected);
    }
}

proptest! {
    #![proptest_config(config())]

    /// Whatever files do one after the other, the device gives back what was written, is made of the blocks
    /// that it needs and no others, and takes them all down with it.
    #[test]
    fn a_device_is_a_sparse_vector(
        quantum in 1..20_usize,
        qset in 1..5_usize,
        lock in prop::sample::select(vec![Form::None, Form::Spinlock, Form::Semaphore, Form::Completion]),
        steps in steps(),
    ) {
        let host = Host::new();
        host.run(|| {
            let geometry = Geometry { quantum, qset };
            let device = device(lock, geometry);
            compare(&host, &device, geometry, &steps);
            drop(device);
            assert_eq!(host.live(), []);
        });
    }
}
