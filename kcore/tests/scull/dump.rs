//! What /proc says of a device.

use kcore::errno::Errno;
use kcore::host::Host;
use kcore::machine::Kind;
use kcore::settings::Form;

use crate::{SMALL, device, write_at};

/// The items with the addresses of their parts, the quanta of the last one.
#[test]
fn items_and_the_quanta_of_the_last_one() {
    Host::new().run(|| {
        let device = device(Form::Semaphore, SMALL);
        for position in [0, 8, 24] {
            write_at(&device, position, &[1]).unwrap();
        }
        let mut blocks = Vec::new();
        device.walk(|kind, address| blocks.push((kind, address)));
        let of = |kind| blocks.iter().filter(move |(other, _)| *other == kind).map(|(_, address)| *address);
        let (nodes, arrays): (Vec<_>, Vec<_>) = (of(Kind::Node).collect(), of(Kind::Array).collect());
        let last = of(Kind::Quantum).next_back().unwrap();
        let expected = format!(
            "\nDevice 0: qset 2, q 8, sz 25\n  item at {:016x}, qset at {:016x}\n  item at {:016x}, qset at {:016x}\n       1: {last:016x}\n",
            nodes[0], arrays[0], nodes[1], arrays[1],
        );
        let (mut memory, mut sequence) = (String::new(), String::new());
        assert_eq!((device.show_memory(&mut memory), device.show_sequence(&mut sequence)), (Ok(()), Ok(())));
        assert_eq!((memory.as_str(), sequence.as_str()), (expected.as_str(), expected.as_str()));
    });
}

#[test]
fn an_empty_device_has_no_items() {
    Host::new().run(|| {
        let mut text = String::from("before");
        device(Form::None, SMALL).show_memory(&mut text).unwrap();
        assert_eq!(text, "before\nDevice 0: qset 2, q 8, sz 0\n");
    });
}

/// Takes so many bytes and no more.
struct Room(usize);

impl core::fmt::Write for Room {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(core::fmt::Error)?;
        Ok(())
    }
}

#[test]
fn where_there_is_no_more_room_it_ends_and_gives_the_lock_back() {
    Host::new().run(|| {
        let device = device(Form::Mutex, SMALL);
        write_at(&device, 0, &[1]).unwrap();
        for room in [0, 10, 40, 80] {
            assert_eq!(device.show_sequence(&mut Room(room)), Err(Errno::ENOSPC));
        }
        assert_eq!(device.show_sequence(&mut Room(200)), Ok(()));
    });
}
