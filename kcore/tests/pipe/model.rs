//! The pipe against a queue of bytes.

use std::collections::VecDeque;

use kcore::dev::{Events, PollTable};
use kcore::errno::Errno;
use kcore::pipe::{Damage, Ring};
use kcore::scull::Edition;
use proptest::prelude::*;

use crate::stage::Stage;

/// What the pipe should be: a queue, and where in the buffer it begins.
struct Model {
    bytes: VecDeque<u8>,
    size: usize,
    rp: usize,
}

impl Model {
    fn wp(&self) -> usize {
        (self.rp + self.bytes.len()) % self.size
    }

    /// One read: not past the end of the buffer.
    fn read(&mut self, most: usize) -> Result<Vec<u8>, Errno> {
        if self.bytes.is_empty() {
            return Err(Errno::EAGAIN);
        }
        let count = most.min(self.bytes.len()).min(self.size - self.rp);
        self.rp = (self.rp + count) % self.size;
        Ok(self.bytes.drain(..count).collect())
    }

    /// One write: not past the end of the buffer, and one byte stays free.
    fn write(&mut self, from: &[u8]) -> Result<usize, Errno> {
        let space = self.size - 1 - self.bytes.len();
        if space == 0 {
            return Err(Errno::EAGAIN);
        }
        let count = from.len().min(space).min(self.size - self.wp());
        self.bytes.extend(&from[..count]);
        Ok(count)
    }

    fn events(&self) -> Events {
        let mut events = Events::empty();
        events.set(Events::IN, !self.bytes.is_empty());
        events.set(Events::OUT, self.bytes.len() + 1 < self.size);
        events
    }
}

#[derive(Clone, Debug)]
enum Step {
    Read(usize),
    Write(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![(0..50usize).prop_map(Step::Read), (0..50usize).prop_map(Step::Write)];
    prop::collection::vec(step, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 256 }))]

    /// One task is right in both editions: the mistakes need a second one, or a second open.
    #[test]
    fn one_file_is_a_queue(size in 2..64usize, steps in steps(), book in any::<bool>()) {
        let stage = Stage::new(if book { Edition::Book } else { Edition::Repaired }, size);
        let file = stage.open_nonblock();
        let mut model = Model { bytes: VecDeque::new(), size, rp: 0 };
        let mut next = 0u8;
        stage.host.run(|| {
            for step in steps {
                match step {
                    Step::Read(most) => {
                        let mut into = vec![0; most];
                        let read = file.read(&mut into).map(|count| into[..count].to_vec());
                        prop_assert_eq!(read, model.read(most));
                    }
                    Step::Write(len) => {
                        let from: Vec<u8> = (0..len).map(|index| next.wrapping_add(index as u8)).collect();
                        let wrote = file.write(&from);
                        prop_assert_eq!(wrote, model.write(&from));
                        next = next.wrapping_add(wrote.unwrap_or(0) as u8);
                    }
                }
                prop_assert_eq!(file.poll(&mut PollTable::asking()), model.events());
                let ring = Ring { size, rp: model.rp, wp: model.wp() };
                prop_assert_eq!(stage.pipe.snapshot().unwrap().ring, ring);
            }
            drop(file);
            Ok(())
        })?;
        prop_assert_eq!(stage.pipe.damage(), Damage::default());
        stage.assert_nothing_left();
    }

    /// What the arithmetic says of any ring that is not empty.
    #[test]
    fn a_ring_holds_one_byte_less_than_it_has(size in 2..1000usize, rp in 0..1000usize, wp in 0..1000usize) {
        let ring = Ring { size, rp: rp % size, wp: wp % size };
        let held = (ring.wp + size - ring.rp) % size;
        prop_assert_eq!(ring.space(), size - 1 - held);
        prop_assert_eq!(ring.is_empty(), held == 0);
        prop_assert!(ring.writable_at_once() <= ring.space());
        prop_assert_eq!(ring.writable_at_once() == 0, ring.space() == 0);
        if held > 0 {
            prop_assert!((1..=held).contains(&ring.readable_at_once()));
        }
        prop_assert_eq!(ring.after(ring.rp, ring.readable_at_once()) < size, true);
    }
}
