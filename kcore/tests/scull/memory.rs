//! Out of memory, at every place where it can happen.

use kcore::errno::Errno;
use kcore::host::Host;
use kcore::scull::Geometry;
use kcore::settings::Form;

use crate::census::sound;
use crate::{SMALL, device, read_at, write_at};

#[test]
fn a_failed_allocation_loses_nothing() {
    // Node 2 of three, so a write needs five blocks; it may fail at each.
    for allowed in 0..5 {
        let host = Host::new();
        host.run(|| {
            let device = device(Form::Spinlock, SMALL);
            host.allow_allocations(Some(allowed));
            assert_eq!(write_at(&device, 40, &[5]), Err(Errno::ENOMEM), "{allowed} allowed");
            assert_eq!((device.size(), sound(&host, &device).total()), (0, allowed));
            host.allow_allocations(Some(5 - allowed));
            assert_eq!(write_at(&device, 40, &[5]), Ok(1), "goes on where it stopped");
            assert_eq!(sound(&host, &device).total(), 5);
            assert_eq!(read_at(&device, 40, 1), Ok(vec![5]));
            drop(device);
            assert_eq!(host.live(), []);
        });
    }
}

#[test]
fn a_device_that_ran_out_of_memory_can_be_emptied() {
    for allowed in 0..5 {
        let host = Host::new();
        host.run(|| {
            let device = device(Form::Completion, Geometry { quantum: 3, qset: 2 });
            host.allow_allocations(Some(allowed));
            assert_eq!(write_at(&device, 15, &[5]), Err(Errno::ENOMEM));
            {
                let _held = device.guard().enter();
                device.trim();
            }
            assert_eq!(sound(&host, &device).total(), 0);
        });
    }
}
