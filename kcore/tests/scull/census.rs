//! The identities of the account.

use std::collections::BTreeSet;

use kcore::host::Host;
use kcore::machine::Kind;
use kcore::report::Counts;

use crate::Scull;

/// Blocks by kind: alive, and alive but not reachable from the device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Census {
    pub(crate) live: Counts,
    pub(crate) leaked: Counts,
}

pub(crate) fn counts(node: u64, array: u64, quantum: u64) -> Counts {
    Counts { node, array, quantum }
}

/// Takes the census of a machine with one device, and checks `allocated - freed = live`.
pub(crate) fn census(host: &Host, device: &Scull) -> Census {
    let mut reachable = BTreeSet::new();
    assert_eq!(device.walk(|_, address| assert!(reachable.insert(address))), 0, "poison in the list");
    let (mut live, mut leaked) = (Counts::default(), Counts::default());
    for block in host.live() {
        assert_ne!(block.kind, Kind::Other);
        live[block.kind] += 1;
        if !reachable.remove(&block.address) {
            leaked[block.kind] += 1;
        }
    }
    assert!(reachable.is_empty(), "freed blocks can be reached");
    let account = host.account();
    assert_eq!(account.allocated - account.freed, live);
    Census { live, leaked }
}

/// The census of a device that has leaked nothing and noticed nothing wrong.
#[track_caller]
pub(crate) fn sound(host: &Host, device: &Scull) -> Counts {
    let census = census(host, device);
    assert_eq!(census.leaked, Counts::default());
    assert_eq!(device.damage(), kcore::scull::Damage::default());
    census.live
}
