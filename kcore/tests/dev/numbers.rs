//! Majors and minors.

use kcore::dev::{Cdev, DeviceNumber, Module, Registry};
use kcore::errno::Errno;

use crate::driver::{Machine, Sleepy, World};

fn registry() -> Registry<Machine> {
    Registry::new()
}

#[test]
fn majors_are_given_from_above() {
    let registry = registry();
    let majors: Vec<_> = (0..21).map(|_| registry.claim("any", None, 1).unwrap().first.major).collect();
    assert_eq!(majors, (234..=254).rev().collect::<Vec<_>>());
    assert_eq!(registry.claim("one too many", None, 1), Err(Errno::EBUSY));
    assert!(registry.claim("its own", Some(42), 1).is_ok());
}

#[test]
fn a_major_that_was_given_back_is_given_again() {
    let registry = registry();
    let (first, second) = (registry.claim("a", None, 4).unwrap(), registry.claim("b", None, 4).unwrap());
    registry.give_back(&first);
    assert_eq!(registry.regions(), [second]);
    assert_eq!(registry.claim("c", None, 1).unwrap().first.major, 254);
}

#[test]
fn numbers_belong_to_one() {
    let registry = registry();
    let number = |minor| DeviceNumber { major: 250, minor };
    registry.claim("scull", Some(250), 4).unwrap();
    assert_eq!(registry.claim("other", Some(250), 1), Err(Errno::EBUSY));
    assert_eq!(registry.claim_from("scullp", number(3), 4), Err(Errno::EBUSY), "one of four");
    registry.claim_from("scullp", number(4), 4).unwrap();
    registry.claim_from("far", number(1 << 19), 1 << 19).unwrap();
    assert_eq!(registry.claim_from("between", number(7), 1 << 19), Err(Errno::EBUSY));
    let names: Vec<_> = registry.regions().into_iter().map(|region| region.name.to_string()).collect();
    assert_eq!(names, ["scull", "scullp", "far"]);
}

#[test]
fn there_are_no_such_numbers() {
    let registry = registry();
    assert_eq!(registry.claim("none", Some(0), 1), Err(Errno::EINVAL));
    assert_eq!(registry.claim("high", Some(512), 1), Err(Errno::EINVAL));
    assert_eq!(registry.claim("nothing", None, 0), Err(Errno::EINVAL));
    assert_eq!(registry.claim("many", None, (1 << 20) + 1), Err(Errno::EINVAL));
    let last = DeviceNumber { major: 1, minor: u32::MAX };
    assert_eq!(registry.claim_from("around", last, 2), Err(Errno::EINVAL));
    assert!(registry.regions().is_empty());
}

#[test]
fn a_device_needs_a_number_of_its_own() {
    let world = World::new();
    let device = |minor| {
        let number = world.number(minor);
        Cdev::new(number, "x", &world.module, Sleepy::new(&world.tally))
    };
    assert_eq!(world.registry.add(device(4)), Err(Errno::EINVAL), "one past the region");
    let first = device(0);
    assert_eq!(world.registry.add(first.clone()), Ok(()));
    assert_eq!(world.registry.add(device(0)), Err(Errno::EBUSY));
    assert_eq!(world.registry.devices().len(), 1);
    assert_eq!(world.registry.remove(world.number(0)), Ok(()));
    assert_eq!(world.registry.remove(world.number(0)), Err(Errno::ENXIO));
    assert_eq!(world.registry.add(first), Err(Errno::ENODEV), "it is gone for good");
}

#[test]
#[should_panic(expected = "the numbers are given back")]
fn numbers_stay_while_a_device_has_one() {
    let world = World::new();
    world.plug(1);
    world.registry.give_back(&world.region);
}

#[test]
fn a_number_reads_as_ls_shows_it() {
    assert_eq!(DeviceNumber { major: 254, minor: 3 }.to_string(), "254:3");
    assert_eq!(Module::<Machine>::new("scull").name(), "scull");
}
