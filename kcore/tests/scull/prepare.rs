//! What an experiment finds in the device: set up by hand, without a write.

use kcore::errno::Errno;
use kcore::host::Host;
use kcore::settings::Form;

use crate::census::{counts, sound};
use crate::{SMALL, Scull, device, read_at, write_at};

fn with(test: impl FnOnce(&Host, &Scull)) {
    let host = Host::new();
    host.run(|| test(&host, &device(Form::Semaphore, SMALL)));
}

#[test]
fn nodes_come_without_arrays() {
    with(|host, device| {
        assert_eq!((device.prepare_nodes(0), sound(host, device)), (Ok(()), counts(0, 0, 0)));
        assert_eq!((device.prepare_nodes(3), sound(host, device)), (Ok(()), counts(3, 0, 0)));
        assert_eq!(
            (device.prepare_nodes(2), sound(host, device)),
            (Ok(()), counts(3, 0, 0)),
            "they are there"
        );
        assert_eq!(device.size(), 0);
    });
}

#[test]
fn arrays_come_without_quanta() {
    with(|host, device| {
        assert_eq!((device.prepare_arrays(0), sound(host, device)), (Ok(()), counts(0, 0, 0)));
        assert_eq!((device.prepare_arrays(2), sound(host, device)), (Ok(()), counts(2, 2, 0)));
        assert_eq!(device.size(), 0);
        // A write finds all but its quantum.
        assert_eq!((write_at(device, 24, &[1]), sound(host, device)), (Ok(1), counts(2, 2, 1)));
    });
}

#[test]
fn what_was_made_before_memory_ran_out_stays() {
    with(|host, device| {
        host.allow_allocations(Some(1));
        assert_eq!((device.prepare_nodes(2), sound(host, device)), (Err(Errno::ENOMEM), counts(1, 0, 0)));
        host.allow_allocations(Some(2));
        assert_eq!((device.prepare_arrays(2), sound(host, device)), (Err(Errno::ENOMEM), counts(2, 1, 0)));
    });
}

#[test]
fn a_hole_from_end_to_end_is_a_size_and_nothing_else() {
    with(|host, device| {
        device.prepare_hole(20);
        assert_eq!((device.size(), sound(host, device)), (20, counts(0, 0, 0)));
        assert_eq!(read_at(device, 17, 8), Ok(vec![]), "nothing is there");
        assert_eq!(sound(host, device), counts(2, 0, 0), "but the size let the read look for it");
    });
}
