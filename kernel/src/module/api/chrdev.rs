//! Numbers and devices (`linux/fs.h`, `linux/cdev.h`).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ffi::{c_char, c_int, c_uint, c_void};
use core::ptr;

use kcore::dev::{Cdev, DeviceNumber, Region};
use kcore::errno::Errno;

use super::slab::kmalloc;
use super::string::text;
use crate::dev::registry;
use crate::module::call;
use crate::module::driver::Made;
use crate::module::faults::{self, Failing};
use crate::module::file::{Device, Operations};
use crate::module::finding::finding;

/// `struct cdev`.
#[repr(C)]
pub(in crate::module) struct CDevice {
    name: [u8; 24],
    above: *const c_void,
    owner: *const c_void,
    operations: *const Operations,
    first: u32,
    count: c_uint,
}

/// Minors of a major (Linux: `MINORBITS`).
const MINOR_BITS: u32 = 20;
/// Devices that `register_chrdev` makes.
const OLD: u32 = 256;

pub(super) fn number(dev: u32) -> DeviceNumber {
    DeviceNumber { major: dev >> MINOR_BITS, minor: dev & ((1 << MINOR_BITS) - 1) }
}

/// Claims numbers for the driver that makes the call.
pub(super) fn claim(
    first: Option<DeviceNumber>,
    minor: u32,
    count: u32,
    name: *const c_char,
) -> Result<Region, Errno> {
    let name = text(name)?;
    if faults::fails(Failing::Memory) {
        return Err(Errno::ENOMEM);
    }
    let region = match first {
        Some(first) => registry().claim_from(name, first, count)?,
        None => registry().claim_any(name, minor, count)?,
    };
    call::here().driver.registered(|mine| mine.regions.push(region.clone()));
    Ok(region)
}

pub(in crate::module) extern "C" fn register_chrdev_region(
    first: u32,
    count: c_uint,
    name: *const c_char,
) -> c_int {
    Errno::answer(claim(Some(number(first)), 0, count, name).map(drop))
}

pub(in crate::module) unsafe extern "C" fn alloc_chrdev_region(
    first: *mut u32,
    minor: c_uint,
    count: c_uint,
    name: *const c_char,
) -> c_int {
    Errno::answer(claim(None, minor, count, name).map(|region| {
        // SAFETY: it is a variable of the driver (I23).
        unsafe { first.write(region.first.major << MINOR_BITS | region.first.minor) };
    }))
}

pub(in crate::module) extern "C" fn unregister_chrdev_region(first: u32, count: c_uint) {
    let first = number(first);
    let is_it = |region: &Region| region.first == first && region.count == count;
    let driver = call::here().driver;
    let region = driver.registered(|mine| {
        let at = mine.regions.iter().position(is_it)?;
        Some(mine.regions.remove(at))
    });
    let Some(region) = region else {
        return finding(format_args!(
            "{}: numbers from {first} on are given back, which it does not have",
            driver.name
        ));
    };
    let of_region = |number: &DeviceNumber| {
        number.major == first.major && (first.minor..first.minor + count).contains(&number.minor)
    };
    // A device that is still there is found no more, as its number is not its driver's any longer; to delete it
    // is the driver's business all the same.
    let gone = take_out(|_, number| of_region(&number));
    let cdevs = gone.iter().map(|device| device.cdev).filter(|cdev| *cdev != 0);
    driver.registered(|mine| mine.without_numbers.extend(cdevs));
    registry().give_back(&region);
}

/// Takes devices of the driver that makes the call out of the registry, and tells which. Files that are open stay so.
pub(super) fn take_out(is_one: impl Fn(usize, DeviceNumber) -> bool) -> Vec<Made> {
    let goes = |device: &mut Made| is_one(device.cdev, device.number);
    let gone: Vec<Made> = call::here().driver.registered(|mine| mine.devices.extract_if(.., goes).collect());
    gone.iter().for_each(|device| drop(registry().take_out(device.number)));
    gone
}

pub(in crate::module) unsafe extern "C" fn cdev_init(cdev: *mut CDevice, operations: *const Operations) {
    let new =
        CDevice { name: [0; 24], above: ptr::null(), owner: ptr::null(), operations, first: 0, count: 0 };
    // SAFETY: it is a variable of the driver (I23).
    unsafe { cdev.write(new) };
}

pub(in crate::module) unsafe extern "C" fn cdev_alloc() -> *mut CDevice {
    const FLAGS: c_uint = 0x500;
    kmalloc(size_of::<CDevice>(), FLAGS).cast()
}

pub(in crate::module) unsafe extern "C" fn cdev_add(cdev: *mut CDevice, first: u32, count: c_uint) -> c_int {
    // SAFETY: it is a variable of the driver (I23).
    let it = unsafe { &mut *cdev };
    (it.first, it.count) = (first, count);
    if faults::fails(Failing::Memory) {
        return Errno::ENOMEM.code();
    }
    Errno::answer(add((cdev.cast(), ptr::null_mut()), it.operations, number(first), count))
}

/// Makes devices of the driver that makes the call, all or none: of a `struct cdev`, and what a file of them
/// is given.
pub(super) fn add(
    (cdev, given): (*mut c_void, *mut c_void),
    operations: *const Operations,
    first: DeviceNumber,
    count: u32,
) -> Result<(), Errno> {
    let call = call::here();
    if operations.is_null() {
        return Err(Errno::EINVAL);
    }
    let driver = call.driver.shared();
    for minor in first.minor..first.minor.saturating_add(count) {
        let number = DeviceNumber { minor, ..first };
        let device = Device::new(Arc::clone(&driver), operations, cdev, number).giving(given);
        let device = Arc::new(device);
        let added = registry().add(Cdev::new(number, driver.name.as_str(), &driver.module, device));
        if let Err(errno) = added {
            take_out(|at, number| at == cdev.addr() && number.minor >= first.minor);
            return Err(errno);
        }
        let made = Made { cdev: cdev.addr(), number, operations: operations.addr() };
        driver.registered(|mine| mine.devices.push(made));
    }
    Ok(())
}

pub(in crate::module) extern "C" fn cdev_del(cdev: *mut CDevice) {
    call::here().driver.registered(|mine| mine.without_numbers.retain(|at| *at != cdev.addr()));
    take_out(|at, _| at == cdev.addr());
}

pub(in crate::module) extern "C" fn register_chrdev(
    major: c_uint,
    name: *const c_char,
    operations: *const Operations,
) -> c_int {
    let first = (major != 0).then_some(DeviceNumber { major, minor: 0 });
    let region = match claim(first, 0, OLD, name) {
        Ok(region) => region,
        Err(errno) => return errno.code(),
    };
    if let Err(errno) = add((ptr::null_mut(), ptr::null_mut()), operations, region.first, OLD) {
        unregister_chrdev(region.first.major, name);
        return errno.code();
    }
    if major == 0 { region.first.major as c_int } else { 0 }
}

pub(in crate::module) extern "C" fn unregister_chrdev(major: c_uint, _name: *const c_char) {
    unregister_chrdev_region(major << MINOR_BITS, OLD);
}
