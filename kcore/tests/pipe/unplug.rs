//! The device goes while readers and writers are inside.

use kcore::dev::{Cdev, Credentials, Module, OpenFlags, Registry};
use kcore::errno::Errno;
use kcore::host::HostMachine;
use kcore::scull::Edition;

use crate::stage::Stage;

const TIMES: usize = if cfg!(miri) { 3 } else { 1000 };
const EACH: usize = 4;

/// Four readers and four writers call until they are told that there is no device, and they are.
#[test]
fn everybody_inside_gets_enodev() {
    for _ in 0..TIMES {
        let stage = Stage::new(Edition::Repaired, 5);
        stage.host.scope(|tasks| {
            let registry = Registry::<HostMachine>::new();
            let region = registry.claim("scullp", None, 1).unwrap();
            let module = Module::new("scull");
            registry.add(Cdev::new(region.first, "scullpipe0", &module, stage.pipe.clone())).unwrap();
            let callers: Vec<_> = (0..2 * EACH)
                .map(|index| {
                    let file =
                        registry.open(region.first, OpenFlags::READ_WRITE, &Credentials::ROOT).unwrap();
                    tasks.spawn(move || {
                        loop {
                            let done = match index % 2 {
                                0 => file.read(&mut [0; 3]),
                                _ => file.write(b"wxyz"),
                            };
                            match done {
                                Ok(count) => assert!(count > 0),
                                Err(errno) => break errno,
                            }
                        }
                    })
                })
                .collect();
            registry.remove(region.first).unwrap();
            for caller in callers {
                assert_eq!(caller.join().unwrap(), Errno::ENODEV);
            }
            assert_eq!(module.users(), 0);
        });
        stage.assert_nothing_left();
    }
}
