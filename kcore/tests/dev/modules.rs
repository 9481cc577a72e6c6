//! When a module may go.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kcore::dev::Module;
use kcore::errno::Errno;
use kcore::host::Host;

use crate::driver::{Machine, World};

#[test]
fn a_module_is_busy_while_a_file_is_open() {
    let world = World::new();
    world.plug(0);
    let files: Vec<_> = (0..3).map(|_| world.open(0).unwrap()).collect();
    let another_reference = files[0].clone();
    assert_eq!(world.module.users(), 3, "files count, references do not");
    assert_eq!(world.module.retire(), Err(Errno::EBUSY));
    assert!(world.open(0).is_ok(), "all is as it was");
    drop(files);
    assert_eq!(world.module.retire(), Err(Errno::EBUSY), "somebody has the file still");
    drop(another_reference);
    assert_eq!(world.module.users(), 0);
    assert_eq!(world.module.retire(), Ok(()));
    assert_eq!(world.open(0).err(), Some(Errno::ENXIO), "it is on its way out");
}

#[test]
fn a_module_that_is_forced_out_is_used_until_the_last_file_is_closed() {
    let world = World::new();
    let device = world.plug(0);
    let file = world.open(0).unwrap();
    world.module.force_out();
    assert_eq!(world.open(0).err(), Some(Errno::ENXIO));
    world.registry.remove(world.number(0)).unwrap();
    world.registry.give_back(&world.region);
    assert_eq!((world.module.users(), file.read(&mut [0])), (1, Err(Errno::ENODEV)));
    drop(file);
    assert_eq!((world.module.users(), device.upgrade().is_none()), (0, true));
}

/// Some use it and some retire it, all at once: a user that has it is never told that it went.
#[test]
fn who_uses_it_and_who_retires_it_exclude_each_other() {
    for _ in 0..500 {
        let (host, module) = (Host::new(), Module::<Machine>::new("m"));
        let users = AtomicUsize::new(0);
        host.tasks(4, |task| match task {
            0 => {
                if module.retire().is_ok() {
                    assert_eq!(users.load(SeqCst), 0);
                    assert!(module.try_get().is_none());
                }
            }
            _ => {
                // Counted after it was used and no longer counted before it was let go: never more than there
                // are.
                if let Some(in_use) = module.try_get() {
                    users.fetch_add(1, SeqCst);
                    users.fetch_sub(1, SeqCst);
                    drop(in_use);
                }
            }
        });
        assert_eq!(module.users(), 0);
    }
}
