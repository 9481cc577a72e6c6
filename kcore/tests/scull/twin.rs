//! The twin in safe Rust, held against the same model as scull: its user sees no difference.

use kcore::dev::Whence;
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::report::Counts;
use kcore::scull::{Geometry, Mode};
use kcore::twin::{Device, File};
use proptest::prelude::*;

use crate::census::counts;
use crate::model::{Subject, compare, config, opened, steps};
use crate::{SMALL, device};

type Twin = Device<HostMachine>;

fn twin(geometry: Geometry) -> Twin {
    Device::new(geometry).unwrap()
}

opened!(File<'_, HostMachine>);

impl Subject for Twin {
    type File<'d> = File<'d, HostMachine>;

    fn opened(&self, mode: Mode) -> Self::File<'_> {
        self.open(mode).unwrap()
    }

    fn size(&self) -> usize {
        self.data.lock().size
    }

    /// It takes no blocks from the machine's memory.
    fn blocks(&self, host: &Host) -> Counts {
        assert_eq!(host.live(), []);
        self.data.lock().counts()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_twin_is_the_same_sparse_vector(
        quantum in 1..20_usize,
        qset in 1..5_usize,
        steps in steps(),
    ) {
        let host = Host::new();
        host.run(|| {
            let geometry = Geometry { quantum, qset };
            compare(&host, &twin(geometry), geometry, &steps);
        });
    }
}

#[test]
fn positions_end_where_those_of_scull_end() {
    let tries = |mut seek: Box<dyn FnMut(Whence, i64) -> Result<usize, Errno> + '_>| {
        let asked = [
            (Whence::Set, i64::MAX),
            (Whence::Current, 1),
            (Whence::Current, -1),
            (Whence::Set, -1),
            (Whence::Set, i64::MIN),
            (Whence::End, -1),
            (Whence::End, 100),
        ];
        asked.map(|(whence, offset)| seek(whence, offset))
    };
    Host::new().run(|| {
        let (scull, twin) = (device(kcore::settings::Form::Mutex, SMALL), twin(SMALL));
        let mut theirs = scull.open(Mode::ReadWrite).unwrap();
        let mut ours = twin.open(Mode::ReadWrite).unwrap();
        let results = tries(Box::new(|whence, offset| ours.llseek(whence, offset)));
        assert_eq!(results, tries(Box::new(|whence, offset| theirs.llseek(whence, offset))));
        ours.llseek(Whence::Set, i64::MAX).unwrap();
        assert_eq!(ours.write(&[1]), Err(Errno::EINVAL));
        assert_eq!(twin.data.lock().counts(), counts(0, 0, 0));
    });
}

/// Where scull would make node after node until there is no memory, the twin asks once and hears that there
/// is none.
#[test]
fn what_is_too_large_is_no_memory() {
    Host::new().run(|| {
        for geometry in [
            Geometry { quantum: isize::MAX as usize, qset: 1 },
            Geometry { quantum: 1, qset: isize::MAX as usize / 8 },
            Geometry { quantum: 1, qset: 1 },
        ] {
            let twin = twin(geometry);
            let mut file = twin.open(Mode::ReadWrite).unwrap();
            file.llseek(Whence::Set, i64::MAX - 1).unwrap();
            assert_eq!(file.write(&[1]), Err(Errno::ENOMEM));
        }
    });
}

#[test]
fn a_geometry_is_asked_for_at_any_time_and_comes_with_a_trim() {
    Host::new().run(|| {
        let twin = twin(SMALL);
        let mut file = twin.open(Mode::ReadWrite).unwrap();
        let wide = Geometry { quantum: 100, qset: 1 };
        assert_eq!(twin.exchange_geometry(wide), Ok(SMALL));
        assert_eq!(file.write(&[1; 200]), Ok(8), "not yet");
        assert_eq!(twin.exchange_geometry(SMALL), Ok(wide), "what was asked for, not what is");
        assert_eq!(twin.exchange_geometry(wide), Ok(SMALL));
        assert_eq!(twin.open(Mode::Write).unwrap().write(&[1; 200]), Ok(100));
        for impossible in [Geometry { quantum: 0, qset: 1 }, Geometry { quantum: 1, qset: 0 }] {
            assert_eq!(twin.exchange_geometry(impossible), Err(Errno::EINVAL));
            assert!(Device::<HostMachine>::new(impossible).is_err());
        }
    });
}

#[test]
fn each_of_many_exchanges_has_an_answer_of_its_own() {
    let host = Host::new();
    let twin = host.run(|| twin(Geometry { quantum: 1, qset: 1 }));
    let seen: Vec<_> = (0..401).map(|_| std::sync::atomic::AtomicU32::new(0)).collect();
    host.tasks(4, |task| {
        for number in 0..100 {
            let old = twin.exchange_geometry(Geometry { quantum: 2 + 100 * task + number, qset: 1 }).unwrap();
            seen[old.quantum - 1].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    });
    let last = twin.data.lock().next_geometry.quantum - 1;
    let mut times = seen.into_iter().map(|times| times.into_inner()).enumerate();
    assert!(times.all(|(number, times)| times == u32::from(number != last)));
}
