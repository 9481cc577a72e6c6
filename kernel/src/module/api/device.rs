//! Names in `/dev` (`linux/device.h`, `linux/miscdevice.h`).

use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use alloc::string::String;
use kcore::dev::DeviceNumber;
use kcore::errno::Errno;

use super::chrdev::{add, claim, number, take_out, unregister_chrdev_region};
use super::printk::Passed;
use super::slab::{kfree, kmalloc};
use super::string::text;
use crate::arch::variadic::{VaList, variadic};
use crate::fs;
use crate::module::call;
use crate::module::file::Operations;

/// `struct class`.
#[repr(C)]
pub(in crate::module) struct Class {
    name: *const c_char,
    owner: *const c_void,
    node: Option<unsafe extern "C" fn(*const CDevice, *mut u16) -> *mut c_char>,
}

/// `struct device`, as far as it is known here.
#[repr(C)]
pub(in crate::module) struct CDevice {
    name: [u8; 24],
    above: *const c_void,
    driver_data: *mut c_void,
    number: u32,
    class: *const Class,
    parent: *const CDevice,
}

/// `struct miscdevice`.
#[repr(C)]
pub(in crate::module) struct Misc {
    minor: c_int,
    name: *const c_char,
    operations: *const Operations,
    this_device: *mut CDevice,
    parent: *const CDevice,
    node_name: *const c_char,
    mode: u16,
}

/// `GFP_KERNEL | __GFP_ZERO`.
const ZEROS: u32 = 0x500;
/// The mode of a new name, as udev's rules leave it.
const USUAL: u16 = 0o600;
/// The major of miscellaneous devices, and the minor that is any.
const MISC: u32 = 10;
const ANY: c_int = 255;

fn failed<T>(errno: Errno) -> *mut T {
    ptr::without_provenance_mut(errno.code() as isize as usize)
}

variadic! {
    device_create => created;
}

pub(in crate::module) extern "C" fn __class_create(owner: *const c_void, name: *const c_char) -> *mut Class {
    let class = kmalloc(size_of::<Class>(), ZEROS).cast::<Class>();
    if class.is_null() {
        return failed(Errno::ENOMEM);
    }
    // SAFETY: it is a fresh block that is large enough.
    unsafe { class.write(Class { name, owner, node: None }) };
    call::here().driver.registered(|mine| mine.objects.push((class.expose_provenance(), "")));
    class
}

/// Nothing is done where it is no class, or none any more (as in Linux).
pub(in crate::module) extern "C" fn class_destroy(class: *const Class) {
    let is_known = call::here().driver.registered(|mine| {
        let at = mine.objects.iter().position(|(known, _)| *known == class.addr());
        at.map(|at| mine.objects.swap_remove(at)).is_some()
    });
    if is_known {
        kfree(class.cast());
    }
}

unsafe extern "C" fn created(list: &mut VaList) -> *mut CDevice {
    let mut passed = Passed::new(list);
    let (class, parent) = (passed.pointer::<Class>(), passed.pointer::<CDevice>());
    let device_number = passed.pointer::<()>().addr() as u32;
    let driver_data = passed.pointer::<c_void>();
    let name = passed.text_of_form();
    let (name_of, above) = ([0; 24], ptr::null());
    let device = CDevice { name: name_of, above, driver_data, number: device_number, class, parent };
    named(device, &name, USUAL).unwrap_or_else(failed)
}

/// Gives a device a name in `/dev`.
fn named(mut device: CDevice, name: &str, mode: u16) -> Result<*mut CDevice, Errno> {
    let length = name.len().min(device.name.len() - 1);
    device.name[..length].copy_from_slice(&name.as_bytes()[..length]);
    let at = kmalloc(size_of::<CDevice>(), ZEROS).cast::<CDevice>();
    if at.is_null() {
        return Err(Errno::ENOMEM);
    }
    let (its_number, mut mode) = (number(device.number), mode);
    // SAFETY: it is null or a class that the driver has made (I23).
    let node = unsafe { device.class.as_ref() }.and_then(|class| class.node);
    // SAFETY: it is a fresh block that is large enough.
    unsafe { at.write(device) };
    let given = node.map_or(ptr::null_mut(), |node| {
        // SAFETY: it is the driver's, and is given what the header says (I23).
        unsafe { node(at, &raw mut mode) }
    });
    let name = text(given).map_or_else(|_| String::from(name), String::from);
    kfree(given.cast());
    match fs::add_node(&name, its_number, mode) {
        Ok(()) => {
            let node = (name, its_number, at.expose_provenance());
            call::here().driver.registered(|mine| mine.nodes.push(node));
            Ok(at)
        }
        Err(errno) => {
            kfree(at.cast());
            Err(errno)
        }
    }
}

/// Takes the names of a device away.
fn unname(its_number: DeviceNumber) {
    while let Some((name, number, device)) = call::here().driver.registered(|mine| {
        let at = mine.nodes.iter().position(|(_, number, _)| *number == its_number)?;
        Some(mine.nodes.swap_remove(at))
    }) {
        fs::remove_node(&name, number);
        kfree(ptr::with_exposed_provenance(device));
    }
}

pub(in crate::module) extern "C" fn device_destroy(_class: *const Class, device_number: u32) {
    unname(number(device_number));
}

pub(in crate::module) unsafe extern "C" fn misc_register(at: *mut Misc) -> c_int {
    // SAFETY: it is a variable of the driver (I23).
    let misc = unsafe { &mut *at };
    Errno::answer(register(misc, at))
}

fn register(misc: &mut Misc, at: *mut Misc) -> Result<(), Errno> {
    let name = String::from(text(misc.name)?);
    let minors = if misc.minor == ANY { 64..ANY } else { misc.minor..misc.minor + 1 };
    let mut result = Err(Errno::EBUSY);
    for minor in minors {
        let its_number = DeviceNumber { major: MISC, minor: minor as u32 };
        result = claim(Some(its_number), 0, 1, misc.name).map(|_| its_number);
        if result != Err(Errno::EBUSY) {
            break;
        }
    }
    let its_number = result?;
    let device = CDevice {
        name: [0; 24],
        above: ptr::null(),
        driver_data: at.cast(),
        number: its_number.major << 20 | its_number.minor,
        class: ptr::null(),
        parent: misc.parent,
    };
    let name = text(misc.node_name).map_or(name, String::from);
    let mode = if misc.mode == 0 { USUAL } else { misc.mode };
    let added = add((at.cast(), at.cast()), misc.operations, its_number, 1);
    misc.this_device =
        added.and_then(|()| named(device, &name, mode)).inspect_err(|_| deregister(at, its_number))?;
    misc.minor = its_number.minor as c_int;
    Ok(())
}

/// What there is of the device goes.
fn deregister(at: *const Misc, its_number: DeviceNumber) {
    unname(its_number);
    take_out(|cdev, _| cdev == at.addr());
    unregister_chrdev_region(its_number.major << 20 | its_number.minor, 1);
}

pub(in crate::module) unsafe extern "C" fn misc_deregister(at: *mut Misc) {
    // SAFETY: it is a variable of the driver (I23).
    let minor = unsafe { (*at).minor };
    deregister(at, DeviceNumber { major: MISC, minor: minor as u32 });
}
