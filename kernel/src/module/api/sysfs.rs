//! Objects of `/sys` (`linux/kobject.h`, `linux/sysfs.h`).

use alloc::string::String;
use alloc::vec;
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

use kcore::dev::Credentials;
use kcore::errno::Errno;

use super::made;
use super::slab::{kfree, kmalloc};
use super::string::text;
use crate::fs::Generated;
use crate::module::call::{self, Memory};

/// `struct kobject`.
#[repr(C)]
pub(in crate::module) struct Object {
    name: [u8; 24],
    parent: *const Object,
}

/// `struct kobj_attribute`.
#[repr(C)]
pub(in crate::module) struct Attribute {
    name: *const c_char,
    mode: u16,
    show: Option<unsafe extern "C" fn(*const Object, *const Attribute, *mut u8) -> isize>,
    store: Option<unsafe extern "C" fn(*const Object, *const Attribute, *const u8, usize) -> isize>,
}

/// `kernel_kobj` of `linux/kobject.h`: no object, but `/sys/kernel`.
const KERNEL: usize = 1;
/// The room that a text has.
const PAGE: usize = 4096;

/// The path of an object.
fn path_of(object: *const Object) -> Option<&'static str> {
    match object.addr() {
        0 => Some("/sys"),
        KERNEL => Some("/sys/kernel"),
        address => call::here().driver.registered(|mine| {
            mine.objects.iter().find(|(known, _)| *known == address).map(|(_, path)| *path)
        }),
    }
}

pub(in crate::module) extern "C" fn kobject_create_and_add(
    name: *const c_char,
    parent: *const Object,
) -> *mut Object {
    let (Ok(called), Some(above)) = (text(name), path_of(parent)) else { return ptr::null_mut() };
    let Ok(path) = made::free_path(above, name) else { return ptr::null_mut() };
    let at = kmalloc(size_of::<Object>(), 0x500).cast::<Object>();
    if at.is_null() || made::add(path, None).is_null() {
        kfree(at.cast());
        return ptr::null_mut();
    }
    let mut object = Object { name: [0; 24], parent };
    let length = called.len().min(object.name.len() - 1);
    object.name[..length].copy_from_slice(&called.as_bytes()[..length]);
    // SAFETY: it is a fresh block that is large enough.
    unsafe { at.write(object) };
    call::here().driver.registered(|mine| mine.objects.push((at.expose_provenance(), path)));
    at
}

/// An object has one user, its maker.
pub(in crate::module) extern "C" fn kobject_put(object: *const Object) {
    let its = call::here().driver.registered(|mine| {
        let at = mine.objects.iter().position(|(known, _)| *known == object.addr())?;
        Some(mine.objects.swap_remove(at))
    });
    if let Some((_, path)) = its {
        made::remove(path);
        kfree(object.cast());
    }
}

/// An attribute of an object, both of which stay as long as its file.
#[derive(Clone, Copy)]
struct Its {
    object: usize,
    attribute: usize,
}

impl Its {
    fn object(self) -> *const Object {
        ptr::with_exposed_provenance(self.object)
    }

    fn attribute<'a>(self) -> &'a Attribute {
        // SAFETY: it is a variable of the driver (I23).
        unsafe { &*ptr::with_exposed_provenance::<Attribute>(self.attribute) }
    }
}

pub(in crate::module) extern "C" fn sysfs_create_file(object: *const Object, at: *const Attribute) -> c_int {
    let its = Its { object: object.expose_provenance(), attribute: at.expose_provenance() };
    let Some(above) = path_of(object) else { return Errno::EINVAL.code() };
    let path = match made::free_path(above, its.attribute().name) {
        Ok(path) => path,
        Err(errno) => return errno.code(),
    };
    let (driver, writer) = (call::here().driver.shared(), call::here().driver.shared());
    let show = move || {
        let show = its.attribute().show.ok_or(Errno::EIO)?;
        let mut page = vec![0u8; PAGE];
        let to = page.as_mut_ptr();
        // SAFETY: it is the driver's, and is given what the header says (I23).
        let call = || unsafe { show(its.object(), its.attribute(), to) };
        let count = call::enter(&driver, Credentials::ROOT, Memory::None, call);
        let count = usize::try_from(count).map_err(|_| Errno::of(count as i64))?;
        page.truncate(count);
        Ok(String::from_utf8_lossy(&page).into_owned())
    };
    let take = move |text: &str| {
        let store = its.attribute().store.ok_or(Errno::EIO)?;
        let line = alloc::format!("{text}\n\0");
        // SAFETY: as above.
        let call = || unsafe { store(its.object(), its.attribute(), line.as_ptr(), text.len() + 1) };
        let count = call::enter(&writer, Credentials::ROOT, Memory::None, call);
        if count < 0 { Err(Errno::of(count as i64)) } else { Ok(()) }
    };
    let file = Generated::new(show).writable(take).with_mode(its.attribute().mode & 0o777);
    if made::add(path, Some(file)).is_null() { Errno::ENOMEM.code() } else { 0 }
}

pub(in crate::module) extern "C" fn sysfs_remove_file(object: *const Object, at: *const Attribute) {
    // SAFETY: it is a variable of the driver (I23).
    let name = unsafe { (*at).name };
    if let Some(above) = path_of(object) {
        made::remove_below(above, name);
    }
}

/// `struct attribute_group`.
#[repr(C)]
pub(in crate::module) struct Group {
    name: *const c_char,
    attributes: *const *const Attribute,
}

pub(in crate::module) unsafe extern "C" fn sysfs_create_group(
    object: *const Object,
    group: *const Group,
) -> c_int {
    // SAFETY: it is a variable of the driver (I23).
    let attributes = unsafe { (*group).attributes };
    let at = |index: usize| {
        // SAFETY: a null is behind the last (I23).
        unsafe { attributes.wrapping_add(index).read() }
    };
    for index in 0.. {
        if at(index).is_null() {
            break;
        }
        let result = sysfs_create_file(object, at(index));
        if result != 0 {
            (0..index).for_each(|before| sysfs_remove_file(object, at(before)));
            return result;
        }
    }
    0
}

/// What is of no use without its object goes with it.
pub(in crate::module) extern "C" fn sysfs_remove_group(_object: *const Object, _group: *const c_void) {}
